import { paths } from '../paths.ts';
import type { Texts } from '../texts/kk.ts';
import { Alert } from './alert.tsx';

/** Says that the session only reads, and where to lift that. */
export function RestrictedAlert({ t }: { t: Texts }) {
  return (
    <Alert kind="warning" title={t.prove.restrictedTitle}>
      <p>
        <a href={paths.prove}>{t.prove.restrictedLink}</a>
      </p>
    </Alert>
  );
}

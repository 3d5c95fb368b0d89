import { paths } from '../paths.ts';
import type { Texts } from '../texts/kk.ts';
import { Alert } from './alert.tsx';

/** Says that a step cannot be removed, because the password is too short without it. */
export function PasswordShort({ t }: { t: Texts }) {
  return (
    <Alert kind="danger" title={t.authenticator.passwordShort} announced>
      <p>
        {t.authenticator.passwordShortHelp} <a href={paths.changePassword}>{t.security.change}</a>
      </p>
    </Alert>
  );
}

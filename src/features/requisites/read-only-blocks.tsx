import { paths } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Facts } from '../../ui/facts.tsx';
import type { Language } from '../../values/language.ts';
import { AccountTable } from './accounts-block.tsx';
import { DocumentBlock } from './document-block.tsx';
import { fieldsOf } from './field-block.tsx';
import type { FieldBlock } from './fields/field.ts';
import { showIfPresent } from './fields/fields.ts';
import type { RequisitesView } from './view.ts';

interface ReadOnlyBlocksProps {
  readonly t: Texts;
  readonly language: Language;
  readonly view: RequisitesView;
  readonly who: { readonly name: string; readonly iin: string };
}

/** The four blocks as facts, for a holder who could not save anything that they type. */
export function ReadOnlyBlocks(props: ReadOnlyBlocksProps) {
  const { t, view } = props;
  return (
    <>
      <DocumentBlock {...props} chosen="" error={undefined} />
      <Card id="address-block" heading={t.requisites.address} number={2}>
        <FieldFacts t={t} view={view} block="address" />
      </Card>
      <Card id="phones-block" heading={t.requisites.phones} number={3}>
        <FieldFacts t={t} view={view} block="phones" />
      </Card>
      <Card id="accounts-block" heading={t.requisites.accounts} number={4}>
        <AccountTable t={t} view={view} />
        <FieldFacts t={t} view={view} block="accounts" />
      </Card>
      <ButtonRow>
        <ButtonLink kind="primary" href={paths.services}>
          {t.session.goOn}
        </ButtonLink>
      </ButtonRow>
    </>
  );
}

function FieldFacts({
  t,
  view,
  block,
}: Pick<ReadOnlyBlocksProps, 't' | 'view'> & { readonly block: FieldBlock }) {
  return (
    <Facts
      facts={fieldsOf(block).map(({ name }) => ({
        term: t.requisites[name],
        value: showIfPresent(name, view.stored.values[name]) ?? t.requisites.notSpecified,
      }))}
    />
  );
}

import type { Texts } from '../../texts/kk.ts';
import { Card } from '../../ui/card.tsx';
import { Field } from '../../ui/field.tsx';
import { HelpLink } from '../../ui/help-link.tsx';
import { Table } from '../../ui/table.tsx';
import { displayed } from '../../values/displayed.ts';
import { BlockNotices, type BlockProps, fieldProps, fieldsOf } from './field-block.tsx';
import type { RequisitesView } from './view.ts';

/** Shows the accounts, and the e-mail address to which the fund writes about them. */
export function AccountsBlock({ form, view }: { readonly form: BlockProps; readonly view: RequisitesView }) {
  const { t } = form;
  return (
    <Card id="accounts-block" heading={t.requisites.accounts} number={4}>
      <AccountTable t={t} view={view} />
      {fieldsOf('accounts').map((field) => (
        <Field key={field.name} {...fieldProps(form, field)} />
      ))}
      <BlockNotices t={t} block="accounts" />
      <HelpLink t={t} topic="email" />
    </Card>
  );
}

/** Shows the open accounts that the fund returned. */
export function AccountTable({ t, view: { person } }: { t: Texts; view: RequisitesView }) {
  if (!person) return <p>{t.requisites.fundDown}</p>;
  if (person.accounts.length === 0) return <p>{t.requisites.accountsNone}</p>;
  return (
    <Table
      caption={t.requisites.accountsLead}
      columns={[t.requisites.accountName, t.requisites.accountNumber, t.requisites.accountNotification]}
      rows={person.accounts.map(({ kind, number, notification }) => [
        <>
          {t.accountKinds[kind]} <span class="description">{t.accountKindNames[kind]}</span>
        </>,
        displayed(number),
        notification === null ? t.requisites.notSpecified : t.notifications[notification],
      ])}
    />
  );
}

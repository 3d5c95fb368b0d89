import { paths } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Form } from '../../ui/form.tsx';
import { maskOnFile } from '../contact-change/contact.ts';
import type { ContactChannel } from '../reachability/store.ts';
import type { Requisites } from './fields/fields.ts';

export interface StillRightProps {
  readonly t: Texts;
  readonly csrf: string;
  /** The revision of what is shown. */
  readonly revision: number;
  readonly values: Requisites;
  readonly marks: readonly ContactChannel[];
}

/** One question with what is on file, masked, and what did not arrive. Nothing waits for it. */
export function StillRight({ t, csrf, revision, values, marks }: StillRightProps) {
  const { address, mobilePhone, email } = values;
  const facts: readonly (readonly [term: string, value: string | undefined])[] = [
    [t.requisites.mobilePhone, maskOnFile('mobile', mobilePhone)],
    [t.requisites.email, maskOnFile('email', email)],
    [t.requisites.address, address === null ? undefined : maskAddress(address)],
  ];
  return (
    <Alert kind={marks.length > 0 ? 'warning' : 'info'} title={t.stillRight.title}>
      {marks.map((channel) => (
        <p key={channel}>{t.stillRight.marks[channel]}</p>
      ))}
      <Facts facts={facts.map(([term, value]) => ({ term, value: value ?? t.requisites.notSpecified }))} />
      <Form
        id="still-right"
        action={paths.confirmContacts}
        csrf={csrf}
        hidden={{ revision: String(revision) }}
      >
        <ButtonRow>
          <Button kind="secondary">{t.stillRight.yes}</Button>
          <ButtonLink href={paths.requisites}>{t.stillRight.change}</ButtonLink>
        </ButtonRow>
      </Form>
    </Alert>
  );
}

/** The beginning of an address, as a rule the region or the city. */
function maskAddress(address: string): string {
  const [beginning = ''] = address.split(',');
  return `${beginning.slice(0, 40)}, …`;
}

import type { ComponentChildren } from 'preact';
import type { Texts } from '../texts/kk.ts';
import { Alert, type AlertProps } from './alert.tsx';
import { ButtonRow } from './buttons.tsx';

export interface PasskeyAskProps {
  t: Texts;
  csrf: string;
  /** The address to which the answer is sent. */
  action: string;
  /** The address that gives what the browser needs to ask. */
  challenge: string;
  /** The label of the button. */
  label: string;
  /** Whether passkeys work on this address, and else where they do. */
  where: { offered: true; origin: string } | { offered: false; address: string | undefined };
  /** The id of the form that is confirmed, if it is one. */
  formId?: string | undefined;
  /** A new passkey is made. */
  creates?: boolean | undefined;
  /** The page has another way that comes first. */
  secondary?: boolean | undefined;
  /** Begins at once, because the person has just asked for it on another page. */
  begins?: boolean | undefined;
  /** Fields that are sent along. */
  children?: ComponentChildren;
}

type State = keyof Texts['passkey']['states'];

const kinds: Readonly<Record<State, AlertProps['kind']>> = {
  waiting: 'info',
  sending: 'info',
  cancelled: 'info',
  unsupported: 'warning',
  already: 'info',
  failed: 'danger',
  offline: 'danger',
};

/**
 * Asks for a passkey: a button, every state with its text, and the form with the answer.
 * `client/passkey.ts` switches between them, and removes the sentence that a page without it shows.
 */
export function PasskeyAsk(props: PasskeyAskProps) {
  const { t, csrf, action, challenge, label, where, formId, creates, secondary, begins, children } = props;
  if (!where.offered) return <Elsewhere t={t} address={where.address} />;
  const states = Object.entries(kinds) as [State, AlertProps['kind']][];
  return (
    <div
      id="passkey"
      class="stack"
      data-challenge={challenge}
      data-origin={where.origin}
      data-creates={creates ? '' : undefined}
      data-begins={begins ? '' : undefined}
    >
      <div class="until-script">
        <Alert kind="warning">
          <p>{t.passkey.noScript}</p>
        </Alert>
      </div>
      <div role="status">
        {states.map(([state, kind]) => (
          <div key={state} data-state={state} hidden>
            <Alert kind={kind} title={t.passkey.states[state].title}>
              <p>{t.passkey.states[state].text}</p>
            </Alert>
          </div>
        ))}
        <div data-state="elsewhere" hidden>
          <Elsewhere t={t} address={where.origin} />
        </div>
      </div>
      <form id="passkey-form" method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        {formId !== undefined && <input type="hidden" name="formId" value={formId} />}
        <input type="hidden" name="answer" value="" />
        {children}
        <ButtonRow>
          <button
            type="button"
            class="ds-button"
            data-variant={secondary ? 'secondary' : undefined}
            id="passkey-start"
            hidden
          >
            {label}
          </button>
          <button type="button" class="ds-button" data-variant="secondary" id="passkey-cancel" hidden>
            {t.eds.cancel}
          </button>
        </ButtonRow>
      </form>
    </div>
  );
}

/** Says that passkeys do not work on an address of digits, and where they do. */
function Elsewhere({ t, address }: { t: Texts; address: string | undefined }) {
  return (
    <Alert kind="info" title={t.passkey.elsewhere}>
      {address === undefined ? (
        <p>{t.passkey.otherWays}</p>
      ) : (
        <p>
          {t.passkey.rightAddress} <a href={address}>{address}</a>
        </p>
      )}
    </Alert>
  );
}

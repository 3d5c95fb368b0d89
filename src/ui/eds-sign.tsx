import type { Texts } from '../texts/kk.ts';
import { Alert, type AlertProps } from './alert.tsx';
import { ButtonRow } from './buttons.tsx';

export interface EdsSignProps {
  t: Texts;
  language: string;
  csrf: string;
  /** The address to which the signature is sent. */
  action: string;
  /** The address that gives the bytes to sign. */
  challenge: string;
  /**
   * The id of the form that is signed. It is sent along, so that a second post finds what the first
   * one did.
   */
  formId?: string | undefined;
  /** The label of the button. */
  label: string;
  /**
   * A signature that could not be checked. The form contains it, so that it can be sent once more.
   */
  again?: { readonly id: string; readonly signature: string } | undefined;
  /** The page has another way that comes first. */
  secondary?: boolean | undefined;
  /** Begins at once, because the person has just asked for it on another page. */
  begins?: boolean | undefined;
}

type State = keyof Texts['eds']['states'];

const kinds: Readonly<Record<State, AlertProps['kind']>> = {
  connecting: 'info',
  waiting: 'info',
  sending: 'info',
  notRunning: 'warning',
  permission: 'warning',
  denied: 'warning',
  cancelled: 'info',
  timeout: 'warning',
  broken: 'danger',
  gone: 'warning',
  tooOld: 'warning',
  failed: 'danger',
  phone: 'info',
  offline: 'danger',
};

/** States in which the person may need NCALayer, or another version of it. */
const withProgram: readonly State[] = ['notRunning', 'permission', 'broken', 'gone', 'tooOld'];

/** The authority's own page, with a guide and the program (from the memo). */
const ncalayer = 'https://pki.gov.kz/ncalayer/';
/** The address on which NCALayer listens, opened as a page. */
const ownAddress = 'https://127.0.0.1:13579/';

/**
 * Signs by NCALayer: a button, every state with its text, and the form with the signature.
 * `client/eds.ts` switches between them, and removes the sentence that a page without it shows.
 */
export function EdsSign(props: EdsSignProps) {
  const {
    t,
    language,
    csrf,
    action,
    challenge,
    formId,
    label,
    again,
    begins = false,
    secondary = false,
  } = props;
  const states = Object.entries(kinds) as [State, AlertProps['kind']][];
  return (
    <div
      id="eds-sign"
      class="stack"
      data-challenge={challenge}
      data-locale={language}
      data-begins={begins ? '' : undefined}
    >
      <div class="until-script">
        <Alert kind="warning">
          <p>{t.eds.noScript}</p>
        </Alert>
      </div>
      <div role="status">
        {states.map(([state, kind]) => (
          <div key={state} data-state={state} hidden>
            <Alert kind={kind} title={t.eds.states[state].title}>
              <p>{t.eds.states[state].text}</p>
              {(state === 'notRunning' || state === 'permission') && <Trust t={t} />}
              {withProgram.includes(state) && (
                <p>
                  <a href={ncalayer} target="_blank" rel="noreferrer">
                    {t.eds.install}
                  </a>
                </p>
              )}
            </Alert>
          </div>
        ))}
      </div>
      <form id="eds-form" method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        {formId !== undefined && <input type="hidden" name="formId" value={formId} />}
        <input type="hidden" name="id" value={again?.id ?? ''} />
        <input type="hidden" name="signature" value={again?.signature ?? ''} />
        <ButtonRow>
          {again && (
            <button type="submit" class="ds-button" id="eds-again">
              {t.eds.again}
            </button>
          )}
          <button
            type="button"
            class="ds-button"
            data-variant={again || secondary ? 'secondary' : undefined}
            id="eds-start"
            hidden
          >
            {label}
          </button>
          <button type="button" class="ds-button" data-variant="secondary" id="eds-cancel" hidden>
            {t.eds.cancel}
          </button>
        </ButtonRow>
      </form>
    </div>
  );
}

/**
 * Help for the other cause of "not running", which the browser cannot tell apart: how to find out,
 * and how to fix it.
 */
function Trust({ t }: { t: Texts }) {
  const { title, check, warning, system, firefox } = t.eds.trust;
  return (
    <>
      <p>
        <strong>{title}</strong>
      </p>
      <ul>
        <li>
          {check}{' '}
          <a href={ownAddress} target="_blank" rel="noreferrer">
            {ownAddress}
          </a>{' '}
          {warning}
        </li>
        <li>{system}</li>
        <li>{firefox}</li>
      </ul>
    </>
  );
}

/** How to sign, in the memo's words. */
export function EdsHelp({ t }: { t: Texts }) {
  return (
    <details>
      <summary>{t.eds.helpTitle}</summary>
      <p>{t.eds.helpFile}</p>
      <p>{t.eds.helpOld}</p>
      <p>
        <a href={ncalayer} target="_blank" rel="noreferrer">
          {t.eds.install}
        </a>
      </p>
    </details>
  );
}

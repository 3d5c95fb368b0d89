import type { Texts } from '../texts/kk.ts';
import { Alert, type AlertProps } from './alert.tsx';
import { ButtonRow } from './buttons.tsx';

export interface EdsSignProps {
  t: Texts;
  language: string;
  csrf: string;
  /** Where the signature goes. */
  action: string;
  /** Where the bytes to sign come from. */
  challenge: string;
  /**
   * The form that is signed for; sent along, so that a second post finds what the first one did.
   */
  formId?: string | undefined;
  /** On the button. */
  label: string;
  /**
   * A signature that came when nothing could be found out about it: the form carries it, to be sent
   * once more.
   */
  again?: { readonly id: string; readonly signature: string } | undefined;
  /** Begins at once: the person has just asked for it on another page. */
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

/** States in which the person may need the program, or another version of it. */
const withProgram: readonly State[] = ['notRunning', 'permission', 'broken', 'gone', 'tooOld'];

/** A guide and the program itself: the authority's own page (the memo). */
const ncalayer = 'https://pki.gov.kz/ncalayer/';
/** Where NCALayer listens, as a page. */
const ownAddress = 'https://127.0.0.1:13579/';

/**
 * Signs by NCALayer: a button, every state with its words, and the form that carries the signature.
 * `client/eds.ts` moves them; without a script there is only the sentence that says so.
 */
export function EdsSign(props: EdsSignProps) {
  const { t, language, csrf, action, challenge, formId, label, again, begins = false } = props;
  const states = Object.entries(kinds) as [State, AlertProps['kind']][];
  return (
    <div
      id="eds-sign"
      class="stack"
      data-challenge={challenge}
      data-locale={language}
      data-begins={begins ? '' : undefined}
    >
      <div class="without-script">
        <Alert kind="warning">
          <p>{t.eds.needsScript}</p>
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
          <button type="button" class="ds-button" data-variant={again && 'secondary'} id="eds-start" hidden>
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
 * The other cause of "not running", which the browser does not tell from it: how to find out, and
 * how to mend it.
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

/** How signing goes, in the memo's words. */
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

import type { KnownPersonDeps } from '../../fund/known-person.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { WayIn } from '../../platform/session.ts';
import type { Iin } from '../../values/iin.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import type { PasskeyAsked } from '../passkeys/challenge.ts';
import { checkAssertion, type PasskeyDeps } from '../passkeys/check-assertion.ts';
import type { PasskeyReason } from '../passkeys/reasons.ts';
import { hasPasskey } from '../passkeys/store.ts';
import { findHolder } from './holder-status.ts';
import {
  CabinetLocked,
  formerSession,
  type OpenedSession,
  openSession,
  type SessionOpening,
  type SignInBrowser,
} from './open-session.ts';
import { lockForOpening } from './session-store.ts';
import type { SessionSettings } from './settings.ts';

export interface PasskeySignInDeps extends PasskeyDeps, KnownPersonDeps {
  readonly database: Database;
  readonly sessionSettings: SessionSettings;
}

/** The answer of a passkey, sent by a browser. */
export interface PasskeySignInAttempt extends SignInBrowser {
  /** WebAuthn's JSON. */
  readonly answer: string;
  /** What the challenge must have been given out for. Undefined when the browser sent no cookie. */
  readonly asked: PasskeyAsked | undefined;
}

/** Why a passkey does not open the cabinet. */
export type PasskeyRefusal =
  | PasskeyReason
  | 'locked'
  | 'unknownPerson'
  | 'notActive'
  | 'statusUnknown'
  | 'fundDown';

/**
 * Signs in by a passkey alone, which says who its holder is. The fund must know them and allow them
 * in. A passkey cannot be guessed, so failures are not counted.
 */
export async function signInByPasskey(
  deps: PasskeySignInDeps,
  attempt: PasskeySignInAttempt,
): Promise<Result<OpenedSession, PasskeyRefusal>> {
  const { answer, asked, requestId } = attempt;
  if (asked === undefined) return refused('challengeOver');
  const checked = await checkAssertion(deps, { answer, asked, requestId });
  if (!checked.ok) return checked;
  const { holderId, iin, credentialId } = checked.value;
  const person = await findHolder(deps, iin as Iin, requestId);
  if (person === 'unavailable') return refused('fundDown');
  if (!person) return refused('unknownPerson');
  if (person.status === 'other') return refused('statusUnknown');
  if (person.status !== 'active') return refused('notActive');
  const opening = { holderId, way: byPasskey, person, forget: [] };
  try {
    const opened = await openPasskeySession(deps, opening, credentialId, attempt);
    return opened ? accepted(opened) : refused('unknownKey');
  } catch (error) {
    if (error instanceof CabinetLocked) return refused('locked');
    throw error;
  }
}

const byPasskey: WayIn = { method: 'passkey', step: null, restricted: null };

/**
 * Opens a session for the holder of a passkey. Returns undefined when the passkey was removed since
 * its answer was checked.
 * @throws CabinetLocked
 *
 * @internal The test of locks runs this transaction against the others.
 */
export function openPasskeySession(
  { database, sessionSettings }: Pick<PasskeySignInDeps, 'database' | 'sessionSettings'>,
  opening: SessionOpening,
  credentialId: Buffer,
  browser: SignInBrowser,
): Promise<OpenedSession | undefined> {
  return database.transaction(async (transaction) => {
    await lockForOpening(transaction, opening, formerSession(browser));
    return (await hasPasskey(transaction, opening.holderId, credentialId))
      ? openSession(transaction, opening, browser, sessionSettings)
      : undefined;
  });
}

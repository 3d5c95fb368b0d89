import { randomInt } from 'node:crypto';
import { randomToken, tokenHash } from '../../platform/keys.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import type { Language } from '../../values/language.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { deviceName, networkName } from '../sign-in/session-names.ts';
import type { AskedOfPhone } from './attempt.ts';
import { createAttemptId } from './attempt-secrets.ts';
import { insertAttempt } from './attempt-store.ts';

/** A browser that wants to sign in with a phone. */
export interface StartingBrowser {
  /** The secret of its cookie of a former attempt, if it has one. */
  readonly formerToken: string | undefined;
  readonly userAgent: string;
  /** The network of its address, as `networkOf` writes it. */
  readonly network: string;
  readonly language: Language;
  /** Where to go afterwards. */
  readonly target: string | undefined;
  readonly asked: AskedOfPhone;
}

/**
 * Starts an attempt, which takes the place of the browser's former one.
 * @returns the secret for the browser's cookie
 */
export async function startAttempt(
  database: Queryable,
  { formerToken, userAgent, network, language, target, asked }: StartingBrowser,
): Promise<Result<string, 'limited' | 'full'>> {
  const token = randomToken();
  const outcome = await insertAttempt(database, {
    attemptId: createAttemptId(),
    browser: tokenHash(token),
    former: formerToken === undefined ? undefined : tokenHash(formerToken),
    language,
    device: deviceName(userAgent),
    network: networkName(network),
    digits: randomInt(10, 100),
    target,
    asked,
  });
  return outcome === 'started' ? accepted(token) : refused(outcome);
}

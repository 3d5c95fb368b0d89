import type { Keys } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { lockInSession } from '../../platform/postgres/locks.ts';
import type { Actor } from '../../platform/session.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { notACode, readCode } from '../codes/typed-code.ts';
import { refuseUnderMaintenance } from '../operations/maintenance-store.ts';
import { concludeFactorChange } from '../second-step/factor-change.ts';
import { giveUpStrongStep } from '../second-step/last-strong-step.ts';
import { openAppSecret, sealAppSecret } from './sealed-secret.ts';
import {
  deleteAuthenticator,
  deleteSetup,
  findAuthenticator,
  findSetup,
  insertSetup,
  type SetupOwner,
  writeAuthenticator,
} from './store.ts';
import { createAppSecret, stepOfCode } from './totp.ts';

export interface AuthenticatorDeps {
  readonly database: Database;
  readonly keys: Keys;
}

/** The app of a holder, and the secret of one that is being added. */
export interface AuthenticatorStanding {
  readonly isSetUp: boolean;
  /** In base32. Undefined when none is being added. */
  readonly secret: string | undefined;
}

/** Reads whether a holder has an app, and whether another is being added in this session. */
export async function readAuthenticator(
  { database, keys }: AuthenticatorDeps,
  actor: SetupOwner,
): Promise<AuthenticatorStanding> {
  const { holderId } = actor;
  const current = await findAuthenticator(database, holderId);
  const setup = await findSetup(database, actor);
  return { isSetUp: current !== undefined, secret: setup && openAppSecret(keys, holderId, setup.secret) };
}

/** Begins to add an app. It is no step until a code has confirmed it. */
export function beginSetup({ database, keys }: AuthenticatorDeps, actor: Actor): Promise<void> {
  const { holderId } = actor;
  const { secret } = sealAppSecret(keys, holderId, createAppSecret());
  return database.transaction(async (transaction) => {
    await lockInSession(transaction, actor);
    await refuseUnderMaintenance(transaction);
    await insertSetup(transaction, actor, secret);
  });
}

/** Why an app was not added. `setupOver`: its time is over, so it must be begun anew. */
export type SetupReason = 'codeEmpty' | 'codeNotSixDigits' | 'codeWrong' | 'setupOver';

/**
 * Adds the app whose code was typed, in place of the one before. The code is used up.
 * @param byEds whether a signature by EDS has just proved the holder
 */
export async function confirmSetup(
  { database, keys }: AuthenticatorDeps,
  actor: Actor,
  typed: string,
  byEds: boolean,
): Promise<Result<undefined, SetupReason>> {
  const { holderId } = actor;
  const [code] = readCode(typed, 'digits');
  if (code === undefined) return refused(notACode.digits);
  return database.transaction(async (transaction): Promise<Result<undefined, SetupReason>> => {
    await lockInSession(transaction, actor);
    await refuseUnderMaintenance(transaction);
    const setup = await findSetup(transaction, actor);
    if (!setup) return refused('setupOver');
    const secret = openAppSecret(keys, holderId, setup.secret);
    const step = stepOfCode(secret, code, setup.seconds);
    if (step === undefined) return refused('codeWrong');
    const replaces = (await findAuthenticator(transaction, holderId)) !== undefined;
    await writeAuthenticator(transaction, holderId, {
      ...sealAppSecret(keys, holderId, secret),
      step,
      byEds,
    });
    await deleteSetup(transaction, holderId);
    await concludeFactorChange(transaction, actor, {
      notice: 'factor-added',
      event: replaces ? 'authenticator-replaced' : 'authenticator-added',
    });
    return accepted(undefined);
  });
}

/**
 * Removes the app of a holder. Where it was the last strong step, its backup codes end too.
 * @returns false when the password must become longer first
 */
export function removeAuthenticator(
  { database }: Pick<AuthenticatorDeps, 'database'>,
  actor: Actor,
): Promise<boolean> {
  const { holderId } = actor;
  return database.transaction(async (transaction) => {
    await lockInSession(transaction, actor);
    await refuseUnderMaintenance(transaction);
    if (!(await findAuthenticator(transaction, holderId))) return true;
    if (!(await giveUpStrongStep(transaction, holderId))) return false;
    await deleteAuthenticator(transaction, holderId);
    await deleteSetup(transaction, holderId);
    await concludeFactorChange(transaction, actor, {
      notice: 'factor-removed',
      event: 'authenticator-removed',
    });
    return true;
  });
}

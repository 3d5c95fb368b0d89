import { randomToken, tokenHash } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import type { NextStep, StepStanding } from '../second-step/standing.ts';
import { insertPendingStep } from '../second-step/store.ts';
import { type StepDeps, sendStepCode } from '../second-step/try-step.ts';
import { forgetFailures } from './failure-store.ts';
import { refuseLocked } from './open-session.ts';
import type { SignInAttempt } from './sign-in.ts';

/** A holder whose password was right, and the steps that are asked for. */
interface StepBeginning {
  readonly holderId: string;
  readonly standing: StepStanding;
  readonly next: Extract<NextStep, { kind: 'ask' }>;
  /** Keys of failure counts to forget. */
  readonly forget: readonly Buffer[];
}

/**
 * Begins the second step of a sign-in. It opens nothing: the secret that is returned is good for
 * the step alone. A code by SMS is sent at once where nothing else is asked for.
 * @throws CabinetLocked
 */
export async function beginStep(
  deps: StepDeps,
  { holderId, standing, next, forget }: StepBeginning,
  { language }: Pick<SignInAttempt, 'language'>,
): Promise<string> {
  const token = randomToken();
  const stepId = await writeStep(deps.database, { holderId, hash: tokenHash(token), forget });
  if (next.steps[0] === 'sms' && standing.mobile !== null) {
    await sendStepCode(deps, { holderId, stepId }, standing.mobile, language);
  }
  return token;
}

/**
 * Writes the beginning.
 * @throws CabinetLocked
 *
 * @internal The test of locks runs this transaction against the others.
 */
export function writeStep(
  database: Database,
  {
    holderId,
    hash,
    forget,
  }: { readonly holderId: string; readonly hash: Buffer; readonly forget: readonly Buffer[] },
): Promise<string> {
  return database.transaction(async (transaction) => {
    await lockHolder(transaction, holderId);
    await refuseLocked(transaction, holderId);
    const { stepId } = await insertPendingStep(transaction, holderId, hash);
    await forgetFailures(transaction, forget);
    return stepId;
  });
}

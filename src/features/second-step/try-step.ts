import type { Keys } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import type { Language } from '../../values/language.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { consumeAppCode } from '../authenticator/consume.ts';
import { consumeBackupCode } from '../backup-codes/consume.ts';
import { type CodeReason, consumeCode } from '../codes/consume.ts';
import { issueCode } from '../codes/issue.ts';
import { sendingQuotas } from '../codes/quotas.ts';
import type { CodeSettings } from '../codes/settings.ts';
import { latestCode } from '../codes/store.ts';
import { type CodeFormReason, notACode, readCode } from '../codes/typed-code.ts';
import { enqueueMessages, notifyHolder } from '../notices/store.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import { countPasswordAttempt, forgetFailures } from '../sign-in/failure-store.ts';
import { waitMinutes } from '../sign-in/failures.ts';
import type { SignInSettings } from '../sign-in/settings.ts';
import type { AskedStep, CodeStep } from './standing.ts';
import { recordWrongStep } from './store.ts';

export interface StepDeps {
  readonly database: Database;
  readonly keys: Keys;
  readonly hasher: PasswordHasher;
  readonly codeSettings: CodeSettings;
  readonly signInSettings: SignInSettings;
}

/** Whose step it is, and where it is taken. */
export interface StepTaker {
  readonly holderId: string;
  /** The sign-in that waits for the step. Null for a fresh proof in a session. */
  readonly stepId: string | null;
  /** The mark of a browser in which this holder has signed in before. */
  readonly knownDevice: Buffer | undefined;
  readonly requestId: string;
}

const purpose = 'sign-in-step';

/** Sends a code to the mobile on file. A valid code is sent again unchanged. */
export async function sendStepCode(
  { database, keys, codeSettings }: StepDeps,
  { holderId, stepId }: Pick<StepTaker, 'holderId' | 'stepId'>,
  mobile: string,
  language: Language,
): Promise<Result<undefined, 'codeLimit'>> {
  const spent = sendingQuotas(keys, codeSettings, {
    // Counted apart, so that whoever knows the password cannot use up the codes of a change.
    person: `${holderId} step`,
    value: mobile,
    sender: 'holder',
  });
  const issued = await issueCode({ database, codeSettings }, spent, {
    holderId,
    purpose,
    channel: 'mobile',
    destination: mobile,
    changeId: stepId,
  });
  if (!issued.ok) return issued;
  const { codeId } = issued.value;
  await enqueueMessages(database, holderId, [
    { channel: 'mobile', to: mobile, language, kind: 'code', purpose, codeId },
  ]);
  return accepted(undefined);
}

/** `codeUsed`: the app's code is right, and was used before. */
export type StepReason = CodeReason | CodeFormReason | 'codeEmpty' | 'codeUsed' | 'stepLimited' | 'stepBusy';

/** What was typed, by the forms that a code may have. */
interface TypedStep {
  /** A code of the app, or one by SMS. */
  readonly digits: string | undefined;
  /** The readings of a backup code. */
  readonly paper: readonly string[];
}

/**
 * Compares what was typed with the steps that are asked for, and uses up the code that fits. Every
 * try is counted before anything is compared. A device in which the holder has signed in before has
 * a count of its own, so that somebody with the password cannot keep the holder out.
 * @returns the step that was taken. The `detail` of `stepLimited` is the wait in minutes.
 */
export async function tryStep(
  deps: StepDeps,
  taker: StepTaker,
  steps: readonly AskedStep[],
  typed: string,
): Promise<Result<CodeStep, StepReason>> {
  const { database, signInSettings } = deps;
  const canBePaper = steps.includes('backup-code');
  const read: TypedStep = {
    digits: readCode(typed, 'digits')[0],
    paper: canBePaper ? readCode(typed, 'paper') : [],
  };
  if (read.digits === undefined && read.paper.length === 0)
    return refused(notACode[canBePaper ? 'paper' : 'digits']);
  if (read.paper.length > 0 && deps.hasher.saturated) return refused('stepBusy');
  const key = countKey(deps, taker);
  const counted = await countPasswordAttempt(database, {
    key,
    free: signInSettings.freeFailures,
    maxMinutes: signInSettings.maxDelayMinutes,
  });
  if (!counted.allowed) return refused('stepLimited', String(waitMinutes(counted.waitSeconds)));
  const taken = await compare(deps, taker, steps, read);
  if (!taken.ok) {
    await recordWrong(database, taker);
    return taken;
  }
  await forgetFailures(database, [key]);
  return taken;
}

/**
 * Records a wrong step, and notifies the holder of many: somebody may know the password.
 *
 * @internal The test of locks runs this transaction against the others.
 */
export function recordWrong(
  database: Database,
  { holderId, requestId }: Pick<StepTaker, 'holderId' | 'requestId'>,
): Promise<void> {
  return database.transaction(async (transaction) => {
    // So that parallel tries are counted one after another.
    await lockHolder(transaction, holderId);
    if (await recordWrongStep(transaction, holderId, requestId))
      await notifyHolder(transaction, holderId, 'step-failures');
  });
}

/** What tries are counted by: the device, the holder's sign-ins, or the holder's sessions. */
function countKey({ keys }: StepDeps, { holderId, stepId, knownDevice }: StepTaker): Buffer {
  const where = stepId === null ? 'session' : (knownDevice?.toString('hex') ?? 'anywhere');
  return keys.sign('second step', `${holderId} ${where}`);
}

async function compare(
  deps: StepDeps,
  taker: StepTaker,
  steps: readonly AskedStep[],
  { digits, paper }: TypedStep,
): Promise<Result<CodeStep, StepReason>> {
  const outcome =
    digits !== undefined && steps.includes('authenticator')
      ? await consumeAppCode(deps, taker.holderId, digits)
      : 'wrong';
  if (outcome === 'right') return accepted('authenticator');
  if (paper.length > 0 && (await consumeBackupCode(deps, taker, paper))) return accepted('backup-code');
  if (outcome === 'used') return refused('codeUsed');
  return digits !== undefined && steps.includes('sms')
    ? compareSms(deps, taker, steps, digits)
    : refused('codeWrong');
}

async function compareSms(
  deps: StepDeps,
  { holderId, stepId }: StepTaker,
  steps: readonly AskedStep[],
  digits: string,
): Promise<Result<CodeStep, StepReason>> {
  const codeId = await latestCode(deps.database, holderId, purpose, stepId);
  // Beside another step, nobody may have asked for a code by SMS.
  if (codeId === undefined) return refused(steps.length > 1 ? 'codeWrong' : 'codeOver');
  const checked = await consumeCode(deps, { codeId, holderId }, [digits]);
  return checked.ok ? accepted('sms') : checked;
}

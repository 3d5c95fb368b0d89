import { accepted, type Result, refused } from '../../values/result.ts';
import { quotaWait, takeQuotas } from '../codes/quota-store.ts';
import { deviceQuota, requestQuota } from '../codes/quotas.ts';
import { knowsDevice } from '../sign-in/device-store.ts';
import { waitMinutes } from '../sign-in/failures.ts';
import type { AccountRequestDeps, TypedRequest } from './account-request.ts';
import { checkWork } from './work.ts';

/** Who is asking, as far as it is known without looking up the person named. */
export interface Requester {
  readonly network: string;
  /** The hashes of the marks that the browser sent (`sign-in/device-marks.ts`). */
  readonly marks?: readonly Buffer[] | undefined;
  /** The secret of the browser's cookie before sign-in. */
  readonly browser?: string | undefined;
  /** The answer to a challenge (`work.ts`). */
  readonly proof?: string | undefined;
}

/**
 * Why a code is neither sent nor compared now. The detail of the refusal is the wait in minutes.
 */
export type AdmissionReason = 'stopped' | 'limited';

/**
 * Whether this visitor may ask for a code now. Two kinds of visitor may always: a device with which
 * the person named has signed in before, and a visitor who did the work. All others wait or sign in
 * by EDS while codes are being guessed, and once their network has asked too often.
 */
export async function admitRequest(
  deps: AccountRequestDeps,
  typed: TypedRequest,
  requester: Requester,
): Promise<Result<undefined, AdmissionReason>> {
  const { database, keys, codeSettings, attackSwitch } = deps;
  if (attackSwitch.open) return admitExempt(deps, typed, requester, refused('stopped', attackSwitch.minutes));
  const network = requestQuota(keys, codeSettings, requester.network);
  if (await takeQuotas(database, [network])) return accepted(undefined);
  const seconds = await quotaWait(database, [network]);
  return admitExempt(deps, typed, requester, refused('limited', String(waitMinutes(seconds))));
}

/** Whether this visitor may have a code compared now. */
export async function admitAttempt(
  deps: AccountRequestDeps,
  typed: TypedRequest,
  requester: Requester,
): Promise<Result<undefined, 'stopped'>> {
  const { attackSwitch } = deps;
  return attackSwitch.open
    ? admitExempt(deps, typed, requester, refused('stopped', attackSwitch.minutes))
    : accepted(undefined);
}

async function admitExempt<Reason extends AdmissionReason>(
  deps: AccountRequestDeps,
  typed: TypedRequest,
  { marks = [], browser, proof }: Requester,
  refusal: Result<undefined, Reason>,
): Promise<Result<undefined, Reason>> {
  const { database, keys, codeSettings } = deps;
  if (marks.length > 0 && (await knowsDevice(database, typed.iin, marks))) {
    const own = deviceQuota(keys, codeSettings, typed.iin);
    if (await takeQuotas(database, [own])) return accepted(undefined);
  }
  if (proof !== undefined && browser !== undefined && (await checkWork(deps, { typed, browser }, proof))) {
    return accepted(undefined);
  }
  return refusal;
}

import { accepted, type Result, refused } from '../../values/result.ts';
import { quotaWait, takeQuotas } from '../codes/quota-store.ts';
import { deviceQuota, requestQuota } from '../codes/quotas.ts';
import type { AccountRequestDeps, TypedRequest } from './account-request.ts';
import { checkWork } from './work.ts';

/** Who asks, as far as it can be told without a look at the person named. */
export interface Requester {
  readonly network: string;
  /** The hashes of the marks that the browser shows (`sign-in/device-marks.ts`). */
  readonly marks?: readonly Buffer[] | undefined;
  /** The secret of the browser's cookie before sign-in. */
  readonly browser?: string | undefined;
  /** The answer to a challenge (`work.ts`). */
  readonly proof?: string | undefined;
}

/** Why a code is neither sent nor compared just now; the detail of the refusal is the wait in minutes. */
export type AdmissionReason = 'stopped' | 'limited';

/**
 * Whether this visitor may ask for a code now. While codes are being guessed, and once a network has asked too often, a device that
 * the person named has signed in with goes on, and so does whoever did the work. Everybody else waits, or signs in by EDS.
 */
export async function admitAsking(
  parts: AccountRequestDeps,
  asked: TypedRequest,
  asker: Requester,
): Promise<Result<undefined, AdmissionReason>> {
  const { tables, keys, rules, attackSwitch } = parts;
  if (attackSwitch.open) return admitBeside(parts, asked, asker, refused('stopped', attackSwitch.minutes));
  const network = requestQuota(keys, rules, asker.network);
  if (await takeQuotas(tables.database, [network])) return accepted(undefined);
  const seconds = await quotaWait(tables.database, network.key);
  return admitBeside(parts, asked, asker, refused('limited', String(Math.max(1, Math.ceil(seconds / 60)))));
}

/** Whether this visitor may have a code compared now. */
export async function admitTrying(
  parts: AccountRequestDeps,
  asked: TypedRequest,
  asker: Requester,
): Promise<Result<undefined, 'stopped'>> {
  const { attackSwitch } = parts;
  return attackSwitch.open
    ? admitBeside(parts, asked, asker, refused('stopped', attackSwitch.minutes))
    : accepted(undefined);
}

async function admitBeside<Reason extends AdmissionReason>(
  parts: AccountRequestDeps,
  asked: TypedRequest,
  { marks = [], browser, proof }: Requester,
  refusal: Result<undefined, Reason>,
): Promise<Result<undefined, Reason>> {
  const { tables, keys, rules } = parts;
  if (marks.length > 0 && (await tables.requests.knowsDevice(asked.iin, marks))) {
    const own = deviceQuota(keys, rules, asked.iin);
    if (await takeQuotas(tables.database, [own])) return accepted(undefined);
  }
  if (proof !== undefined && browser !== undefined && (await checkWork(parts, { asked, browser }, proof))) {
    return accepted(undefined);
  }
  return refusal;
}

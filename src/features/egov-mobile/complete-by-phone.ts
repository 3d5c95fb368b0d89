import { sameBytes } from '../../platform/keys.ts';
import { type Actor, SessionGone } from '../../platform/session.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { completeChange } from '../contact-change/complete.ts';
import type { ContactChangeDeps } from '../contact-change/deps.ts';
import { changeMark } from '../contact-change/pending-change.ts';
import { findPendingChange } from '../contact-change/store.ts';
import type { EdsReason } from '../eds/reasons.ts';
import type { ViewDeps } from '../requisites/view.ts';
import { viewRequisites } from '../requisites/view.ts';
import type { PhoneAttempt } from './attempt.ts';
import { finishChangeCheck } from './attempt-store.ts';
import { findSignedChange } from './signer-store.ts';
import type { Signed } from './take-signature.ts';

export interface CompleteByPhoneDeps extends ContactChangeDeps, ViewDeps {
  /** Called when a change waits for the fund. */
  readonly onSaved: () => void;
  /** Called when messages wait in the outbox. */
  readonly onQueued: () => void;
}

/**
 * Makes the change that its holder has signed on the phone, if it is still the one whose text was
 * signed, and the session that asked has not ended.
 */
export async function completeByPhone(
  deps: CompleteByPhoneDeps,
  { attemptId, signerId, askedIn, changeId, changeMark: mark, language }: PhoneAttempt,
  { iin, evidence }: Signed,
  requestId: string,
): Promise<Result<undefined, EdsReason | 'changeOver'>> {
  if (signerId === null || !askedIn || !mark) throw new Error('an attempt for a change without a change');
  const actor: Actor = { holderId: signerId, iin, requestId, language, sessionHash: askedIn };
  // A judgement that was interrupted after the change was made.
  const made = await findSignedChange(deps.database, signerId, Buffer.from(evidence.content));
  if (made !== undefined) {
    await finishChangeCheck(deps.database, attemptId, { holderId: signerId, number: made });
    return accepted(undefined);
  }
  const pending = await findPendingChange(deps.database, signerId, deps.contactSettings.proofMinutes);
  if (pending?.changeId !== changeId || !sameBytes(changeMark(pending), mark)) return refused('changeOver');
  // Changes made at a branch in the meantime are taken over first. Otherwise this change would
  // overwrite them unseen.
  if (!(await viewRequisites(deps, actor))) return refused('notActive');
  try {
    const outcome = await completeChange(deps, actor, pending, evidence);
    if (outcome.kind !== 'saved') return refused('changeOver');
    await finishChangeCheck(deps.database, attemptId, { holderId: signerId, number: outcome.number });
  } catch (error) {
    if (error instanceof SessionGone) return refused('changeOver');
    throw error;
  }
  deps.onSaved();
  deps.onQueued();
  return accepted(undefined);
}

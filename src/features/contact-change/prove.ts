import { lockHolder } from '../../platform/postgres/locks.ts';
import type { Actor } from '../../platform/session.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { maxTries } from '../codes/code.ts';
import { type CodeReason, consumeCode } from '../codes/consume.ts';
import { issueCode } from '../codes/issue.ts';
import { sendingQuotas } from '../codes/quotas.ts';
import { endCodes, latestCode, latestCodes, type SentCode } from '../codes/store.ts';
import { type CodeFormReason, notACode, readCode } from '../codes/typed-code.ts';
import { enqueueMessages } from '../notices/store.ts';
import { checkAssertion, type SentAssertion } from '../passkeys/check-assertion.ts';
import type { PasskeyReason } from '../passkeys/reasons.ts';
import type { ContactChangeDeps } from './deps.ts';
import {
  type ContactProof,
  contactProofs,
  type NeededProofs,
  type PendingChange,
  proofPurposes,
} from './pending-change.ts';
import type { ContactOnFile } from './standing.ts';
import { deletePendingChange, proveByCode, proveByPasskeyInstead, writeVia } from './store.ts';

/** Sends the code of a proof. A valid code is sent again unchanged. */
export async function sendProofCode(
  { database, keys, codeSettings }: ContactChangeDeps,
  { holderId, language }: Actor,
  { changeId }: PendingChange,
  proof: ContactProof,
  needed: NeededProofs,
): Promise<Result<undefined, 'codeLimit'>> {
  const target = needed[proof];
  if (!target) return accepted(undefined);
  const { channel, value } = target;
  const spent = sendingQuotas(keys, codeSettings, {
    // The two codes of one change are counted separately, which lets a change be completed within
    // the limits.
    person: `${holderId} ${proof}`,
    value,
    sender: proof === 'current' ? 'holder' : 'holder-new-value',
  });
  const purpose = proofPurposes[proof];
  const issued = await issueCode({ database, codeSettings }, spent, {
    holderId,
    purpose,
    channel,
    destination: value,
    changeId,
  });
  if (!issued.ok) return issued;
  const { codeId } = issued.value;
  await enqueueMessages(database, holderId, [
    { channel, to: value, language, kind: 'code', purpose, codeId },
  ]);
  return accepted(undefined);
}

/**
 * Sends the code to the chosen channel on file. The choice is stored only if the code could be
 * sent.
 */
export async function chooseVia(
  deps: ContactChangeDeps,
  actor: Actor,
  pending: PendingChange,
  needed: NeededProofs,
  chosen: ContactOnFile,
): Promise<Result<undefined, 'codeLimit'>> {
  const sent = await sendProofCode(deps, actor, pending, 'current', { ...needed, current: chosen });
  if (sent.ok) await writeVia(deps.database, actor.holderId, pending.changeId, chosen.channel);
  return sent;
}

/** The last code that was sent for each proof. */
export async function proofsAsked(
  { database }: Pick<ContactChangeDeps, 'database'>,
  holderId: string,
  { changeId }: PendingChange,
): Promise<ReadonlyMap<ContactProof, SentCode>> {
  const sent = await latestCodes(database, holderId, changeId, maxTries);
  return new Map(
    contactProofs.flatMap((proof) => {
      const code = sent.find(({ purpose }) => purpose === proofPurposes[proof]);
      return code ? [[proof, code]] : [];
    }),
  );
}

/**
 * Compares a typed code with the last one sent for this proof of this change, and stores the proof.
 */
export async function proveContact(
  deps: ContactChangeDeps,
  { holderId }: Actor,
  { changeId }: PendingChange,
  proof: ContactProof,
  typed: string,
): Promise<Result<undefined, CodeReason | CodeFormReason>> {
  const { database } = deps;
  const meanings = readCode(typed, 'digits');
  if (meanings.length === 0) return refused(notACode.digits);
  const codeId = await latestCode(database, holderId, proofPurposes[proof], changeId);
  if (codeId === undefined) return refused('codeOver');
  const checked = await consumeCode(deps, { codeId, holderId }, meanings, (id) =>
    proveByCode(database, holderId, changeId, proof, id),
  );
  return checked.ok ? accepted(undefined) : refused(checked.reason);
}

/**
 * Verifies a passkey of the holder, which stands for the code to a contact on file. `tooYoung`: it
 * was added without EDS, and the waiting time is not over.
 */
export async function agreeByPasskey(
  deps: ContactChangeDeps,
  { holderId, requestId }: Actor,
  { changeId }: PendingChange,
  sent: Pick<SentAssertion, 'answer' | 'asked'>,
): Promise<Result<undefined, PasskeyReason | 'tooYoung'>> {
  const checked = await checkAssertion(deps, { ...sent, holderId, requestId });
  if (!checked.ok) return checked;
  const { credentialId } = checked.value;
  const { waitHours } = deps.contactSettings;
  const isTaken = await proveByPasskeyInstead(deps.database, holderId, changeId, { credentialId, waitHours });
  return isTaken ? accepted(undefined) : refused('tooYoung');
}

/** Deletes the pending change of a holder, and ends its codes. */
export function cancelChange(
  { database }: Pick<ContactChangeDeps, 'database'>,
  holderId: string,
): Promise<void> {
  return database.transaction(async (transaction) => {
    await lockHolder(transaction, holderId);
    await endCodes(transaction, holderId, Object.values(proofPurposes));
    await deletePendingChange(transaction, holderId);
  });
}

import { randomName } from '../../platform/keys.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import type { Actor } from '../../platform/session.ts';
import { type SaveOutcome, savedBefore, writeChange } from '../changes/store.ts';
import { endCodes } from '../codes/store.ts';
import { liftFreeze } from '../disavowal/store.ts';
import { type Evidence, keepEvidence } from '../eds/store.ts';
import { recordEvent } from '../history/event-store.ts';
import { lockForChange } from '../requisites/store.ts';
import { endSessions } from '../sign-in/session-store.ts';
import { newContact, touchedChannels } from './contact.ts';
import { notifyChanged } from './contact-notices.ts';
import type { ContactChangeDeps } from './deps.ts';
import { isProvedByCodes, type PendingChange, proofPurposes } from './pending-change.ts';
import { formerRecipients, moveRecoveryContact, restOtherChannel, setChannelWait } from './recovery-store.ts';
import { refuseContact } from './standing.ts';
import {
  countOthersWithMobile,
  deletePendingChange,
  findPendingChange,
  lockMobile,
  readStanding,
} from './store.ts';

export type CompleteOutcome =
  | SaveOutcome
  /** A proof is missing or too old, or the change is no longer pending. */
  | { readonly kind: 'proof-gone' }
  /** Something has come up since the change was proposed. The form says what. */
  | { readonly kind: 'refused' };

/**
 * Completes a pending change that was proved by codes, with or without a passkey, or by the given
 * signature, for which the waiting times are shorter. Everything is checked again under the lock,
 * because proofs expire and a change may be cancelled, stopped or overtaken.
 */
export function completeChange(
  { database, contactSettings }: Pick<ContactChangeDeps, 'database' | 'contactSettings'>,
  actor: Actor,
  pending: PendingChange,
  evidence?: Evidence,
): Promise<CompleteOutcome> {
  const { holderId, requestId, sessionHash } = actor;
  const { entries } = pending;
  const channels = touchedChannels(entries);
  const number = randomName(12);
  const waitHours = evidence ? contactSettings.edsWaitHours : contactSettings.waitHours;
  return database.transaction(async (transaction): Promise<CompleteOutcome> => {
    const current = await lockForChange(transaction, actor);

    const earlier = await savedBefore(transaction, holderId, pending.formId, pending.formHash);
    if (earlier) return earlier;

    const still = await findPendingChange(transaction, holderId, contactSettings.proofMinutes);
    if (still?.changeId !== pending.changeId) return { kind: 'proof-gone' };
    if (!evidence && !isProvedByCodes(still)) return { kind: 'proof-gone' };

    if (current.revision !== pending.revision) return { kind: 'conflict', stored: current };

    if (!evidence) {
      const standing = await readStanding(transaction, holderId, waitHours);
      if (refuseContact(standing, channels)) return { kind: 'refused' };
    }
    const mobile = newContact(entries, 'mobile');
    if (
      mobile !== null &&
      !(await takeMobile(transaction, holderId, mobile, contactSettings.personsPerMobile))
    )
      return { kind: 'refused' };

    const before = await formerRecipients(transaction, holderId, current.values);
    const proof = evidence ? 'eds' : still.byPasskey ? 'passkey' : 'codes';
    await writeChange(transaction, { ...pending, ...actor, number, proof });
    if (evidence) {
      await keepEvidence(transaction, actor, evidence, number);
      await liftFreeze(transaction, { holderId, kind: 'unfrozen-by-eds', requestId });
    }
    for (const channel of channels) {
      await moveRecoveryContact(transaction, holderId, channel, waitHours);
      // A channel that was signed for may also confirm other changes, after the shorter waiting
      // time.
      if (evidence) await setChannelWait(transaction, holderId, channel, waitHours);
      else await restOtherChannel(transaction, holderId, channel);
    }

    await endCodes(transaction, holderId, Object.values(proofPurposes));
    await deletePendingChange(transaction, holderId);
    // A signed change of the postal address does not affect access to the account, so the sessions
    // continue.
    if (channels.length > 0) await endSessions(transaction, holderId, 'contact-changed', sessionHash);

    for (const channel of channels) {
      await recordEvent(transaction, {
        holderId,
        kind: 'contact-changed',
        detail: { about: channel },
        requestId,
      });
      await notifyChanged(transaction, actor, channel, before, newContact(entries, channel));
    }
    return { kind: 'saved', number };
  });
}

/**
 * Takes one of the places of a mobile number, which only a limited number of people may have.
 * Returns false when none is left. The lock is held until the transaction ends, so two people
 * cannot take the last place.
 */
async function takeMobile(
  transaction: Queryable,
  holderId: string,
  mobile: string,
  places: number,
): Promise<boolean> {
  await lockMobile(transaction, mobile);
  return (await countOthersWithMobile(transaction, holderId, mobile)) < places;
}

import type { Actor } from '../../platform/session.ts';
import type { ChangeEntry } from '../changes/change.ts';
import { takeQuotas } from '../codes/quota-store.ts';
import { noticeQuotas } from '../codes/quotas.ts';
import { endCodes } from '../codes/store.ts';
import { recordEvent } from '../history/event-store.ts';
import { raiseAlert } from '../operations/alert-store.ts';
import { lockForChange } from '../requisites/store.ts';
import { newContact, touchedChannels } from './contact.ts';
import { notifyRecipients } from './contact-notices.ts';
import type { ContactChangeDeps } from './deps.ts';
import { neededProofs, type PendingChange, type ProposedChange, proofPurposes } from './pending-change.ts';
import { sendProofCode } from './prove.ts';
import { formerRecipients } from './recovery-store.ts';
import { countOthersWithMobile, isProposed, readStanding, writePendingChange } from './store.ts';

/**
 * Stores a change that waits for its proofs, notifies the channels on file, and sends the codes
 * that need no further choice.
 */
export async function proposeChange(
  deps: ContactChangeDeps,
  actor: Actor,
  change: ProposedChange,
  byEds = false,
): Promise<void> {
  const pending = await proposeOnce(deps, actor, change, byEds);
  if (!pending) return;
  const { database, contactSettings } = deps;
  const standing = await readStanding(database, actor.holderId, contactSettings.waitHours);
  const needed = neededProofs(contactSettings, pending, standing);
  // Without a channel on file to confirm with, the change cannot be completed here, so no code is
  // sent.
  if (needed.choices.length === 0) return;
  if (needed.new) await sendProofCode(deps, actor, pending, 'new', needed);
  if (needed.current) await sendProofCode(deps, actor, pending, 'current', needed);
}

/**
 * Replaces the holder's pending change and notifies the channels on file, as far as the quota of
 * notices allows. When this same form is pending already, returns undefined and does nothing.
 *
 * @internal The test of locks runs this transaction against the others.
 */
export async function proposeOnce(
  { database, keys, contactSettings, codeSettings }: ContactChangeDeps,
  actor: Actor,
  change: ProposedChange,
  byEds: boolean,
): Promise<PendingChange | undefined> {
  const { holderId, requestId } = actor;
  const touched = touchedChannels(change.entries);
  const [about] = touched;
  if (about === undefined && !byEds) throw new Error('a change of no channel needs no proof');
  return database.transaction(async (transaction) => {
    const current = await lockForChange(transaction, actor);
    // Two posts of one form propose one change. Its codes have been sent already, and a second set
    // would end them.
    if (await isProposed(transaction, holderId, change)) return undefined;
    await endCodes(transaction, holderId, Object.values(proofPurposes));
    const pending = await writePendingChange(transaction, holderId, change, {
      byEds,
      minutes: contactSettings.pendingMinutes,
    });
    for (const channel of touched) {
      await recordEvent(transaction, {
        holderId,
        kind: 'contact-proposed',
        detail: { about: channel },
        requestId,
      });
    }
    if (await takeQuotas(transaction, noticeQuotas(keys, codeSettings, holderId))) {
      const reached = await formerRecipients(transaction, holderId, current.values);
      if (about !== undefined) await notifyRecipients(transaction, actor, 'contact-proposed', about, reached);
    }
    return pending;
  });
}

/** True when as many people as allowed have this new mobile already. Raises the alert. */
export async function isMobileOfMany(
  { database, contactSettings }: ContactChangeDeps,
  holderId: string,
  entries: readonly ChangeEntry[],
): Promise<boolean> {
  const mobile = newContact(entries, 'mobile');
  if (mobile === null) return false;
  const isOfMany =
    (await countOthersWithMobile(database, holderId, mobile)) >= contactSettings.personsPerMobile;
  if (isOfMany) await raiseAlert(database, 'mobile-of-many', { holderId });
  return isOfMany;
}

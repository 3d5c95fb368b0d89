import { createHash } from 'node:crypto';
import type { IdentityDocument } from '../../fund/port.ts';
import type { StoredAddress } from '../addresses/addresses.ts';
import type { ChangeEntry } from '../changes/change.ts';
import type { Channel } from '../notices/channel.ts';
import { newContact, touchedChannels } from './contact.ts';
import {
  type ConfirmingRules,
  type ContactOnFile,
  type ContactStanding,
  confirmingChannels,
} from './standing.ts';

/** What a form proposes. */
export interface ProposedChange {
  readonly formId: string;
  readonly formHash: Buffer;
  readonly revision: number;
  readonly document: IdentityDocument | null;
  readonly entries: readonly ChangeEntry[];
  readonly addressSource: StoredAddress | null;
}

/**
 * A change that waits for its proofs: of the mobile or e-mail, with everything else that its form
 * changed.
 */
export interface PendingChange extends ProposedChange {
  readonly changeId: string;
  /** The channel on file that was chosen for the confirmation. */
  readonly via: Channel | null;
  /** Whether each proof is valid. One older than its time limit is not. */
  readonly currentProved: boolean;
  /** A passkey stood for the contact on file. */
  readonly byPasskey: boolean;
  readonly newProved: boolean;
  /** A proof was given and has expired. */
  readonly lapsed: boolean;
  /** Proposed to be signed. Codes cannot complete it. */
  readonly byEds: boolean;
}

/**
 * What a code proves: that the holder has the new value, or that the owner of a channel on file
 * agrees.
 */
export type ContactProof = 'new' | 'current';

export const contactProofs = ['new', 'current'] as const satisfies readonly ContactProof[];

/** The buttons that send one of the codes again. `resend` alone sends all that are missing. */
export const resendActions = { new: 'resend-new', current: 'resend-current' } as const;

/** The purpose of the code for each proof. */
export const proofPurposes = { new: 'prove-new', current: 'confirm-current' } as const;

/** What has to be proved, and where each code is sent. */
export interface NeededProofs {
  /** Undefined when the channel is removed, because there is nothing new to prove. */
  readonly new: { readonly channel: Channel; readonly value: string } | undefined;
  readonly current: ContactOnFile | undefined;
  /** The channels on file that may confirm. */
  readonly choices: readonly ContactOnFile[];
}

/** The proofs that a pending change needs: the new value, and one channel on file. */
export function neededProofs(
  rules: ConfirmingRules,
  pending: PendingChange,
  standing: ContactStanding,
): NeededProofs {
  const [about] = touchedChannels(pending.entries);
  const value = about === undefined ? null : newContact(pending.entries, about);
  const choices = pending.byEds ? [] : confirmingChannels(rules, standing);
  const only = choices.length === 1 ? choices[0] : undefined;
  return {
    new: about === undefined || value === null ? undefined : { channel: about, value },
    current: choices.find(({ channel }) => channel === pending.via) ?? only,
    choices,
  };
}

/** Whether a proof is valid. */
export function isGiven(pending: PendingChange, proof: ContactProof): boolean {
  return proof === 'new' ? pending.newProved : pending.currentProved;
}

/** The proofs that are still missing and whose code can be sent somewhere. */
export function openProofs(pending: PendingChange, needed: NeededProofs): ContactProof[] {
  return contactProofs.filter((proof) => needed[proof] && !isGiven(pending, proof));
}

/** True when nothing is left to prove. */
export function isProved(pending: PendingChange, needed: NeededProofs): boolean {
  return (
    needed.choices.length > 0 && pending.currentProved && (pending.newProved || needed.new === undefined)
  );
}

/**
 * True when codes have proved everything that the change needs, or a passkey in place of the one to
 * a contact on file, according to its row.
 */
export function isProvedByCodes(pending: PendingChange): boolean {
  const hasNewValue = touchedChannels(pending.entries).some(
    (channel) => newContact(pending.entries, channel) !== null,
  );
  return !pending.byEds && pending.currentProved && (pending.newProved || !hasNewValue);
}

/** A mark of everything that the text of a change says, so that the text cannot outlive it. */
export function changeMark({ changeId, document, entries, revision }: PendingChange): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([changeId, document, entries, revision]))
    .digest();
}

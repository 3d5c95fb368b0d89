import { type Keys, randomName } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { parseEmail } from '../../values/email.ts';
import { parsePhone } from '../../values/phone.ts';
import { accepted, type Refusal, type Result, refused } from '../../values/result.ts';
import type { ChangeEntry } from '../changes/change.ts';
import { type CodeReason, consumeCode } from '../codes/consume.ts';
import { issueCode } from '../codes/issue.ts';
import { type CodeRules, noticeQuotas, sendingQuotas } from '../codes/quotas.ts';
import { latestCode } from '../codes/store.ts';
import { type CodeFormReason, notACode, readCode } from '../codes/typed-code.ts';
import type { Evidence } from '../eds/store.ts';
import { type Channel, channels } from '../notices/channel.ts';
import { enqueueMessages } from '../notices/store.ts';
import { raiseAlert } from '../operations/alert-store.ts';
import { channelFields } from '../requisites/fields/fields.ts';
import type {
  CompleteOutcome,
  ContactActor,
  ContactOnFile,
  ContactStanding,
  ContactStore,
  PendingChange,
  ProofKind,
  ProposedChange,
} from './ports.ts';

export interface ContactChangeDeps {
  readonly contacts: ContactStore;
  readonly database: Database;
  readonly keys: Keys;
  readonly contactRules: CodeRules & {
    readonly mobilePrefixes: readonly string[];
    /** How long a channel must stand, and how long the other one rests after a change; hours. */
    readonly contactWaitHours: number;
    /** How long a channel that was signed for waits before it restores a password; hours. */
    readonly edsContactWaitHours: number;
    /** Proofs are not older than this when the change is made; minutes. */
    readonly proofMinutes: number;
    /** A pending change is forgotten after so long; minutes. */
    readonly pendingMinutes: number;
    /** So many people may have one mobile: more, and somebody collects accounts. */
    readonly personsPerMobile: number;
  };
}

/** Why mobile or e-mail cannot be changed now; keys of the texts. `detail` is a moment, ISO 8601, where there is one. */
export type ContactReason = 'contactOneAtATime' | 'contactWait' | 'contactAfterRecovery' | 'contactFrozen';

const edsReasons: readonly string[] = [
  'contactOneAtATime',
  'contactWait',
  'contactAfterRecovery',
  'contactFrozen',
] satisfies ContactReason[];

/** Whether a signature of the holder would overcome this refusal. */
export function overcomesByEds({ reason }: { readonly reason: string }): boolean {
  return edsReasons.includes(reason);
}

/** The channels that a change touches. */
export function touchedChannels(entries: readonly ChangeEntry[]): Channel[] {
  return channels.filter((channel) => entries.some(({ field }) => field === channelFields[channel]));
}

/** The new value of a channel; null when it is removed. */
export function newContact(entries: readonly ChangeEntry[], channel: Channel): string | null {
  return entries.find(({ field }) => field === channelFields[channel])?.new ?? null;
}

/** Says why these channels cannot be changed now without EDS, before any code is sent. */
export function refuseContact(
  standing: ContactStanding,
  channels: readonly Channel[],
): { readonly channel: Channel; readonly refusal: Refusal<ContactReason> } | undefined {
  const [channel, other] = channels;
  if (channel === undefined) return undefined;
  if (standing.frozen) return { channel, refusal: refused('contactFrozen') };
  if (standing.recovered) {
    return { channel, refusal: refused('contactAfterRecovery', standing.recovered.until.toISOString()) };
  }
  if (other !== undefined) return { channel: other, refusal: refused('contactOneAtATime') };
  if (standing.changed && standing.changed.channel !== channel) {
    return { channel, refusal: refused('contactWait', standing.changed.until.toISOString()) };
  }
  return undefined;
}

/**
 * The channels on file that may confirm: they have stood long enough, and a code can be sent to them. Values that came
 * from the fund in another shape are given as today's rules write them.
 */
function confirmingChannels(parts: ContactChangeDeps, standing: ContactStanding): ContactOnFile[] {
  const { mobilePrefixes } = parts.contactRules;
  return standing.onFile.flatMap((contact) => {
    const parsed =
      contact.channel === 'email'
        ? parseEmail(contact.value)
        : parsePhone(contact.value, 'mobile', mobilePrefixes);
    return contact.stood && parsed.ok ? [{ ...contact, value: parsed.value }] : [];
  });
}

/** True when a new mobile is already that of as many people as may have one; raises the alert. */
export async function isMobileOfMany(
  parts: ContactChangeDeps,
  holderId: string,
  entries: readonly ChangeEntry[],
): Promise<boolean> {
  const mobile = newContact(entries, 'mobile');
  if (mobile === null) return false;
  const many = (await parts.contacts.othersWith(holderId, mobile)) >= parts.contactRules.personsPerMobile;
  if (many) await raiseAlert(parts.database, 'mobile-of-many', { holderId });
  return many;
}

/** What still has to be proved, and where its code goes. */
export interface NeededProofs {
  /** Undefined when the channel is removed: there is nothing new to prove. */
  readonly new: { readonly channel: Channel; readonly value: string } | undefined;
  readonly current: ContactOnFile | undefined;
  readonly choices: readonly ContactOnFile[];
}

/** Works out the proofs of a pending change: the new value, and one channel on file. */
export function neededProofs(
  parts: ContactChangeDeps,
  pending: PendingChange,
  standing: ContactStanding,
): NeededProofs {
  const [about] = touchedChannels(pending.entries);
  const value = about === undefined ? null : newContact(pending.entries, about);
  const choices = pending.byEds ? [] : confirmingChannels(parts, standing);
  const only = choices.length === 1 ? choices[0] : undefined;
  return {
    new: about === undefined || value === null ? undefined : { channel: about, value },
    current: choices.find(({ channel }) => channel === pending.via) ?? only,
    choices,
  };
}

/** Stores the pending change, tells the channels on file, and sends the codes that need no further choice. */
export async function proposeChange(
  parts: ContactChangeDeps,
  actor: ContactActor,
  change: ProposedChange,
  byEds = false,
): Promise<void> {
  const about = touchedChannels(change.entries)[0];
  if (about === undefined && !byEds) throw new Error('a change of no channel needs no proof');
  const { keys, contactRules } = parts;
  const pending = await parts.contacts.propose(actor, change, about, {
    minutes: contactRules.pendingMinutes,
    telling: noticeQuotas(keys, contactRules, actor.holderId),
    byEds,
  });
  if (!pending) return;
  const standing = await parts.contacts.standing(actor.holderId, parts.contactRules.contactWaitHours);
  const needed = neededProofs(parts, pending, standing);
  // Without a channel on file to confirm with, the change cannot be finished here: no code is sent for nothing.
  if (needed.choices.length === 0) return;
  if (needed.new) await sendCode(parts, actor, pending, 'new', needed);
  if (needed.current) await sendCode(parts, actor, pending, 'current', needed);
}

/** Sends the code of a proof; a live one is sent again as it is. */
export async function sendCode(
  parts: ContactChangeDeps,
  actor: ContactActor,
  pending: PendingChange,
  proof: ProofKind,
  needed: NeededProofs,
): Promise<Result<undefined, 'codeLimit'>> {
  const target = proof === 'new' ? needed.new : needed.current;
  if (!target) return accepted(undefined);
  const spent = sendingQuotas(parts.keys, parts.contactRules, {
    // The two codes of one change count apart, so that a change can be finished within the limits.
    person: `${actor.holderId} ${proof}`,
    value: target.value,
    sender: proof === 'current' ? 'holder' : 'holder-new-value',
  });
  const issued = await issueCode({ database: parts.database, times: parts.contactRules }, spent, {
    holderId: actor.holderId,
    purpose: purposes[proof],
    channel: target.channel,
    destination: target.value,
    changeId: pending.changeId,
  });
  if (!issued.ok) return issued;
  const { purpose, codeId } = issued.value;
  await enqueueMessages(parts.database, actor.holderId, [
    { channel: target.channel, to: target.value, language: actor.language, kind: 'code', purpose, codeId },
  ]);
  return accepted(undefined);
}

/** Which of the proofs a code was sent for. */
export async function proofsAsked(
  parts: ContactChangeDeps,
  holderId: string,
  { changeId }: PendingChange,
): Promise<ReadonlySet<ProofKind>> {
  const asked = new Set<ProofKind>();
  for (const proof of ['new', 'current'] as const) {
    if (await latestCode(parts.database, holderId, purposes[proof], changeId)) asked.add(proof);
  }
  return asked;
}

/** Whether a proof stands. */
export function isGiven(pending: PendingChange, proof: ProofKind): boolean {
  return proof === 'new' ? pending.newProved : pending.currentProved;
}

/** Compares a typed code with the last one sent for this proof of this change, and notes the proof. */
export async function prove(
  parts: ContactChangeDeps,
  actor: ContactActor,
  pending: PendingChange,
  proof: ProofKind,
  typed: string,
): Promise<Result<undefined, CodeReason | CodeFormReason>> {
  const { holderId } = actor;
  const meanings = readCode(typed, 'digits');
  if (meanings.length === 0) return refused(notACode.digits);
  const codeId = await latestCode(parts.database, holderId, purposes[proof], pending.changeId);
  if (codeId === undefined) return refused('codeOver');
  const checked = await consumeCode(parts, { codeId, holderId }, meanings, (id) =>
    parts.contacts.proveWith(holderId, pending.changeId, proof, id),
  );
  return checked.ok ? accepted(undefined) : refused(checked.reason);
}

/** True when nothing is left to prove. */
export function isProved(pending: PendingChange, needed: NeededProofs): boolean {
  return (
    needed.choices.length > 0 && pending.currentProved && (pending.newProved || needed.new === undefined)
  );
}

/** Makes the change: proved by codes, or by the signature given, whose waits are the shorter ones. */
export function completeChange(
  parts: ContactChangeDeps,
  actor: ContactActor,
  pending: PendingChange,
  evidence?: Evidence,
): Promise<CompleteOutcome> {
  const { contactWaitHours, edsContactWaitHours, proofMinutes, personsPerMobile } = parts.contactRules;
  return parts.contacts.complete(actor, pending, {
    number: randomName(12),
    channels: touchedChannels(pending.entries),
    proofMinutes,
    personsPerMobile,
    ...(evidence === undefined
      ? { proof: 'codes', waitHours: contactWaitHours }
      : { proof: 'eds', waitHours: edsContactWaitHours, evidence }),
  });
}

/** `+7 (701) ***-**-67`, `a***@example.kz`: enough for its owner. Only ever shown to the signed-in holder. */
export function maskContact({ channel, value }: { channel: Channel; value: string }): string {
  if (channel === 'mobile') return `+7 (${value.slice(2, 5)}) ***-**-${value.slice(-2)}`;
  const at = value.lastIndexOf('@');
  return `${value.slice(0, 1)}***${value.slice(at)}`;
}

const purposes = { new: 'prove-new', current: 'confirm-current' } as const;

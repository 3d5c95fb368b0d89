import { parseEmail } from '../../values/email.ts';
import { parsePhone } from '../../values/phone.ts';
import { type Refusal, refused } from '../../values/result.ts';
import type { Channel } from '../notices/channel.ts';

/** A channel on file, and whether it has been there long enough to confirm a change. */
export interface ContactOnFile {
  readonly channel: Channel;
  readonly value: string;
  readonly stood: boolean;
}

/** The facts that decide about a change of mobile or e-mail, by the database's clock. */
export interface ContactStanding {
  readonly onFile: readonly ContactOnFile[];
  /**
   * The channel that was changed within the waiting time without EDS. The other one must wait until
   * then.
   */
  readonly changed: { readonly channel: Channel; readonly until: Date } | undefined;
  /** The password was restored within the waiting time. Nothing may change until then. */
  readonly recovered: { readonly at: Date; readonly until: Date } | undefined;
  readonly frozen: boolean;
}

const edsReasons = ['contactOneAtATime', 'contactWait', 'contactAfterRecovery', 'contactFrozen'] as const;

/**
 * Why mobile or e-mail cannot be changed now, as keys of the texts. `detail` is a moment in ISO
 * 8601, if there is one.
 */
export type ContactReason = (typeof edsReasons)[number];

/** Whether a signature of the holder would remove this obstacle. */
export function overcomesByEds({ reason }: { readonly reason: string }): boolean {
  return (edsReasons as readonly string[]).includes(reason);
}

/** Checks, before any code is sent, whether these channels can be changed now without EDS. */
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

export interface ConfirmingRules {
  readonly mobilePrefixes: readonly string[];
}

/**
 * The channels on file that may confirm: they have been there long enough, and a code can be sent
 * to them. Values that the fund stores in another form are returned in today's form.
 */
export function confirmingChannels(
  { mobilePrefixes }: ConfirmingRules,
  standing: ContactStanding,
): ContactOnFile[] {
  return standing.onFile.flatMap((contact) => {
    const parsed =
      contact.channel === 'email'
        ? parseEmail(contact.value)
        : parsePhone(contact.value, 'mobile', mobilePrefixes);
    return contact.stood && parsed.ok ? [{ ...contact, value: parsed.value }] : [];
  });
}

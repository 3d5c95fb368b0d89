import { parseEmail } from '../../values/email.ts';
import { parsePhone } from '../../values/phone.ts';
import { type Refusal, refused } from '../../values/result.ts';
import type { Channel } from '../notices/channel.ts';

/** A channel on file, and whether it has stood long enough to vouch for a change. */
export interface ContactOnFile {
  readonly channel: Channel;
  readonly value: string;
  readonly stood: boolean;
}

/** What bears on a change of mobile or e-mail, by the database's clock. */
export interface ContactStanding {
  readonly onFile: readonly ContactOnFile[];
  /**
   * The channel changed within the waiting time without EDS: the other one must wait until then.
   */
  readonly changed: { readonly channel: Channel; readonly until: Date } | undefined;
  /** The password was restored within the waiting time: nothing may change until then. */
  readonly recovered: { readonly at: Date; readonly until: Date } | undefined;
  readonly frozen: boolean;
}

const edsReasons = ['contactOneAtATime', 'contactWait', 'contactAfterRecovery', 'contactFrozen'] as const;

/**
 * Why mobile or e-mail cannot be changed now; keys of the texts. `detail` is a moment, ISO 8601,
 * where there is one.
 */
export type ContactReason = (typeof edsReasons)[number];

/** Whether a signature of the holder would overcome this refusal. */
export function overcomesByEds({ reason }: { readonly reason: string }): boolean {
  return (edsReasons as readonly string[]).includes(reason);
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

export interface ConfirmingRules {
  readonly mobilePrefixes: readonly string[];
}

/**
 * The channels on file that may confirm: they have stood long enough, and a code can be sent to
 * them. Values that came from the fund in another shape are given as today's rules write them.
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

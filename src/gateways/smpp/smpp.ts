import { createHash } from 'node:crypto';
import type { RenderedMessage } from '../../features/notices/sender.ts';
import { smsBytes, smsParts } from '../../features/notices/sms-parts.ts';
import type { Gateway, Pace } from '../gateway.ts';
import { createSmppConnection, type SmppConnection } from './smpp-connection.ts';
import { readReceipt } from './smpp-receipt.ts';
import type { SmppAddress } from './smpp-session.ts';
import { classOfStatus, refusal } from './smpp-status.ts';

export interface SmppSettings extends SmppAddress {
  /** `SMS_SENDER`: a name of up to 11 Latin letters and digits, or a number. */
  readonly sender: string;
  /** Milliseconds for connecting and for each answer. */
  readonly timeout?: number;
}

/** Whose message it is, and to which number. */
export interface SmsRecipient {
  readonly holderId: string;
  /** E.164. */
  readonly to: string;
}

/**
 * Records what the gateway reports about the parts it accepted. A failure here never fails a
 * message.
 */
export interface SmsReceipts {
  handedOver(messageId: string, gatewayIds: readonly string[], recipient?: SmsRecipient): Promise<void>;
  reported(gatewayId: string, state: string): Promise<void>;
}

const encodings = { gsm: 0x00, ucs2: 0x08 } as const;
/**
 * A relative time (SMPP 3.4, 7.1.1.2). A code that arrives after ten minutes would only mislead.
 */
const tenMinutes = '000000001000000R';
const invalidCommand = 0x03;

/**
 * Sends SMS by SMPP 3.4, over one session for both directions. Calls `lost` when the session ends
 * unexpectedly; the next probe connects again.
 */
export function createSmppGateway(
  settings: SmppSettings,
  { receipts, lost, onError }: { receipts: SmsReceipts; lost: () => void; onError: (error: Error) => void },
): Gateway {
  const { timeout = 5_000 } = settings;
  const connection = createSmppConnection(settings, timeout, {
    lost,
    delivered(pdu) {
      const receipt = readReceipt(pdu);
      if (receipt) void receipts.reported(receipt.gatewayId, receipt.state).catch(onError);
    },
  });

  return {
    channel: 'mobile',
    async send(message, pace) {
      const gatewayIds: string[] = [];
      for (const fields of submitFields(message, settings.sender)) {
        gatewayIds.push(await submitPart(connection, fields, pace));
      }
      const { holderId, to } = message;
      const recipient = holderId === undefined ? undefined : { holderId, to };
      await receipts.handedOver(message.id, gatewayIds, recipient).catch(onError);
    },
    async probe() {
      const bound = await connection.session();
      const { command_status: status } = await bound.ask((link, onResponse) => link.enquire_link(onResponse));
      // Any answer shows that the gateway is there, but some answers leave a session that cannot
      // send.
      if (classOfStatus(status) !== 'session' || status === invalidCommand) return;
      bound.retire();
      throw refusal(status);
    },
    close: connection.close,
  };
}

/**
 * Submits one part. Retries as often as the gateway asks to slow down, and once in a new session
 * when this one cannot be used.
 * @returns the gateway's id of the part
 */
async function submitPart(connection: SmppConnection, fields: object, pace: Pace): Promise<string> {
  let sessionsLeft = 1;
  for (;;) {
    await pace.next();
    const bound = await connection.session();
    const answer = await bound.ask((link, onResponse) => link.submit_sm({ ...fields }, onResponse));
    const status = answer.command_status;
    const kind = classOfStatus(status);
    if (kind === 'ok') return (answer.message_id ?? '').trim();
    if (kind === 'throttling') {
      pace.slower();
      continue;
    }
    // An account that may no longer send is also refused at the next bind.
    if (kind === 'session' || kind === 'account') {
      bound.retire();
      if (kind === 'session' && sessionsLeft > 0) {
        sessionsLeft -= 1;
        continue;
      }
    }
    throw refusal(status);
  }
}

/** The parts of a message as fields of `submit_sm`. */
function submitFields(message: RenderedMessage, sender: string): readonly object[] {
  const { encoding, parts } = smsParts(message.text);
  // The reference is the same at each retry, so that a phone can join parts of two attempts.
  const reference = createHash('sha256').update(message.id).digest().readUInt16BE(0);
  return parts.map((part, index) => {
    const bytes = smsBytes(encoding, part);
    const header = [5, 0, 3, reference % 256, parts.length, index + 1];
    return {
      ...senderOf(sender),
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: message.to.replace(/^\+/, ''),
      data_coding: encodings[encoding],
      registered_delivery: 1,
      user_message_reference: reference,
      ...(message.urgent ? { priority_flag: 1, validity_period: tenMinutes } : {}),
      short_message: parts.length === 1 ? bytes : { udh: Buffer.from(header), message: bytes },
    };
  });
}

/**
 * The type of the sender (SMPP 3.4, 5.2.5): a name is alphanumeric, a long number is international,
 * a short one belongs to the network.
 */
function senderOf(sender: string) {
  const digits = sender.replace(/^\+/, '');
  if (!/^[0-9]+$/.test(digits)) return { source_addr_ton: 5, source_addr_npi: 0, source_addr: sender };
  return { source_addr_ton: digits.length > 6 ? 1 : 3, source_addr_npi: 1, source_addr: digits };
}

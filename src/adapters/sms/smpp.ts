import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import smpp, { type Pdu, type Session } from 'smpp';
import { Undeliverable } from '../../modules/delivery/undeliverable.ts';
import { type Gateway, GatewayFailure, type Turns } from '../../modules/notices/gateway.ts';
import type { ReadyMessage } from '../../modules/notices/ports.ts';
import { smsBytes, smsParts } from '../../modules/notices/sms-parts.ts';

export interface SmppSettings {
  /** `SMPP_URL`: `smpp://user:password@host:2775`, or `ssmpp://…` for TLS whose certificate is checked. */
  readonly url: URL;
  /** `SMS_SENDER`: a name of up to 11 Latin letters and digits, or a number. */
  readonly sender: string;
  /** A certificate authority beside the usual ones, PEM. */
  readonly ca?: string;
  /** Milliseconds for connecting and for each answer. */
  readonly timeout?: number;
}

/** Keeps what the gateway says of the parts it took. Its failure never fails a message. */
export interface SmsReceipts {
  handedOver(messageId: string, gatewayIds: readonly string[]): Promise<void>;
  reported(gatewayId: string, state: string): Promise<void>;
}

/** SMPP 3.4, 5.1.3. */
const status = {
  ok: 0x00,
  invalidDestination: 0x0b,
  messageQueueFull: 0x14,
  throttled: 0x58,
  invalidDestinationTon: 0x50,
  invalidDestinationNpi: 0x51,
} as const;
const finalStatuses: readonly number[] = [
  status.invalidDestination,
  status.invalidDestinationTon,
  status.invalidDestinationNpi,
];

/** SMPP 3.4, 5.2.28, in the words of a receipt's text. */
const states = ['', 'ENROUTE', 'DELIVRD', 'EXPIRED', 'DELETED', 'UNDELIV', 'ACCEPTD', 'UNKNOWN', 'REJECTD'];

const receiptBit = 0x04;
const encodings = { gsm: 0x00, ucs2: 0x08 } as const;
/** Relative time of SMPP 3.4, 7.1.1.2: a code that comes after ten minutes would only mislead. */
const tenMinutes = '000000001000000R';

/**
 * SMS by SMPP 3.4 over one session that sends and receives. `lost` is called when the session ends by itself; the next
 * probe connects again.
 */
export function smppGateway(
  settings: SmppSettings,
  { receipts, lost, onError }: { receipts: SmsReceipts; lost: () => void; onError: (error: Error) => void },
): Gateway {
  const { timeout = 5_000 } = settings;
  let bound: Promise<Session> | undefined;
  let current: Session | undefined;
  let isBound = false;
  let closed = false;

  /** The session, connected and bound; made anew when there is none. */
  function session(): Promise<Session> {
    if (closed) return Promise.reject(new GatewayFailure('SMPP_CLOSED'));
    if (bound) return bound;
    const opening = open(() => {
      if (bound === opening) bound = undefined;
    });
    bound = opening;
    return opening;
  }

  async function open(ended: () => void): Promise<Session> {
    const link = smpp.connect(addressOf(settings));
    current = link;
    // Every question under way listens for the end of the session.
    link.setMaxListeners(0);
    link.on('close', ended);
    // The library stops reading after a broken PDU: such a session is of no use.
    link.on('error', () => link.destroy());
    link.on('deliver_sm', (pdu: Pdu) => void takeReceipt(link, pdu));
    for (const command of ['enquire_link', 'unbind']) {
      link.on(command, (pdu: Pdu) => link.send(pdu.response()));
    }
    try {
      await bind(link);
    } catch (error) {
      ended();
      link.destroy();
      throw error;
    }
    isBound = true;
    link.on('close', () => {
      isBound = false;
      if (!closed) lost();
    });
    return link;
  }

  async function bind(link: Session): Promise<void> {
    const { url } = settings;
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new GatewayFailure('SMPP_CONNECT_TIMEOUT')), timeout);
      const failed = (error?: NodeJS.ErrnoException) =>
        reject(new GatewayFailure(error?.code ?? 'SMPP_CONNECTION'));
      link.once('error', failed);
      link.once('close', () => failed());
      link.once(url.protocol === 'ssmpp:' ? 'secureConnect' : 'connect', () => {
        clearTimeout(late);
        resolve();
      });
      link.once('close', () => clearTimeout(late));
    });
    const answer = await ask(link, (onResponse) =>
      link.bind_transceiver(
        {
          system_id: decodeURIComponent(url.username),
          password: decodeURIComponent(url.password),
          interface_version: 0x34,
        },
        onResponse,
      ),
    );
    if (answer.command_status !== status.ok) throw failed('BIND', answer);
  }

  /** Sends a request and waits for its answer, but not for ever and not past the end of the session. */
  function ask(link: Session, request: (onResponse: (answer: Pdu) => void) => boolean): Promise<Pdu> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(late);
        link.off('close', gone);
        act();
      };
      const gone = () => settle(() => reject(new GatewayFailure('SMPP_CONNECTION')));
      const late = setTimeout(() => {
        settle(() => reject(new GatewayFailure('SMPP_TIMEOUT')));
        // What else was asked of it would wait as long: the next message gets a new session.
        link.destroy();
      }, timeout);
      link.once('close', gone);
      if (!request((answer) => settle(() => resolve(answer)))) gone();
    });
  }

  async function submit(message: ReadyMessage, turns: Turns): Promise<readonly string[]> {
    const link = await session();
    const { encoding, parts } = smsParts(message.text);
    // The same for every try of this message, so that a phone puts the parts of two tries together.
    const reference = createHash('sha256').update(message.id).digest().readUInt16BE(0);
    const gatewayIds: string[] = [];
    for (const [index, part] of parts.entries()) {
      const udh =
        parts.length === 1 ? undefined : Buffer.from([5, 0, 3, reference % 256, parts.length, index + 1]);
      const bytes = smsBytes(encoding, part);
      const fields = {
        ...senderOf(settings.sender),
        dest_addr_ton: 1,
        dest_addr_npi: 1,
        destination_addr: message.to.replace(/^\+/, ''),
        data_coding: encodings[encoding],
        registered_delivery: 1,
        user_message_reference: reference,
        ...(message.urgent ? { priority_flag: 1, validity_period: tenMinutes } : {}),
        short_message: udh === undefined ? bytes : { udh, message: bytes },
      };
      gatewayIds.push(await submitPart(link, fields, turns));
    }
    return gatewayIds;
  }

  /** One part; as often as the gateway asks for patience, for as long as the message has time. */
  async function submitPart(link: Session, fields: object, turns: Turns): Promise<string> {
    for (;;) {
      await turns.next();
      const answer = await ask(link, (onResponse) => link.submit_sm({ ...fields }, onResponse));
      const code = answer.command_status;
      if (code === status.ok) return answer.message_id ?? '';
      if (finalStatuses.includes(code)) throw new Undeliverable(codeOf('SMPP', answer));
      if (code !== status.throttled && code !== status.messageQueueFull) throw failed('SUBMIT', answer);
      turns.slower();
    }
  }

  async function takeReceipt(link: Session, pdu: Pdu): Promise<void> {
    link.send(pdu.response());
    const receipt = readReceipt(pdu);
    if (receipt) await receipts.reported(receipt.gatewayId, receipt.state).catch(onError);
  }

  return {
    channel: 'mobile',
    async send(message, turns) {
      const gatewayIds = await submit(message, turns);
      await receipts.handedOver(message.id, gatewayIds).catch(onError);
    },
    async probe() {
      const link = await session();
      await ask(link, (onResponse) => link.enquire_link(onResponse));
    },
    async close() {
      closed = true;
      const link = current;
      if (!link || link.socket.destroyed) return;
      // What is not bound yet is not waited for.
      if (isBound) await ask(link, (onResponse) => link.unbind(onResponse)).catch(() => undefined);
      link.destroy();
    },
  };
}

/** What a receipt says; undefined for anything else that was delivered to us. Never more than a record. */
function readReceipt(pdu: Pdu): { readonly gatewayId: string; readonly state: string } | undefined {
  if (((pdu.esm_class ?? 0) & receiptBit) === 0) return undefined;
  const text = String(pdu.short_message?.message ?? '');
  const gatewayId = pdu.receipted_message_id?.replaceAll('\0', '') ?? /\bid:(\S+)/i.exec(text)?.[1];
  const state = states[pdu.message_state ?? 0] || /\bstat:([A-Z]{1,10})/i.exec(text)?.[1]?.toUpperCase();
  return gatewayId && state ? { gatewayId: gatewayId.slice(0, 65), state } : undefined;
}

function addressOf({ url, ca }: SmppSettings) {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const tls = url.protocol === 'ssmpp:';
  return {
    host,
    port: url.port === '' ? (tls ? 3_550 : 2_775) : Number(url.port),
    tls,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
  };
}

/** SMPP 3.4, 5.2.5: a name is alphanumeric, a long number international, a short one the network's own. */
function senderOf(sender: string) {
  const digits = sender.replace(/^\+/, '');
  if (!/^[0-9]+$/.test(digits)) return { source_addr_ton: 5, source_addr_npi: 0, source_addr: sender };
  return { source_addr_ton: digits.length > 6 ? 1 : 3, source_addr_npi: 1, source_addr: digits };
}

function failed(what: string, answer: Pdu): GatewayFailure {
  return new GatewayFailure(codeOf(`SMPP_${what}`, answer));
}

function codeOf(what: string, { command_status: code }: Pdu): string {
  return `${what}_0x${code.toString(16).padStart(2, '0')}`;
}

import type { AddressInfo, Server } from 'node:net';
import smpp, { type Pdu, type Session } from 'smpp';

/** An SMS as a phone would show it, put together from its parts. */
export interface ArrivedSms {
  /** `user_message_reference`, the same for every try of a message. */
  readonly reference: number;
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly parts: number;
  readonly encoding: number;
  readonly validity: string;
  /** When its last part came, on the clock of `performance.now`. */
  readonly at: number;
}

/** A real SMPP server on loopback. */
export interface SmppStandIn {
  readonly port: number;
  readonly arrived: readonly ArrivedSms[];
  /** Parts taken, in the order in which they came. */
  readonly taken: readonly { readonly gatewayId: string; readonly at: number; readonly urgent: boolean }[];
  /** The next `times` parts get this status, e.g. 0x58. */
  answerParts(status: number, times: number): void;
  /** Sends a `deliver_sm` to whoever is bound; resolves when it was answered. */
  sendReceipt(fields: Readonly<Record<string, unknown>>): Promise<void>;
  /** Sessions bound now, and questions asked whether we are there. */
  bound(): number;
  questions(): number;
  close(): Promise<void>;
}

export const smppAccount = { user: 'kabinet', password: 's3cret/' } as const;

/** Starts one, with TLS when it gets a certificate. */
export async function startSmppServer(
  tls: { readonly key?: string; readonly cert?: string } = {},
): Promise<SmppStandIn> {
  const arrived: ArrivedSms[] = [];
  const taken: { gatewayId: string; at: number; urgent: boolean }[] = [];
  const sessions = new Set<Session>();
  const open = new Set<Session>();
  const joined = new Map<string, string[]>();
  let refusal = 0;
  let refusals = 0;
  let asked = 0;

  function takePart(link: Session, pdu: Pdu): void {
    if (!sessions.has(link)) return void link.send(pdu.response({ command_status: 0x04 }));
    if (refusals > 0) {
      refusals -= 1;
      return void link.send(pdu.response({ command_status: refusal }));
    }
    const gatewayId = `gw-${taken.length + 1}`;
    taken.push({ gatewayId, at: performance.now(), urgent: pdu.validity_period !== '' });
    join(pdu);
    link.send(pdu.response({ message_id: gatewayId }));
  }

  function join(pdu: Pdu): void {
    const { message = '', udh = [] } = pdu.short_message ?? {};
    const header = udh[0];
    const [number, of, index] = header ? [header[2] ?? 0, header[3] ?? 1, header[4] ?? 1] : [0, 1, 1];
    const key = `${pdu.destination_addr} ${number} ${of}`;
    const parts = joined.get(key) ?? [];
    parts[index - 1] = String(message);
    joined.set(key, parts);
    if (Object.keys(parts).length < of) return;
    joined.delete(key);
    arrived.push({
      reference: pdu.user_message_reference ?? -1,
      from: `${pdu.source_addr_ton}:${pdu.source_addr}`,
      to: `+${pdu.destination_addr}`,
      text: parts.join(''),
      parts: of,
      encoding: pdu.data_coding ?? -1,
      validity: String(pdu.validity_period),
      at: performance.now(),
    });
  }

  const server: Server = smpp.createServer(tls, (link) => {
    open.add(link);
    link.on('error', () => link.destroy());
    link.on('close', () => {
      sessions.delete(link);
      open.delete(link);
    });
    link.on('bind_transceiver', (pdu: Pdu) => {
      const known = pdu.system_id === smppAccount.user && pdu.password === smppAccount.password;
      if (known) sessions.add(link);
      link.send(pdu.response(known ? { system_id: 'stand-in' } : { command_status: 0x0d }));
    });
    link.on('submit_sm', (pdu: Pdu) => takePart(link, pdu));
    link.on('enquire_link', (pdu: Pdu) => {
      asked += 1;
      link.send(pdu.response());
    });
    link.on('unbind', (pdu: Pdu) => {
      link.send(pdu.response());
      link.close();
    });
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    arrived,
    taken,
    answerParts(status, times) {
      refusal = status;
      refusals = times;
    },
    async sendReceipt(fields) {
      const [link] = sessions;
      if (!link) throw new Error('nobody is bound');
      await new Promise<void>((resolve) => link.deliver_sm(fields, () => resolve()));
    },
    bound: () => sessions.size,
    questions: () => asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const link of open) link.destroy();
      }),
  };
}

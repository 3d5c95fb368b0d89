import type { AddressInfo, Server } from 'node:net';
import smpp, { type Pdu, type Session } from 'smpp';

/** An SMS as a phone shows it, assembled from its parts. */
export interface ArrivedSms {
  /** `user_message_reference`, the same for every attempt to send a message. */
  readonly reference: number;
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly parts: number;
  readonly encoding: number;
  readonly validity: string;
  /** When its last part arrived, by `performance.now`. */
  readonly at: number;
}

/** A real SMPP server on loopback. */
export interface SmppStandIn {
  readonly port: number;
  readonly arrived: readonly ArrivedSms[];
  /** The accepted parts, in order of arrival. */
  readonly taken: readonly { readonly gatewayId: string; readonly at: number; readonly urgent: boolean }[];
  /** The next `times` parts get this status, e.g. 0x58. */
  answerParts(status: number, times: number): void;
  /** The next `times` binds get this status, e.g. 0x0e. */
  answerBinds(status: number, times: number): void;
  /** Parts to this number always get this status. */
  answerNumber(to: string, status: number): void;
  /** Sends a `deliver_sm` to every bound session. Resolves when it was answered. */
  sendReceipt(fields: Readonly<Record<string, unknown>>): Promise<void>;
  /** Sends a `data_sm` to every bound session. Resolves with the command of the answer. */
  sendData(fields: Readonly<Record<string, unknown>>): Promise<string>;
  /**
   * Sends a command with this id to every bound session. Resolves with the command and the status
   * of the answer.
   */
  sendCommand(id: number): Promise<{ readonly command: string; readonly status: number }>;
  /** Unbinds every bound session and leaves the connection open. Resolves when it was answered. */
  unbind(): Promise<void>;
  /**
   * Silently treats every session as unbound: `submit_sm` gets 0x04, `enquire_link` is answered as
   * usual.
   */
  forgetBinds(): void;
  /** The number of bound sessions, of bind requests, and of `enquire_link` requests. */
  bound(): number;
  binds(): number;
  questions(): number;
  close(): Promise<void>;
}

export const smppAccount = { user: 'kabinet', password: 's3cret/' } as const;

/** Starts a stand-in, with TLS when a certificate is given. */
export async function startSmppServer(
  tls: { readonly key?: string; readonly cert?: string } = {},
): Promise<SmppStandIn> {
  const arrived: ArrivedSms[] = [];
  const taken: { gatewayId: string; at: number; urgent: boolean }[] = [];
  const sessions = new Set<Session>();
  const open = new Set<Session>();
  const joined = new Map<string, string[]>();
  const numbers = new Map<string, number>();
  let refusal = 0;
  let refusals = 0;
  let bindRefusal = 0;
  let bindRefusals = 0;
  let binds = 0;
  let asked = 0;

  function takePart(link: Session, pdu: Pdu): void {
    if (!sessions.has(link)) return void link.send(pdu.response({ command_status: 0x04 }));
    if (refusals > 0) {
      refusals -= 1;
      return void link.send(pdu.response({ command_status: refusal }));
    }
    const ofNumber = numbers.get(`+${pdu.destination_addr}`);
    if (ofNumber !== undefined) return void link.send(pdu.response({ command_status: ofNumber }));
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

  function boundLink(): Session {
    const [link] = sessions;
    if (!link) throw new Error('nobody is bound');
    return link;
  }

  const server: Server = smpp.createServer(tls, (link) => {
    open.add(link);
    link.on('error', () => link.destroy());
    link.on('close', () => {
      sessions.delete(link);
      open.delete(link);
    });
    link.on('bind_transceiver', (pdu: Pdu) => {
      binds += 1;
      if (bindRefusals > 0) {
        bindRefusals -= 1;
        return void link.send(pdu.response({ command_status: bindRefusal }));
      }
      const known = pdu.system_id === smppAccount.user && pdu.password === smppAccount.password;
      if (known) sessions.add(link);
      return void link.send(pdu.response(known ? { system_id: 'stand-in' } : { command_status: 0x0d }));
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
    answerBinds(status, times) {
      bindRefusal = status;
      bindRefusals = times;
    },
    answerNumber: (to, status) => void numbers.set(to, status),
    async sendReceipt(fields) {
      const link = boundLink();
      await new Promise<void>((resolve) => link.deliver_sm(fields, () => resolve()));
    },
    sendData: (fields) =>
      new Promise((resolve) => boundLink().data_sm(fields, ({ command }) => resolve(command))),
    sendCommand(id) {
      const link = boundLink();
      const number = 0x7000;
      const header = Buffer.alloc(16);
      for (const [index, value] of [16, id, 0, number].entries()) header.writeUInt32BE(value, index * 4);
      return new Promise((resolve) => {
        link.on('pdu', ({ sequence_number, command, command_status: status }: Pdu) => {
          if (sequence_number === number) resolve({ command, status });
        });
        link.socket.write(header);
      });
    },
    async unbind() {
      const link = boundLink();
      sessions.delete(link);
      await new Promise<void>((resolve) => link.unbind(() => resolve()));
    },
    forgetBinds: () => sessions.clear(),
    bound: () => sessions.size,
    binds: () => binds,
    questions: () => asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const link of open) link.destroy();
      }),
  };
}

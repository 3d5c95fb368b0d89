import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** An e-mail as received. */
export interface ArrivedMail {
  readonly id: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly html: string;
}

/** A real SMTP server on loopback. */
export interface SmtpStandIn {
  readonly port: number;
  readonly arrived: readonly ArrivedMail[];
  /** The next `times` recipients get this answer, e.g. 550. */
  answerRecipients(code: number, times: number, words?: string): void;
  /** The next `times` messages get this answer after their content. */
  answerContents(code: number, times: number): void;
  /** How often a client tried to sign in. */
  signIns(): number;
  /** The names given in EHLO. */
  greetings(): readonly string[];
  close(): Promise<void>;
}

export const smtpAccount = { user: 'kabinet', password: 'құпия/p@ss' } as const;

/** Starts a stand-in. With `tls` it offers STARTTLS, with the given certificate or its own. */
export async function startSmtpServer({
  tls,
}: {
  tls?: { readonly key: string; readonly cert: string };
} = {}): Promise<SmtpStandIn> {
  const arrived: ArrivedMail[] = [];
  let refusal = 0;
  let refusals = 0;
  let refusalWords = '';
  let contentRefusal = 0;
  let contentRefusals = 0;
  let signIns = 0;
  const greetings: string[] = [];
  const server = new SMTPServer({
    ...(tls ?? {}),
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: tls ? [] : ['STARTTLS'],
    disableReverseLookup: true,
    onAuth({ username, password }, _session, done) {
      signIns += 1;
      const known = username === smtpAccount.user && password === smtpAccount.password;
      if (known) done(null, { user: username });
      else done(new Error('who is that?'));
    },
    onRcptTo(_address, session, done) {
      greetings.push(String(session.hostNameAppearsAs));
      if (refusals === 0) return done();
      refusals -= 1;
      done(Object.assign(new Error(refusalWords), { responseCode: refusal }));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (contentRefusals > 0) {
          contentRefusals -= 1;
          return done(Object.assign(new Error('not now'), { responseCode: contentRefusal }));
        }
        const { mailFrom, rcptTo } = session.envelope;
        arrived.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          ...readMail(Buffer.concat(chunks).toString('latin1')),
        });
        return done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    arrived,
    answerRecipients(code, times, words = 'not now') {
      refusal = code;
      refusalWords = words;
      refusals = times;
    },
    answerContents(code, times) {
      contentRefusal = code;
      contentRefusals = times;
    },
    signIns: () => signIns,
    greetings: () => greetings,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/**
 * The parts of a multipart/alternative message, as nodemailer makes them. `raw` has one character
 * for each byte.
 */
function readMail(raw: string): Pick<ArrivedMail, 'id' | 'subject' | 'headers' | 'text' | 'html'> {
  const { headers, body } = split(raw);
  const boundary = /boundary="([^"]+)"/.exec(headers.get('content-type') ?? '')?.[1];
  if (boundary === undefined) throw new Error('the e-mail has no parts');
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => split(part.replace(/^\r\n/, '')));
  const part = (type: string): string => {
    const found = parts.find((one) => one.headers.get('content-type')?.startsWith(type));
    return found
      ? decode(found.body.replace(/\r\n$/, ''), found.headers.get('content-transfer-encoding'))
      : '';
  };
  return {
    id: /<([^@>]+)@/.exec(headers.get('message-id') ?? '')?.[1] ?? '',
    subject: decodeWords(headers.get('subject') ?? ''),
    headers,
    text: part('text/plain'),
    html: part('text/html'),
  };
}

function split(raw: string): { headers: Map<string, string>; body: string } {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { headers: new Map(headers), body: raw.slice(end + 4) };
}

function decode(body: string, encoding = '7bit'): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString().replaceAll('\r\n', '\n');
  const bytes = encoding === 'quoted-printable' ? unquote(body.replace(/=\r\n/g, '')) : body;
  return Buffer.from(bytes, 'latin1').toString().replaceAll('\r\n', '\n');
}

function unquote(text: string): string {
  return text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Decodes encoded words (RFC 2047). */
function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([BQ])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toUpperCase() === 'B'
        ? Buffer.from(word, 'base64').toString()
        : Buffer.from(unquote(word.replaceAll('_', ' ')), 'latin1').toString(),
    );
}

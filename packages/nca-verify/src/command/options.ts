/** The options of the command, its help, and the values that its arguments name. */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isRequirement } from '../arguments.ts';
import { REQUIREMENTS, type Requirement } from '../signer.ts';

/** The endings of messages in a folder. Whatever else lies there is passed over. */
export const MESSAGE_ENDINGS = ['.cms', '.p7s', '.p7m', '.sig'] as const;

/** What the help says about the values of `--require`. */
const REQUIREMENT_HELP: Readonly<Record<Requirement, string>> = {
  individual: 'the key of a natural person that may sign in',
  'individual-signature': 'the same, and it may sign documents (nonRepudiation)',
};

/**
 * Bytes of a message unless `--max-bytes` is given. A signed document with its content is larger
 * than a sign-in.
 */
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

export interface Option {
  /** How the synopsis shows the value. An option without it is a switch. */
  readonly value?: string;
  readonly several?: true;
  readonly short?: string;
  readonly help: readonly string[];
}

/** Every option. Both the parser and the help use this table. */
export const OPTIONS = {
  content: {
    value: 'FILE',
    help: ['the signed bytes: required for a detached signature, compared with those of an attached one'],
  },
  trust: {
    value: 'DIR',
    help: [
      'a folder of certificates to trust: self-signed CA certificates become anchors, other CA',
      'certificates intermediates; without it, the pinned production certificates are trusted',
    ],
  },
  crl: {
    value: 'FILE',
    several: true,
    help: ['a revocation list, full or delta; may be given several times'],
  },
  ocsp: { value: 'FILE', help: ['an answer of an OCSP responder, for one message'] },
  'ocsp-nonce': { value: 'HEX', help: ['the nonce of the request, which the OCSP answer must carry'] },
  at: {
    value: 'ISO-TIME',
    help: ['verify as of this time (2026-11-22T11:00:00Z) instead of now; also for lists and answers'],
  },
  'time-stamp': {
    help: [
      'judge as of the time that a time-stamp in the message vouches for; --at is then the current time',
    ],
  },
  evidence: {
    value: 'FILE',
    help: [
      'verify a record of evidence instead of a message: whether the signature was right when it was',
      'made, and why that can be believed at --at',
    ],
  },
  'seal-keys': {
    value: 'FILE',
    help: ['the public keys of the archive that sealed the evidence (JSON web keys), for its own seals'],
  },
  'max-bytes': {
    value: 'BYTES',
    help: [`the largest message that is read; ${DEFAULT_MAX_BYTES} (4 MiB) unless given`],
  },
  all: { help: ['judge every signer of a message; without it, a message of several is refused'] },
  'no-revocation': { help: ['do not check whether the certificate is revoked'] },
  'allow-gost2004': { help: ['accept archived GOST 34.310-2004 signatures'] },
  require: {
    value: REQUIREMENTS.join('|'),
    help: REQUIREMENTS.map((name) => `${name}: ${REQUIREMENT_HELP[name]}`),
  },
  json: { help: ['print the verdict as one line of JSON; several messages always are, each with its file'] },
  help: { short: 'h', help: ['print this help'] },
} as const satisfies Readonly<Record<string, Option>>;

/** Width of the help and of its first column, in characters. */
const WIDTH = 110;
const INDENT = 23;

export function usage(): string {
  const options: readonly (readonly [string, Option])[] = Object.entries(OPTIONS);
  const lines = ['Usage: nca-verify FILE…'];
  for (const [name, { value, several }] of options) {
    if (name === 'help') continue;
    const part = ` [--${name}${value === undefined ? '' : ` ${value}`}]${several ? '…' : ''}`;
    const line = lines.at(-1) ?? '';
    if (line.length + part.length > WIDTH) lines.push(`${' '.repeat(18)}${part}`);
    else lines[lines.length - 1] = line + part;
  }
  const explained = options.flatMap(([name, { value, help }]) => {
    const shown = value === undefined || value.includes('|') ? `--${name}` : `--${name} ${value}`;
    return help.map((text, i) => `${(i === 0 ? `  ${shown}` : '').padEnd(INDENT)}${text}`);
  });
  return `${lines.join('\n')}

Verifies CMS signatures (DER, PEM or base64) of Kazakhstan's National Certification Authority. FILE is a
message, a folder of messages (${MESSAGE_ENDINGS.join(' ')}), or - for standard input.
'nca-verify serve' answers by HTTP; 'nca-verify serve --help' explains it.

${explained.join('\n')}

Examples:
  nca-verify document.cms --crl nca_gost_2022.crl
  nca-verify inbox --no-revocation > verdicts.jsonl
  nca-verify signature.p7s --content document.pdf --no-revocation --json

Exit code: 0 accepted, 1 refused, 2 wrong arguments or an unreadable file; of several, the highest.
`;
}

/** Bytes that are read at once. */
const CHUNK = 65_536;

/** The largest list, content or answer that is read, in bytes. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

export class Misuse extends Error {}

export function readFile(path: string): Uint8Array {
  try {
    if (statSync(path).size > MAX_FILE_BYTES) throw new Misuse(`${path}: larger than 256 MB`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Misuse) throw error;
    throw new Misuse(`${path}: cannot be read`);
  }
}

/**
 * Reads the beginning of a message: enough to refuse one above `maxBytes` as too large, in whatever
 * encoding.
 */
export function readMessage(path: string, maxBytes: number): Uint8Array {
  try {
    const file = path === '-' ? 0 : openSync(path, 'r');
    try {
      const most = Math.ceil(maxBytes * 1.5) + 2048;
      const chunks: Uint8Array[] = [];
      let length = 0;
      for (let count = -1; count !== 0 && length < most; length += count) {
        const chunk = new Uint8Array(Math.min(CHUNK, most - length));
        count = readSync(file, chunk, 0, chunk.length, null);
        chunks.push(chunk.subarray(0, count));
      }
      // A copy of its own length: a thread receives the whole memory behind what it is sent.
      return Uint8Array.from(Buffer.concat(chunks));
    } finally {
      if (file !== 0) closeSync(file);
    }
  } catch {
    throw new Misuse(`${path}: cannot be read`);
  }
}

export function readFolder(path: string): readonly Uint8Array[] {
  let names: readonly string[];
  try {
    names = readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [] : entry.name,
    );
  } catch {
    throw new Misuse(`${path}: not a folder that can be read`);
  }
  return names.map((name) => readFile(join(path, name)));
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,3})?)?(?:Z|[+-](\d\d):(\d\d)))?$/;

export function readTime(text: string | undefined): Date {
  if (text === undefined) return new Date();
  const parts = (TIME.exec(text) ?? []).slice(1).map((part) => Number(part ?? 0));
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offsetHour = 0, offsetMinute = 0] =
    parts;
  // `Date` accepts 30 February as 2 March.
  const calendar = new Date(Date.UTC(year, month - 1, day));
  const exists =
    parts.length > 0 &&
    calendar.getUTCMonth() === month - 1 &&
    calendar.getUTCDate() === day &&
    Math.max(hour, offsetHour) <= 23 &&
    Math.max(minute, second, offsetMinute) <= 59;
  const time = new Date(exists ? text : Number.NaN);
  if (Number.isNaN(time.getTime())) throw new Misuse(`--at ${text}: not a time as in 2026-11-22T11:00:00Z`);
  return time;
}

export function readMaxBytes(text: string | undefined): number {
  if (text === undefined) return DEFAULT_MAX_BYTES;
  const bytes = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (bytes < 1 || bytes > MAX_FILE_BYTES)
    throw new Misuse(`--max-bytes ${text}: not a number from 1 to ${MAX_FILE_BYTES}`);
  return bytes;
}

export function readNonce(text: string | undefined): Uint8Array | undefined {
  if (text !== undefined && !/^([0-9a-f]{2})+$/i.test(text))
    throw new Misuse('--ocsp-nonce: not hexadecimal');
  return text === undefined ? undefined : Buffer.from(text, 'hex');
}

export function readRequirement(text: string | undefined): Requirement | undefined {
  if (text === undefined || isRequirement(text)) return text;
  throw new Misuse(`--require ${text}: only ${REQUIREMENTS.join(' and ')} are known`);
}

/**
 * The values by name: a text, a list of texts for an option that may be repeated, or true for a
 * switch.
 */
export type Values = {
  readonly [Name in keyof typeof OPTIONS]: (typeof OPTIONS)[Name] extends { value: string }
    ? ((typeof OPTIONS)[Name] extends { several: true } ? readonly string[] : string) | undefined
    : boolean;
};

export function parse(args: readonly string[]): { values: Values; positionals: readonly string[] } {
  const options = Object.entries<Option>(OPTIONS).map(([name, { value, several = false, short }]) => [
    name,
    value === undefined
      ? { type: 'boolean' as const, default: false, ...(short === undefined ? {} : { short }) }
      : { type: 'string' as const, multiple: several },
  ]);
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(options),
    });
    return { values: values as unknown as Values, positionals };
  } catch (error) {
    throw new Misuse(error instanceof Error ? error.message : String(error));
  }
}

/** `nca-verify FILE …`: verifies one message. Exit code 0: accepted, 1: refused, 2: misuse. */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { productionTrust } from './anchors.ts';
import { isRequirement } from './arguments.ts';
import { type Crl, loadCrl } from './crl.ts';
import { REQUIREMENTS, type Requirement } from './signer.ts';
import { createTrust } from './trust.ts';
import type { Verdict } from './verdict.ts';
import { verify } from './verify.ts';

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

interface Option {
  /** How the synopsis shows the value. An option without it is a switch. */
  readonly value?: string;
  readonly several?: true;
  readonly short?: string;
  readonly help: readonly string[];
}

/** Every option. Both the parser and the help use this table. */
const OPTIONS = {
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
  ocsp: { value: 'FILE', help: ['an answer of an OCSP responder'] },
  'ocsp-nonce': { value: 'HEX', help: ['the nonce of the request, which the OCSP answer must carry'] },
  at: {
    value: 'ISO-TIME',
    help: ['verify as of this time (2026-11-22T11:00:00Z) instead of now; also for lists and answers'],
  },
  'max-bytes': {
    value: 'BYTES',
    help: [`the largest message that is read; ${DEFAULT_MAX_BYTES} (4 MiB) unless given`],
  },
  'no-revocation': { help: ['do not check whether the certificate is revoked'] },
  'allow-gost2004': { help: ['accept archived GOST 34.310-2004 signatures'] },
  require: {
    value: REQUIREMENTS.join('|'),
    help: REQUIREMENTS.map((name) => `${name}: ${REQUIREMENT_HELP[name]}`),
  },
  json: { help: ['print the verdict as one line of JSON'] },
  help: { short: 'h', help: ['print this help'] },
} as const satisfies Readonly<Record<string, Option>>;

/** Width of the help and of its first column, in characters. */
const WIDTH = 110;
const INDENT = 23;

function usage(): string {
  const options: readonly (readonly [string, Option])[] = Object.entries(OPTIONS);
  const lines = ['Usage: nca-verify FILE'];
  for (const [name, { value, several }] of options) {
    if (name === 'help') continue;
    const part = ` [--${name}${value === undefined ? '' : ` ${value}`}]${several ? '…' : ''}`;
    const line = lines.at(-1) ?? '';
    if (line.length + part.length > WIDTH) lines.push(`${' '.repeat(17)}${part}`);
    else lines[lines.length - 1] = line + part;
  }
  const explained = options.flatMap(([name, { value, help }]) => {
    const shown = value === undefined || value.includes('|') ? `--${name}` : `--${name} ${value}`;
    return help.map((text, i) => `${(i === 0 ? `  ${shown}` : '').padEnd(INDENT)}${text}`);
  });
  return `${lines.join('\n')}

Verifies a CMS signature (DER, PEM or base64) of Kazakhstan's National Certification Authority.

${explained.join('\n')}

Examples:
  nca-verify document.cms --crl nca_gost_2022.crl
  nca-verify signature.p7s --content document.pdf --no-revocation --json

Exit code: 0 accepted, 1 refused, 2 wrong arguments.
`;
}

/** The largest list, content or answer that is read, in bytes. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

class Misuse extends Error {}

function readFile(path: string): Uint8Array {
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
function readMessage(path: string, maxBytes: number): Uint8Array {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = new Uint8Array(Math.ceil(maxBytes * 1.5) + 2048);
      let length = 0;
      for (let count = -1; count !== 0 && length < bytes.length; length += count) {
        count = readSync(file, bytes, length, bytes.length - length, null);
      }
      return bytes.subarray(0, length);
    } finally {
      closeSync(file);
    }
  } catch {
    throw new Misuse(`${path}: cannot be read`);
  }
}

function readFolder(path: string): readonly Uint8Array[] {
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

function readTime(text: string | undefined): Date {
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

function readMaxBytes(text: string | undefined): number {
  if (text === undefined) return DEFAULT_MAX_BYTES;
  const bytes = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (bytes < 1 || bytes > MAX_FILE_BYTES)
    throw new Misuse(`--max-bytes ${text}: not a number from 1 to ${MAX_FILE_BYTES}`);
  return bytes;
}

function readNonce(text: string | undefined): Uint8Array | undefined {
  if (text !== undefined && !/^([0-9a-f]{2})+$/i.test(text))
    throw new Misuse('--ocsp-nonce: not hexadecimal');
  return text === undefined ? undefined : Buffer.from(text, 'hex');
}

function readRequirement(text: string | undefined): Requirement | undefined {
  if (text === undefined || isRequirement(text)) return text;
  throw new Misuse(`--require ${text}: only ${REQUIREMENTS.join(' and ')} are known`);
}

/** Runs the command. Lists that cannot be used are named on stderr and count as not given. */
function run(args: readonly string[]): { verdict: Verdict; json: boolean } | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  const [file, second] = positionals;
  if (file === undefined) throw new Misuse('FILE is missing: the signature to verify');
  if (second !== undefined) throw new Misuse(`one FILE is expected, and ${positionals.length} are given`);
  if (values['ocsp-nonce'] !== undefined && values.ocsp === undefined)
    throw new Misuse('--ocsp-nonce without --ocsp');
  const at = readTime(values.at);
  const trust = values.trust === undefined ? productionTrust() : createTrust(readFolder(values.trust));
  const allowGost2004 = values['allow-gost2004'];
  const nonce = readNonce(values['ocsp-nonce']);
  const maxBytes = readMaxBytes(values['max-bytes']);
  const require = readRequirement(values.require);
  const crls = (values.crl ?? []).flatMap((path): readonly Crl[] => {
    const loaded = loadCrl(readFile(path), trust, allowGost2004);
    if (loaded.ok) return [loaded.crl];
    process.stderr.write(`nca-verify: ${path}: left out, ${loaded.detail}\n`);
    return [];
  });
  const verdict = verify({
    message: readMessage(file, maxBytes),
    content: values.content === undefined ? undefined : readFile(values.content),
    at,
    trust,
    crls,
    ocsp: values.ocsp === undefined ? undefined : { response: readFile(values.ocsp), nonce },
    revocation: values['no-revocation'] ? 'skip' : 'check',
    require,
    allowGost2004,
    maxBytes,
  });
  return { verdict, json: values.json };
}

/**
 * The values by name: a text, a list of texts for an option that may be repeated, or true for a
 * switch.
 */
type Values = {
  readonly [Name in keyof typeof OPTIONS]: (typeof OPTIONS)[Name] extends { value: string }
    ? ((typeof OPTIONS)[Name] extends { several: true } ? readonly string[] : string) | undefined
    : boolean;
};

function parse(args: readonly string[]): { values: Values; positionals: readonly string[] } {
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

function asJson(verdict: Verdict): string {
  if (!verdict.ok)
    return JSON.stringify({ ok: false, reason: verdict.reason, signer: null, detail: verdict.detail });
  const { signer, signedAt, revocation } = verdict;
  // Leave the DER out: it would make the line unreadable, and the fingerprint identifies the
  // certificate.
  const { der: _der, ...certificate } = signer.certificate;
  return JSON.stringify({ ok: true, reason: null, signer: { ...signer, certificate }, signedAt, revocation });
}

function asText(verdict: Verdict): string {
  if (!verdict.ok) return `refused: ${verdict.reason} (${verdict.detail})`;
  const { signer, signedAt, revocation } = verdict;
  const { certificate } = signer;
  const lines: readonly (readonly [string, string | null])[] = [
    [
      'signer',
      [signer.surname, signer.name, signer.patronymic].filter(Boolean).join(' ') || signer.commonName,
    ],
    ['kind', signer.kind],
    ['IIN', signer.iin],
    ['BIN', signer.bin],
    ['organisation', signer.organisation],
    ['certificate', `${certificate.serial}, issued by ${certificate.issuer}`],
    ['valid', `${certificate.notBefore.toISOString()} to ${certificate.notAfter.toISOString()}`],
    ['signed at', signedAt === null ? null : `${signedAt.toISOString()} (by the signer's clock)`],
    [
      'not revoked',
      revocation.asOf === null ? 'not checked' : `${revocation.source}, ${revocation.asOf.toISOString()}`,
    ],
  ];
  return [
    'accepted',
    ...lines.flatMap(([label, value]) => (value === null ? [] : `  ${label}: ${value}`)),
  ].join('\n');
}

/** Runs the command with its arguments and returns the exit code. */
export function main(args: readonly string[]): number {
  try {
    const outcome = run(args);
    if (outcome === 'help') {
      process.stdout.write(usage());
      return 0;
    }
    process.stdout.write(`${outcome.json ? asJson(outcome.verdict) : asText(outcome.verdict)}\n`);
    return outcome.verdict.ok ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Misuse)) throw error;
    process.stderr.write(`nca-verify: ${error.message}\n\n${usage()}`);
    return 2;
  }
}

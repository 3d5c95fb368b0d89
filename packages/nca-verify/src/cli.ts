/** `nca-verify FILE …`: the verdict on one message. Exit code 0 accepted, 1 refused, 2 misuse. */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { productionTrust } from './anchors.ts';
import { type Crl, loadCrl } from './crl.ts';
import type { Requirement } from './signer.ts';
import { createTrust } from './trust.ts';
import type { Verdict } from './verdict.ts';
import { verify } from './verify.ts';

const USAGE = `Usage: nca-verify FILE [--content FILE] [--trust DIR] [--crl FILE]… [--ocsp FILE] [--ocsp-nonce HEX]
                  [--at ISO-TIME] [--no-revocation] [--allow-gost2004] [--require individual] [--json]

Verifies a CMS signature (DER, PEM or base64) of Kazakhstan's National Certification Authority.

  --content FILE       the signed bytes, when the signature is detached; when it is attached they must be equal
  --trust DIR          certificates to trust: self-signed CA certificates are anchors, other CA certificates
                       intermediates, all else is ignored; without it the pinned production certificates
  --crl FILE           a revocation list, full or delta; may be given several times
  --ocsp FILE          an OCSP answer
  --ocsp-nonce HEX     the nonce that the answer must carry
  --at ISO-TIME        judge for this moment (2026-11-22T11:00:00Z) instead of now, lists and answers too
  --no-revocation      do not ask whether the certificate is revoked
  --allow-gost2004     accept archived GOST 34.310-2004 signatures
  --require individual            the key of a natural person that may sign in
  --require individual-signature  the same, and it may sign documents (nonRepudiation)
  --json               print the verdict as one line of JSON
  --help               print this

Exit code: 0 accepted, 1 refused, 2 misuse.
`;

/** Lists, contents and answers above this are not read. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;
/** Of a message no more than this is read, which is more than any that is accepted. */
const MESSAGE_BYTES_READ = 1024 * 1024;

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

/** The beginning of a message: one that is longer is refused as too large, however long. */
function readMessage(path: string): Uint8Array {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = new Uint8Array(MESSAGE_BYTES_READ);
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

function readTime(text: string | undefined): Date {
  if (text === undefined) return new Date();
  const form = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;
  const time = new Date(form.test(text) ? text : Number.NaN);
  if (Number.isNaN(time.getTime())) throw new Misuse(`--at ${text}: not a time as in 2026-11-22T11:00:00Z`);
  return time;
}

function readNonce(text: string | undefined): Uint8Array | undefined {
  if (text !== undefined && !/^([0-9a-f]{2})+$/i.test(text))
    throw new Misuse('--ocsp-nonce: not hexadecimal');
  return text === undefined ? undefined : Buffer.from(text, 'hex');
}

function readRequirement(text: string | undefined): Requirement | undefined {
  if (text === undefined || text === 'individual' || text === 'individual-signature') return text;
  throw new Misuse(`--require ${text}: only "individual" and "individual-signature" are known`);
}

/** What the arguments ask for, done. Lists that cannot be used are named on stderr and count as not given. */
function run(args: readonly string[]): { verdict: Verdict; json: boolean } | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  const [file, second] = positionals;
  if (file === undefined || second !== undefined) throw new Misuse('exactly one FILE is expected');
  if (values['ocsp-nonce'] !== undefined && values.ocsp === undefined)
    throw new Misuse('--ocsp-nonce without --ocsp');
  const at = readTime(values.at);
  const trust = values.trust === undefined ? productionTrust() : createTrust(readFolder(values.trust));
  const allowGost2004 = values['allow-gost2004'];
  const nonce = readNonce(values['ocsp-nonce']);
  const crls = (values.crl ?? []).flatMap((path): readonly Crl[] => {
    const loaded = loadCrl(readFile(path), trust, allowGost2004);
    if (loaded.ok) return [loaded.crl];
    process.stderr.write(`nca-verify: ${path}: left out, ${loaded.detail}\n`);
    return [];
  });
  const verdict = verify({
    message: readMessage(file),
    content: values.content === undefined ? undefined : readFile(values.content),
    at,
    trust,
    crls,
    ocsp: values.ocsp === undefined ? undefined : { response: readFile(values.ocsp), nonce },
    revocation: values['no-revocation'] ? 'skip' : 'check',
    require: readRequirement(values.require),
    allowGost2004,
  });
  return { verdict, json: values.json };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        content: { type: 'string' },
        trust: { type: 'string' },
        crl: { type: 'string', multiple: true },
        ocsp: { type: 'string' },
        'ocsp-nonce': { type: 'string' },
        at: { type: 'string' },
        'no-revocation': { type: 'boolean', default: false },
        'allow-gost2004': { type: 'boolean', default: false },
        require: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new Misuse(error instanceof Error ? error.message : String(error));
  }
}

function asJson(verdict: Verdict): string {
  if (!verdict.ok)
    return JSON.stringify({ ok: false, reason: verdict.reason, signer: null, detail: verdict.detail });
  const { signer, signedAt, revocation } = verdict;
  // The DER would make the line unreadable; the fingerprint names the certificate.
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

/** Runs the command with its arguments and gives the exit code. */
export function main(args: readonly string[]): number {
  try {
    const outcome = run(args);
    if (outcome === 'help') {
      process.stdout.write(USAGE);
      return 0;
    }
    process.stdout.write(`${outcome.json ? asJson(outcome.verdict) : asText(outcome.verdict)}\n`);
    return outcome.verdict.ok ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Misuse)) throw error;
    process.stderr.write(`nca-verify: ${error.message}\n\n${USAGE}`);
    return 2;
  }
}

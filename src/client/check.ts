// Checks a receipt or a signature in the page. Nothing leaves it: the content policy of this page
// allows no connection, and the same page works from a disk.

import './without-eval.ts';
import { createTrust, prepare, productionCertificates, type Verdict, verify } from 'nca-verify/browser';
import { checkLog } from '../receipt/check-log.ts';
import { checkSeal, mostReceiptBytes } from '../receipt/check-seal.ts';
import type { SealedContent } from '../receipt/sealed-content.ts';

const page = document.querySelector<HTMLElement>('#check');
const input = page?.querySelector<HTMLInputElement>('#check-file');
if (page && input) start(page, input);

/** What a file turned out to be: the name of a text of the page, and facts beside it. */
interface Outcome {
  readonly verdict: string;
  /** Names of further texts of the page. */
  readonly notes: readonly string[];
  /** Names of words of the page, with values from the file. */
  readonly facts: readonly (readonly [name: string, value: string])[];
}

function start(page: HTMLElement, input: HTMLInputElement): void {
  page.removeAttribute('hidden');
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file) void look(page, file);
  });
  page.addEventListener('dragover', (event) => event.preventDefault());
  page.addEventListener('drop', (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) void look(page, file);
  });
}

async function look(page: HTMLElement, file: File): Promise<void> {
  show(page, file.name, await judge(page, file));
}

async function judge(page: HTMLElement, file: File): Promise<Outcome> {
  if (file.size > mostReceiptBytes) return { verdict: 'tooLarge', notes: [], facts: [] };
  const bytes = new Uint8Array(await file.arrayBuffer());
  const isPdf = String.fromCharCode(...bytes.subarray(0, 5)) === '%PDF-';
  return isPdf ? judgeReceipt(page, bytes) : judgeSignature(page, bytes);
}

async function judgeReceipt(page: HTMLElement, bytes: Uint8Array): Promise<Outcome> {
  const keys = JSON.parse(page.dataset['keys'] ?? '{"keys":[]}');
  const checked = await checkSeal(bytes, keys);
  if (!checked.ok) return { verdict: checked.reason, notes: [], facts: [] };
  const content = checked.value;
  const standing = await checkLog(content, keys);
  return {
    verdict: 'sealed',
    notes: [`log-${standing.ok ? standing.value : standing.reason}`],
    facts: factsOf(content),
  };
}

function factsOf(content: SealedContent): Outcome['facts'] {
  const { number, madeAt, holder, document, changes, origin } = content;
  return [
    ['number', number],
    ['madeAt', new Date(madeAt).toLocaleString()],
    ['holder', [holder.name, holder.iin].filter((part) => part !== null).join(', ')],
    ['document', document ?? '—'],
    ...changes.map(
      ({ field, old, new: value }) => [`field-${field}`, `${old ?? '—'} → ${value ?? '—'}`] as const,
    ),
    ['proof', content.proof],
    ['origin', origin],
  ];
}

async function judgeSignature(page: HTMLElement, bytes: Uint8Array): Promise<Outcome> {
  await prepare();
  const own = JSON.parse(page.dataset['trust'] ?? '[]') as readonly string[];
  const certificates = own.map((base64) => Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0)));
  const trust = createTrust([...productionCertificates(), ...certificates]);
  // DER begins with a sequence. PEM and base64 are text.
  const message = bytes[0] === 0x30 ? bytes : new TextDecoder().decode(bytes);
  const verdict = verify({ message, at: new Date(), trust, revocation: 'skip' });
  return verdict.ok
    ? signed(verdict)
    : { verdict: 'notSigned', notes: [`reason-${verdict.reason}`], facts: [] };
}

function signed({ signer, content }: Extract<Verdict, { ok: true }>): Outcome {
  const { certificate, surname, name, iin } = signer;
  return {
    verdict: 'signed',
    // Only the authority knows whether the certificate was revoked, and it is not asked.
    notes: ['notRevocation'],
    facts: [
      ['holder', [surname, name, iin].filter((part) => part !== null).join(' ')],
      ['certificate', certificate.serial],
      ['issuer', certificate.issuer],
      ['until', certificate.notAfter.toLocaleString()],
      ['content', new TextDecoder().decode(content)],
    ],
  };
}

/** Shows the texts of an outcome. Values are set as text, never as markup. */
function show(page: HTMLElement, name: string, { verdict, notes, facts }: Outcome): void {
  const wanted = new Set([`verdict-${verdict}`, ...notes.map((note) => `note-${note}`)]);
  for (const text of page.querySelectorAll<HTMLElement>('[data-text]'))
    text.hidden = !wanted.has(text.dataset['text'] ?? '');
  // A reason without a text of its own is still told.
  const other = page.querySelector<HTMLElement>('[data-text="note-other"]');
  const shown = notes.every((note) => page.querySelector(`[data-text="note-${note}"]`));
  if (other) other.hidden = shown;
  const words = JSON.parse(page.dataset['words'] ?? '{}') as Readonly<Record<string, string>>;
  const list = page.querySelector('#check-facts');
  list?.replaceChildren(
    ...[['file', name] as const, ...facts].map(([term, value]) => {
      const row = document.createElement('div');
      const [head, body] = [document.createElement('dt'), document.createElement('dd')];
      head.textContent = words[term] ?? term;
      body.textContent = words[`value-${value}`] ?? value;
      row.append(head, body);
      return row;
    }),
  );
  const result = page.querySelector<HTMLElement>('#check-result');
  if (result) {
    result.hidden = false;
    result.focus();
  }
}

// Checks a receipt, its code or a signature in the page. Nothing leaves it: the content policy of
// this page allows no connection, and the same page works from a disk.

import './without-eval.ts';
import type { JSONWebKeySet } from 'jose';
import {
  createTrust,
  prepare,
  productionCertificates,
  type Trust,
  verify,
  verifyEvidence,
} from 'nca-verify/browser';
import { continues, type PublishedHead, readHeads } from '../receipt/check-log.ts';
import { mostReceiptBytes } from '../receipt/check-seal.ts';
import { judgeCode, judgeFile } from '../receipt/judge.ts';
import type { ReceiptCode } from '../receipt/receipt-code.ts';
import { verifyWith } from '../receipt/verify-signature.ts';
import { hideOutcome, type Shown, showOutcome, showTexts } from './check/show.ts';

const page = document.querySelector<HTMLElement>('#check');
if (page) start(page);

/** What the person gave so far. */
interface Given {
  file?: File;
  code?: ReceiptCode;
  heads?: readonly PublishedHead[];
  /** The heads that came with the page. Each has a signature, so they are read once. */
  ofPage?: Promise<readonly PublishedHead[] | undefined>;
  /** Counts what was given, because the check of a large file may end after that of a later one. */
  turn: number;
}

function start(page: HTMLElement): void {
  const given: Given = { turn: 0 };
  const field = <Kind extends HTMLElement>(id: string) => page.querySelector<Kind>(`#${id}`);
  page.removeAttribute('hidden');
  const input = field<HTMLInputElement>('check-file');
  input?.addEventListener('change', () => void takeFile(page, given, input.files?.[0]));
  const heads = field<HTMLInputElement>('check-heads');
  heads?.addEventListener('change', () => void takeHeads(page, given, heads.files?.[0]));
  // The same file may be chosen again, after a code was given or the file was changed.
  for (const chooser of [input, heads]) chooser?.addEventListener('click', () => forget(chooser));
  // Anywhere: a file that is dropped beside the page's parts would otherwise replace the page.
  const hasFile = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false;
  document.addEventListener('dragover', (event) => hasFile(event) && event.preventDefault());
  document.addEventListener('drop', (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    void takeFile(page, given, event.dataTransfer?.files[0]);
  });
  const code = field<HTMLInputElement>('check-code');
  const takeTyped = () => void takeCode(page, given, code?.value ?? '');
  field('check-code-button')?.addEventListener('click', takeTyped);
  // A hand scanner types the code and presses Enter.
  code?.addEventListener('keydown', ({ key }) => key === 'Enter' && takeTyped());
  // The part of the address after # stays in the browser, so a code in it is not sent, either. The
  // link to the content has a part of its own.
  const takeAddress = () => /^#\d/.test(location.hash) && void takeCode(page, given, location.hash);
  window.addEventListener('hashchange', takeAddress);
  takeAddress();
}

function forget(chooser: HTMLInputElement): void {
  chooser.value = '';
}

function keysOf(page: HTMLElement): JSONWebKeySet {
  return JSON.parse(page.dataset['keys'] ?? '{"keys":[]}');
}

async function takeFile(page: HTMLElement, given: Given, file: File | undefined): Promise<void> {
  if (!file) return;
  given.file = file;
  await show(page, given, file, async () => {
    const ofPage = given.heads === undefined;
    const bytes = new Uint8Array(
      // One byte too many is enough to see that a file is too large.
      await file.slice(0, mostReceiptBytes + 1).arrayBuffer(),
    );
    return judgeFile(bytes, {
      ...verifyWith({ verify, verifyEvidence }, keysOf(page), () => trustOf(page)),
      heads: given.heads ?? (await headsOfPage(page, given)),
      headsBy: ofPage ? 'page' : 'person',
      code: given.code,
    });
  });
}

async function takeCode(page: HTMLElement, given: Given, text: string): Promise<void> {
  await show(page, given, undefined, async () => {
    const { code, ...outcome } = await judgeCode(text, keysOf(page));
    delete given.code;
    if (code) given.code = code;
    keepInOtherLanguages(text);
    return outcome;
  });
}

/** The same page in another language opens with the same code. */
function keepInOtherLanguages(text: string): void {
  const links = document.querySelectorAll<HTMLAnchorElement>('main nav a');
  for (const link of links) link.hash = text.slice(text.lastIndexOf('#') + 1).trim();
}

/** Judges what was given, and shows the outcome unless something else was given since. */
async function show(
  page: HTMLElement,
  given: Given,
  file: File | undefined,
  judge: () => Promise<Shown>,
): Promise<void> {
  hideOutcome(page);
  given.turn += 1;
  const { turn } = given;
  const outcome = await judge().catch((): Shown => ({ verdict: 'failed', notes: [], facts: [] }));
  if (turn === given.turn) showOutcome(page, file?.name, outcome);
}

/** Takes published heads, tells what they are, and judges the file again by them. */
async function takeHeads(page: HTMLElement, given: Given, file: File | undefined): Promise<void> {
  const state = page.querySelector<HTMLElement>('#check-heads-state');
  if (!file || !state) return;
  delete given.heads;
  const read = await readHeads(await file.text(), keysOf(page));
  if (read.ok && read.value.length > 0) given.heads = read.value;
  showTexts(state, [`heads-${read.ok ? await standingOf(page, given, read.value) : read.reason}`]);
  if (given.file) await takeFile(page, given, given.file);
}

/** How published heads stand to those that came with the page. */
async function standingOf(page: HTMLElement, given: Given, heads: readonly PublishedHead[]): Promise<string> {
  if (heads.length === 0) return 'none';
  const ofPage = await headsOfPage(page, given);
  if (!ofPage) return 'right';
  const standing = continues(heads, ofPage);
  return standing.ok ? 'right' : { fork: 'otherHead', cutOff: 'cutOff' }[standing.reason];
}

function headsOfPage(page: HTMLElement, given: Given): NonNullable<Given['ofPage']> {
  given.ofPage ??= readHeadsOf(page);
  return given.ofPage;
}

async function readHeadsOf(page: HTMLElement): Promise<readonly PublishedHead[] | undefined> {
  const read = await readHeads(page.dataset['heads'] ?? '', keysOf(page));
  return read.ok && read.value.length > 0 ? read.value : undefined;
}

async function trustOf(page: HTMLElement): Promise<Trust> {
  await prepare();
  const own = JSON.parse(page.dataset['trust'] ?? '[]') as readonly string[];
  const certificates = own.map((base64) => Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0)));
  return createTrust([...productionCertificates(), ...certificates]);
}

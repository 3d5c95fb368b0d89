import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import { readHeads } from '../../../src/receipt/check-log.ts';
import { factText } from '../../../src/receipt/fact-text.ts';
import { type CheckOutcome, judgeCode, judgeFile } from '../../../src/receipt/judge.ts';
import { textsOf } from '../../../src/texts/texts.ts';
import type { CheckWorld } from '../../support/check-world.ts';

// Anybody checks a receipt, its code or a signature in a browser. The page sends nothing.

const t = textsOf('kk');

/** A tab of a browser at the page that checks. */
export interface CheckTab {
  open(url: string): Promise<void>;
  /** Chooses a file in the field with this selector. */
  choose(selector: string, path: string): Promise<void>;
  /** Focuses the field with this selector, and types. */
  type(selector: string, text: string): Promise<void>;
  press(key: 'Enter'): Promise<void>;
  /** Evaluates an expression, whose value is plain JSON. */
  read<Value>(expression: string): Promise<Value>;
  /** Waits until the expression is true. */
  until(expression: string): Promise<void>;
  /** The addresses that the page asked for since it was opened. */
  requests(): readonly string[];
  close(): Promise<void>;
}

/** What a page shows of an outcome. */
interface ShownOutcome {
  readonly verdicts: readonly string[];
  readonly notes: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const readShown = `(() => {
  const texts = document.querySelectorAll('#check-result [data-text]:not([hidden])');
  const shown = [...texts].map((one) => one.dataset.text);
  const named = (kind) => shown.filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length));
  const facts = document.querySelectorAll('#check-facts > div');
  const rows = [...facts].map((row) => [...row.children].map((one) => one.textContent));
  return { verdicts: named('verdict-'), notes: named('note-'), rows };
})()`;

const isShown = "document.querySelector('#check-result')?.hidden === false";

/** Opens the page, and waits until its script has made it ready. */
async function openReady(tab: CheckTab, url: string): Promise<void> {
  await tab.open(url);
  await tab.until("document.querySelector('#check')?.hidden === false");
}

async function outcomeOf(tab: CheckTab, act: () => Promise<void>): Promise<ShownOutcome> {
  await act();
  await tab.until(isShown);
  return tab.read<ShownOutcome>(readShown);
}

const choose = (tab: CheckTab, world: CheckWorld, name: string) =>
  outcomeOf(tab, () => tab.choose('#check-file', world.path(name)));

/** Chooses published heads, and returns the names of the texts about them. */
async function chooseHeads(tab: CheckTab, world: CheckWorld, name: string): Promise<readonly string[]> {
  const shown = "[...document.querySelectorAll('#check-heads-state [data-text]:not([hidden])')]";
  await tab.read(`${shown}.forEach((one) => { one.hidden = true; }) ?? null`);
  await tab.choose('#check-heads', world.path(name));
  await tab.until(`${shown}.length > 0`);
  return tab.read(`${shown}.map((one) => one.dataset.text.replace('heads-', ''))`);
}

/** What the page should show, from an outcome of Node.js. */
function shownBy(
  world: CheckWorld,
  file: string | undefined,
  { verdict, notes, facts }: CheckOutcome,
): ShownOutcome {
  const known = new Set<string>(Object.keys(t.check.notes));
  const order = [...known];
  const texts = notes.map((note) => (known.has(note) ? note : 'other'));
  const named = file === undefined ? facts : [{ name: 'file', value: file }, ...facts];
  const rows = named.map((fact) => factText(fact, world.words));
  return { verdicts: [verdict], notes: order.filter((note) => texts.includes(note)), rows };
}

/** Every file, and its verdict. */
const verdicts: readonly (readonly [file: string, verdict: CheckOutcome['verdict'], ...notes: string[]])[] = [
  ['right.pdf', 'sealed', 'log-promised'],
  ['logged.pdf', 'sealed', 'log-onSite'],
  ['signed.pdf', 'sealed'],
  ['signed.cms', 'signed', 'noTimeStamp', 'notRevocation'],
  ['altered-values.pdf', 'altered', 'altered-sealed'],
  ['altered-drawing.pdf', 'altered', 'altered-sealed'],
  ['altered-byte.pdf', 'altered'],
  ['altered-seal.pdf', 'broken'],
  ['foreign.pdf', 'foreign'],
  ['former-key.pdf', 'sealed'],
  ['five-megabytes.pdf', 'sealed'],
  ['too-large.pdf', 'tooLarge'],
  ['long-place.pdf', 'broken'],
  ['bare.pdf', 'noSeal'],
  ['text.txt', 'notSigned', 'reason-malformed'],
  ['picture.png', 'notSigned', 'reason-malformed'],
  ['empty.pdf', 'notSigned', 'reason-malformed'],
  ['expired.cms', 'notSigned', 'reason-expired'],
  ['expired-stamped.cms', 'signed', 'timeStamp', 'notRevocation'],
  ['stamped-late.cms', 'notSigned', 'reason-expired'],
  ['stamped-by-stranger.cms', 'notSigned', 'reason-expired'],
  ['stamped-for-another.cms', 'notSigned', 'reason-expired'],
  ['wrongly-stamped.cms', 'signed', 'wrongTimeStamp', 'notRevocation'],
  ['evidence.json', 'signedThen', 'evidence-archive', 'evidence-notRevoked'],
  ['evidence-altered.json', 'notSigned', 'reason-sealBroken'],
  ['evidence-by-stranger.json', 'notSigned', 'reason-sealBroken'],
  ['evidence-without-time.json', 'notSigned'],
  ['other.json', 'notSigned', 'reason-malformed'],
  ['untrusted.cms', 'notSigned', 'reason-untrusted'],
  ['altered.cms', 'notSigned'],
];

/** The page of the service, and the same page as a file on a disk. */
export const checkPlaces = ['on the page', 'by the file on a disk'] as const;

const addressOf = (world: CheckWorld, place: (typeof checkPlaces)[number], code = '') =>
  place === 'on the page'
    ? `${world.origin}/check?language=kk${code}`
    : `${pathToFileURL(world.path('check.html')).href}${code}`;

interface CheckJourney {
  readonly name: string;
  run(tab: CheckTab, world: CheckWorld, place: (typeof checkPlaces)[number]): Promise<void>;
}

export const checkJourneys: readonly CheckJourney[] = [
  {
    name: 'every kind of file gets the verdict that Node.js comes to, and no request leaves the page',
    async run(tab, world, place) {
      await openReady(tab, addressOf(world, place));
      for (const [file, verdict, ...notes] of verdicts) {
        const shown = await choose(tab, world, file);
        expect([file, ...shown.verdicts]).toEqual([file, verdict]);
        for (const note of notes) expect([file, shown.notes]).toEqual([file, expect.arrayContaining([note])]);
        const byNode = await judgeFile(world.files.get(file) ?? Buffer.alloc(0), world.judging);
        expect([file, shown]).toEqual([file, shownBy(world, file, byNode)]);
      }
      expect(tab.requests()).toEqual([]);
    },
  },
  {
    name: 'the sealed values stand beside the file: who, what, how and what waits',
    async run(tab, world, place) {
      await tab.open(addressOf(world, place));
      const { rows } = await choose(tab, world, 'right.pdf');
      const facts = new Map(rows.map(([term = '', text = '']) => [term, text]));
      expect(facts.get(t.requisites.apartment)).toBe('76 → 77');
      expect(facts.get(t.check.words.holder)).toContain(world.person.surname);
      expect(facts.get(t.check.words.holder)).not.toContain(world.person.iin);
      expect(facts.get(t.check.words.proof)).toBe(t.proofs['password-session']);
      expect(facts.get(t.check.words.document)).toContain(t.documentTypes['identity-card']);
      expect(Object.values(t.check.states)).toContain(facts.get(t.check.words.state));
      expect(facts.get(t.check.words.madeAt)).toContain(t.receipt.astana);
      // The values that were sealed, not those that the altered file draws.
      const altered = await choose(tab, world, 'altered-values.pdf');
      expect(altered.rows.find(([term]) => term === t.requisites.apartment)).toEqual([
        t.requisites.apartment,
        '76 → 77',
      ]);
      const signed = await choose(tab, world, 'signed.pdf');
      expect(signed.rows).toContainEqual([t.check.words.proof, t.proofs.eds]);
    },
  },
  {
    name: 'a file may be dropped anywhere on the page',
    async run(tab, world, place) {
      await openReady(tab, addressOf(world, place));
      const bytes = world.files.get('foreign.pdf')?.toString('base64');
      const shown = await outcomeOf(tab, () =>
        tab.read(`(() => {
          const dataTransfer = new DataTransfer();
          const bytes = Uint8Array.from(atob('${bytes}'), (sign) => sign.charCodeAt(0));
          dataTransfer.items.add(new File([bytes], 'foreign.pdf'));
          const drop = new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true });
          return document.querySelector('footer').dispatchEvent(drop);
        })()`),
      );
      expect(shown.verdicts).toEqual(['foreign']);
    },
  },
  {
    name: 'the QR leads to what it says and to what was not checked, and the file is compared with it',
    async run(tab, world, place) {
      const { right, foreign } = world.codes;
      // Whoever skips to the content brings no code.
      await openReady(tab, addressOf(world, place, '#main'));
      expect(await tab.read(isShown)).toBe(false);
      const shown = await outcomeOf(tab, () => tab.open(addressOf(world, place, `#${right}`)));
      expect(shown).toEqual(shownBy(world, undefined, await judgeCode(right, world.judging.keys)));
      expect([shown.verdicts, shown.notes]).toEqual([['code'], ['code-values', 'code-file']]);
      if (place === 'on the page') {
        // Whoever comes by a QR may want another language.
        const russian = await tab.read<string>('document.querySelector(\'main nav [lang="ru"]\').href');
        expect(russian).toBe(`${world.origin}/check?language=ru#${right}`);
      }
      expect((await choose(tab, world, 'right.pdf')).notes).toContain('code-same');
      expect((await choose(tab, world, 'other.pdf')).verdicts).toEqual(['otherReceipt']);
      // By a hand scanner, which types.
      const typed = await outcomeOf(tab, async () => {
        await tab.type('#check-code', `${world.origin}/check#${foreign}`);
        await tab.press('Enter');
      });
      expect([typed.verdicts, typed.notes]).toEqual([['foreignCode'], []]);
      // A code that is not right is not compared with anything. The same file is chosen again,
      // which a browser takes for no change unless the field was emptied.
      await tab.read("document.querySelector('#check-file').dispatchEvent(new Event('click'))");
      expect((await choose(tab, world, 'other.pdf')).verdicts).toEqual(['sealed']);
      expect(tab.requests()).toEqual([]);
    },
  },
  {
    name: 'a receipt is proved by heads that the person chose, and two histories and a cut tail show',
    async run(tab, world, place) {
      await openReady(tab, addressOf(world, place));
      await tab.read("document.querySelector('details').open = true");
      expect((await choose(tab, world, 'logged.pdf')).notes).toContain('log-onSite');
      const by = async (heads: string, state: string, verdict: string, ...notes: string[]) => {
        expect([heads, ...(await chooseHeads(tab, world, heads))]).toEqual([heads, state]);
        const shown = await choose(tab, world, 'logged.pdf');
        expect([heads, shown.verdicts, shown.notes]).toEqual([
          heads,
          [verdict],
          expect.arrayContaining(notes),
        ]);
        const read = await readHeads(String(world.files.get(heads)), world.judging.keys);
        const chosen = read.ok && read.value.length > 0;
        const byNode = await judgeFile(world.files.get('logged.pdf') ?? Buffer.alloc(0), {
          ...world.judging,
          ...(chosen ? { heads: read.value, headsBy: 'person' } : {}),
        });
        expect(shown).toEqual(shownBy(world, 'logged.pdf', byNode));
      };
      await by('heads.txt', 'right', 'sealed', 'log-published');
      await by('heads-of-another-history.txt', 'otherHead', 'disputed', 'log-otherHead');
      await by('heads-one-day-more.txt', 'cutOff', 'sealed', 'log-published');
      await by('heads-later.txt', 'right', 'sealed', 'log-before');
      // Heads that are not right are not used.
      await by('heads-that-do-not-meet.txt', 'fork', 'sealed', 'log-onSite');
      await by('heads-without-a-day.txt', 'gap', 'sealed', 'log-onSite');
      await by('heads-of-a-stranger.txt', 'foreign', 'sealed', 'log-onSite');
      await by('no-heads.txt', 'none', 'sealed', 'log-onSite');
      expect(tab.requests()).toEqual([]);
    },
  },
];

/** The page goes on after its server has gone. */
export async function checkWithoutNetwork(tab: CheckTab, world: CheckWorld): Promise<void> {
  const beside = await world.beside();
  await openReady(tab, `${beside.origin}/check?language=kk`);
  beside.stop();
  await expect(fetch(beside.origin)).rejects.toThrow();
  for (const [file, verdict] of [
    ['right.pdf', 'sealed'],
    ['altered-drawing.pdf', 'altered'],
    ['signed.cms', 'signed'],
  ] as const)
    expect((await choose(tab, world, file)).verdicts).toEqual([verdict]);
  expect(tab.requests()).toEqual([]);
}

import { factText } from '../../receipt/fact-text.ts';
import type { CheckOutcome, Fact } from '../../receipt/judge.ts';

/** What the page shows: an outcome, or that a fault prevented one. */
export type Shown = CheckOutcome | { readonly verdict: 'failed'; readonly notes: []; readonly facts: [] };

/** Hides the former outcome, so that nobody takes it for that of the next file. */
export function hideOutcome(page: HTMLElement): void {
  const result = page.querySelector<HTMLElement>('#check-result');
  if (result) result.hidden = true;
}

/** Shows the texts of an outcome. Values are set as text, never as markup. */
export function showOutcome(
  page: HTMLElement,
  file: string | undefined,
  { verdict, notes, facts }: Shown,
): void {
  const result = page.querySelector<HTMLElement>('#check-result');
  if (!result) return;
  // A reason without a text of its own is still told.
  const isKnown = (note: string) => result.querySelector(`[data-text="note-${note}"]`) !== null;
  const wanted = notes.map((note) => (isKnown(note) ? note : 'other'));
  showTexts(result, [`verdict-${verdict}`, ...wanted.map((note) => `note-${note}`)]);
  const words = JSON.parse(page.dataset['words'] ?? '{}') as Readonly<Record<string, string>>;
  const named = file === undefined ? facts : [{ name: 'file', value: file }, ...facts];
  result.querySelector('#check-facts')?.replaceChildren(...named.map((fact) => row(fact, words)));
  result.querySelector('#check-found')?.toggleAttribute('hidden', named.length === 0);
  result.hidden = false;
  result.focus();
}

/** Shows these texts of a part of the page, and hides its others. */
export function showTexts(part: HTMLElement, names: readonly string[]): void {
  for (const text of part.querySelectorAll<HTMLElement>('[data-text]'))
    text.hidden = !names.includes(text.dataset['text'] ?? '');
}

function row(fact: Fact, words: Readonly<Record<string, string>>): HTMLElement {
  const [term, text] = factText(fact, words);
  const [outer, head, body] = ['div', 'dt', 'dd'].map((tag) => document.createElement(tag));
  if (!outer || !head || !body) throw new Error('no elements');
  head.textContent = term;
  body.textContent = text;
  outer.append(head, body);
  return outer;
}

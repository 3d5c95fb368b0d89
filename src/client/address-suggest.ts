// Suggests addresses under a field as the person types, if the form's switch is on. Without this
// script it is a plain field with a search button beside it.
//
//   <input type="checkbox" name="kazpost" …>
//   <input name="address" data-address-suggest="/api/addresses" data-address-status="ID"
//     data-address-postcode="postcode" data-address-compare="/api/postcode"
//     data-address-elsewhere="…" data-address-one="{count} …" data-address-many="{count} …"
//     data-address-of="…" data-address-none="…" data-address-write-on="…"
//     data-address-searching="…" data-address-degraded="…">
//   <p id="ID" role="status"></p>
//
// The list marks the line that Enter would choose with 'data-activedescendant'. It reads out `one`,
// `many` and `of` itself ("{count}" or "%d" is the number of lines). The status shows `none`,
// `write-on`, `searching` and `degraded`. `data-address-postcode` names the field of the same form
// that a choice also fills in. `compare` is asked whether the two fields belong together. If they
// do not, the hint of that field (its id with "-hint") shows `elsewhere`.

import '@u-elements/u-datalist';
import { optionFor } from './address-option.ts';

interface Suggestion {
  readonly text: string;
  readonly postcode: string | null;
}

/** Milliseconds without a key press before the server is asked. */
const pause = 200;
/** Number of characters from which on the server is asked. */
const least = 2;
/** Milliseconds after which a request is given up. */
const patience = 5_000;
/** Milliseconds after which the page says that it searches. A fast answer needs no words. */
const noticeable = 600;

for (const input of document.querySelectorAll<HTMLInputElement>('input[data-address-suggest]'))
  enhance(input);

function enhance(input: HTMLInputElement): void {
  const { form } = input;
  const { addressSuggest: url, addressStatus, addressPostcode } = input.dataset;
  const { addressNone, addressDegraded, addressWriteOn, addressSearching } = input.dataset;
  if (url === undefined || form === null) return;
  const kazpost = form.querySelector<HTMLInputElement>('input[type="checkbox"][name="kazpost"]');
  const isOff = () => kazpost?.checked === false;
  const status = addressStatus === undefined ? null : document.getElementById(addressStatus);
  const field = addressPostcode === undefined ? null : form.elements.namedItem(addressPostcode);
  const postcode = field instanceof HTMLInputElement ? field : undefined;
  const list = createList(input);
  const question = createQuestion(
    url,
    (answer) => {
      const { suggestions, degraded, writeOn } = read(answer);
      list.offer(suggestions);
      const notes = [
        degraded ? addressDegraded : undefined,
        suggestions.length === 0 ? (writeOn ? addressWriteOn : addressNone) : undefined,
      ];
      say(answer === undefined ? '' : notes.filter((note) => note !== undefined).join(' '));
    },
    () => say(addressSearching ?? ''),
  );

  function toggle(): void {
    if (isOff()) {
      question.stop();
      list.offer([]);
      say('');
      list.detach();
    } else list.attach();
  }

  function typed(event: Event): void {
    if (isOff() || (event instanceof InputEvent && event.isComposing)) return;
    question.stop();
    const text = input.value.trim();
    const chosen = list.offered(input.value);
    if (chosen !== undefined) {
      say('');
      if (postcode && chosen.postcode !== null) fillIn(postcode, chosen.postcode);
    } else if (text.length < least) {
      list.offer([]);
      say('');
    } else {
      question.ask(text, pause);
    }
  }

  /** Enter is meant for the list that is about to open, so it must not submit the form before. */
  function waitForLines(event: KeyboardEvent): void {
    if (event.key === 'Enter' && question.isPending()) event.preventDefault();
  }

  function say(text: string): void {
    if (status !== null && status.textContent !== text) status.textContent = text;
  }

  // Hides what is only for browsers without a script.
  for (const search of form.querySelectorAll<HTMLElement>('[data-without-script]')) search.hidden = true;
  if (postcode) {
    // With a postcode and no address, the addresses of that postcode are offered.
    postcode.addEventListener('change', () => {
      const index = postcode.value.trim();
      if (isOff() || input.value.trim() !== '' || index.length < 6) return;
      question.stop();
      question.ask(index, 0);
    });
    const compareLater = createComparison(input, postcode, isOff);
    for (const one of [postcode, input, kazpost]) one?.addEventListener('change', compareLater);
  }
  kazpost?.addEventListener('change', toggle);
  input.addEventListener('input', typed);
  input.addEventListener('keydown', waitForLines);
  toggle();
}

/**
 * Requests lines, one request at a time. A new one replaces the former.
 * @param answered gets the answer, or undefined when there is no usable one
 * @param waiting is called when the answer takes long
 */
function createQuestion(url: string, answered: (answer: unknown) => void, waiting: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked: AbortController | undefined;

  async function send(text: string): Promise<void> {
    timer = undefined;
    const own = new AbortController();
    asked = own;
    const limit = setTimeout(() => own.abort(), patience);
    const late = setTimeout(() => {
      if (asked === own) waiting();
    }, noticeable);
    try {
      const answer = await fetchJson(url, { q: text, language: document.documentElement.lang }, own.signal);
      // The answer to an older request may arrive last.
      if (asked === own) answered(answer);
    } catch {
      // Typing an address by hand always works, so a missing answer is not shown as an error.
      if (asked === own) answered(undefined);
    } finally {
      clearTimeout(limit);
      clearTimeout(late);
      if (asked === own) asked = undefined;
    }
  }

  return {
    isPending: () => timer !== undefined || asked !== undefined,
    /** @param afterMs milliseconds to wait for another request first */
    ask(text: string, afterMs: number): void {
      timer = setTimeout(() => void send(text), afterMs);
    },
    stop(): void {
      clearTimeout(timer);
      timer = undefined;
      asked?.abort();
      asked = undefined;
    },
  };
}

/**
 * The answer of one of our addresses. Undefined when it refuses. @throws when there is no answer
 */
async function fetchJson(url: string, query: Record<string, string>, signal: AbortSignal): Promise<unknown> {
  const address = new URL(url, location.href);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  const response = await fetch(address, {
    signal,
    headers: { accept: 'application/json' },
    redirect: 'error',
  });
  return response.ok ? response.json() : undefined;
}

/** Puts a value into a field as if the person had typed it. */
function fillIn(field: HTMLInputElement, value: string): void {
  field.value = value;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  field.dispatchEvent(new Event('change', { bubbles: true }));
}

/**
 * Checks whether the postcode belongs to the address once both are filled in: after a choice, and
 * when the person leaves one of the fields.
 */
function createComparison(
  input: HTMLInputElement,
  field: HTMLInputElement,
  isOff: () => boolean,
): () => void {
  const { addressCompare, addressElsewhere } = input.dataset;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let question: AbortController | undefined;

  async function compare(): Promise<void> {
    const hint = document.getElementById(`${field.id}-hint`);
    if (hint === null || addressCompare === undefined) return;
    const pair = { postcode: field.value.trim(), address: input.value.trim() };
    let elsewhere = false;
    if (!isOff() && pair.postcode.length >= 6 && pair.address !== '') {
      const asked = new AbortController();
      question = asked;
      try {
        const answer = await fetchJson(addressCompare, pair, asked.signal);
        elsewhere = isRecord(answer) && answer['elsewhere'] === true;
      } catch {
        // Either a newer request is running, or there is no answer and therefore no hint.
        if (asked.signal.aborted) return;
      }
    }
    const text = elsewhere ? (addressElsewhere ?? '') : '';
    if (hint.textContent !== text) hint.textContent = text;
  }

  return () => {
    clearTimeout(timer);
    question?.abort();
    timer = setTimeout(() => void compare(), pause);
  };
}

/** The attributes by which the list turns its field into a combobox. */
const ofCombobox = [
  'list',
  'role',
  'aria-autocomplete',
  'aria-controls',
  'aria-expanded',
  'aria-activedescendant',
];

/** The list under a field, with the lines that are offered now. */
function createList(input: HTMLInputElement) {
  const list = listFor(input);
  let lines = new Map<string, Suggestion>();
  // The list looks for its field by `list` at a focus, a click or a key, of which it hears on the
  // document. The field has the attribute only until then: programs that read the page would assume
  // a native datalist, with which no role is allowed.
  let isFound = false;
  for (const type of ['focus', 'click', 'keydown'] as const) {
    const show = ({ target }: Event) => {
      if (target === input && list.isConnected && !isFound) input.setAttribute('list', list.id);
    };
    window.addEventListener(type, show, { capture: true });
    input.addEventListener(type, () => {
      input.removeAttribute('list');
      isFound = list.isConnected;
    });
  }
  input.addEventListener('blur', () => {
    isFound = false;
  });
  return {
    /** The suggestion whose line this text is. */
    offered: (text: string) => lines.get(text),
    attach(): void {
      if (!list.isConnected) input.after(list);
    },
    detach(): void {
      for (const name of ofCombobox) input.removeAttribute(name);
      isFound = false;
      list.remove();
    },
    offer(suggestions: readonly Suggestion[]): void {
      const offered = new Map(suggestions.map((suggestion) => [suggestion.text, suggestion]));
      lines = offered;
      const fill = () => {
        if (lines === offered)
          list.replaceChildren(...[...lines.keys()].map((text) => optionFor(text, input.value)));
      };
      if (offered.size === 0) {
        fill();
        list.hidden = true;
        if (input.hasAttribute('aria-expanded')) input.setAttribute('aria-expanded', 'false');
      } else if (list.hidden && document.activeElement === input) {
        // The list opens itself at a key or a click, but the keyboard of a phone or a voice may
        // send neither. It reads out the number of its lines when they change while it is open, so
        // they are added after the click.
        input.click();
        setTimeout(fill);
      } else {
        fill();
      }
    },
  };
}

function listFor(input: HTMLInputElement): HTMLElement {
  const { addressOne, addressMany, addressOf } = input.dataset;
  const list = document.createElement('u-datalist');
  // An English page offers Kazakh addresses, because the form takes Cyrillic letters only.
  if (document.documentElement.lang === 'en') list.lang = 'kk';
  list.id = `${input.id || input.name}-suggestions`;
  // The server has chosen the lines. The list's own filter would remove lines for typing errors and
  // former names.
  list.setAttribute('data-nofilter', '');
  // The list expects "%d". Our texts contain no Latin letters outside of placeholders and write
  // "{count}".
  const counted = (text: string) => text.replace('{count}', '%d');
  if (addressOne !== undefined) list.setAttribute('data-sr-singular', counted(addressOne));
  if (addressMany !== undefined) list.setAttribute('data-sr-plural', counted(addressMany));
  if (addressOf !== undefined) list.setAttribute('data-sr-of', addressOf);
  return list;
}

interface Answer {
  readonly suggestions: readonly Suggestion[];
  readonly degraded: boolean;
  /** The place is known, its streets are not. */
  readonly writeOn: boolean;
}

function read(answer: unknown): Answer {
  if (!isRecord(answer) || !Array.isArray(answer['suggestions']))
    return { suggestions: [], degraded: false, writeOn: false };
  const suggestions = answer['suggestions'].flatMap((entry: unknown): Suggestion[] => {
    if (!isRecord(entry) || typeof entry['text'] !== 'string') return [];
    const postcode = entry['postcode'];
    return [{ text: entry['text'], postcode: typeof postcode === 'string' ? postcode : null }];
  });
  return { suggestions, degraded: answer['degraded'] === true, writeOn: answer['writeOn'] === true };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

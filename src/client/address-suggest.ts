// Suggests addresses under a field while one types, only with the form's switch on. Without this script the field is a
// plain one with a search button beside it.
//
//   <input type="checkbox" name="kazpost" …>
//   <input name="address" data-address-suggest="/api/addresses" data-address-status="ID" data-address-postcode="postcode"
//     data-address-compare="/api/postcode" data-address-elsewhere="…" data-address-one="{count} …" data-address-many="{count} …" data-address-of="…" data-address-none="…" data-address-degraded="…">
//   <p id="ID" role="status"></p>
//
// The list marks the line that Enter would choose with 'data-activedescendant'.
// `one`, `many` and `of` are read out by the list itself ("{count}" or "%d" is the number of lines), `none` and `degraded` are shown in
// the status. `data-address-postcode` names the field of the same form that a choice fills in;
// `compare` is asked whether the two belong together, and `elsewhere` is shown in that field's hint (its id with "-hint") when they do not.

import '@u-elements/u-datalist';

interface Suggestion {
  readonly text: string;
  readonly postcode: string | null;
}

/** Milliseconds without a key before the server is asked. */
const pause = 200;
/** Characters from which on it is asked. */
const least = 2;
/** Milliseconds after which an answer is given up. */
const patience = 5_000;

for (const input of document.querySelectorAll<HTMLInputElement>('input[data-address-suggest]'))
  enhance(input);

function enhance(input: HTMLInputElement): void {
  const { form } = input;
  const { addressSuggest: url, addressStatus, addressPostcode, addressNone, addressDegraded } = input.dataset;
  const { addressCompare, addressElsewhere } = input.dataset;
  if (url === undefined || form === null) return;
  const address = new URL(url, location.href);
  const kazpost = form.querySelector<HTMLInputElement>('input[type="checkbox"][name="kazpost"]');
  const status = addressStatus === undefined ? null : document.getElementById(addressStatus);
  const list = listFor(input);
  let offered = new Map<string, Suggestion>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let question: AbortController | undefined;
  let comparing: ReturnType<typeof setTimeout> | undefined;
  let comparison: AbortController | undefined;

  function toggle(): void {
    if (kazpost?.checked === false) {
      stop();
      offer([]);
      say('');
      input.removeAttribute('list');
      for (const name of [
        'role',
        'aria-autocomplete',
        'aria-controls',
        'aria-expanded',
        'aria-activedescendant',
      ]) {
        input.removeAttribute(name);
      }
      list.remove();
    } else if (!list.isConnected) {
      input.setAttribute('list', list.id);
      input.after(list);
    }
  }

  function stop(): void {
    clearTimeout(timer);
    timer = undefined;
    question?.abort();
    question = undefined;
  }

  function typed(event: Event): void {
    if (kazpost?.checked === false || (event instanceof InputEvent && event.isComposing)) return;
    stop();
    const text = input.value.trim();
    const chosen = offered.get(input.value);
    if (chosen !== undefined) {
      choose(chosen);
    } else if (text.length < least) {
      offer([]);
      say('');
    } else {
      timer = setTimeout(() => void ask(text), pause);
    }
  }

  /** Enter means a line of the list that is about to open: it must not send the form before. */
  function waitForLines(event: KeyboardEvent): void {
    if (event.key === 'Enter' && (timer !== undefined || question !== undefined)) event.preventDefault();
  }

  async function ask(text: string): Promise<void> {
    timer = undefined;
    const asked = new AbortController();
    question = asked;
    const limit = setTimeout(() => asked.abort(), patience);
    address.searchParams.set('q', text);
    address.searchParams.set('language', document.documentElement.lang);
    try {
      const response = await fetch(address, {
        signal: asked.signal,
        headers: { accept: 'application/json' },
        redirect: 'error',
      });
      const answer: unknown = response.ok ? await response.json() : undefined;
      // An answer to an older question may come last.
      if (question !== asked) return;
      const { suggestions, degraded } = read(answer);
      offer(suggestions);
      const notes = [
        degraded ? addressDegraded : undefined,
        suggestions.length === 0 ? addressNone : undefined,
      ];
      say(response.ok ? notes.filter((note) => note !== undefined).join(' ') : '');
    } catch {
      // Typing by hand always works: no answer is no trouble of the person's.
      if (question === asked) offer([]);
    } finally {
      clearTimeout(limit);
      if (question === asked) question = undefined;
    }
  }

  function choose({ postcode }: Suggestion): void {
    say('');
    const field = addressPostcode === undefined ? null : form?.elements.namedItem(addressPostcode);
    if (postcode === null || !(field instanceof HTMLInputElement)) return;
    field.value = postcode;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.dispatchEvent(new Event('change', { bubbles: true }));
  }

  function offer(suggestions: readonly Suggestion[]): void {
    const lines = new Map(suggestions.map((suggestion) => [suggestion.text, suggestion]));
    offered = lines;
    const fill = () => {
      if (offered === lines)
        list.replaceChildren(...[...lines.keys()].map((text) => optionFor(text, input.value)));
    };
    if (lines.size === 0) {
      fill();
      list.hidden = true;
      if (input.hasAttribute('aria-expanded')) input.setAttribute('aria-expanded', 'false');
    } else if (list.hidden && document.activeElement === input) {
      // The list opens by itself at a key or a click; a phone's keyboard or a voice may send neither. It reads out how
      // many lines it holds when they change while it is open: so they come after.
      input.click();
      setTimeout(fill);
    } else {
      fill();
    }
  }

  /** Looks whether the index belongs to the address, once both stand: after a choice, and when one of them is left. */
  function compareLater(): void {
    clearTimeout(comparing);
    comparison?.abort();
    if (postcode instanceof HTMLInputElement) comparing = setTimeout(() => void compare(postcode), pause);
  }

  async function compare(field: HTMLInputElement): Promise<void> {
    const hint = document.getElementById(`${field.id}-hint`);
    if (hint === null || addressCompare === undefined) return;
    const index = field.value.trim();
    const line = input.value.trim();
    let elsewhere = false;
    if (kazpost?.checked !== false && index.length >= 6 && line !== '') {
      const asked = new AbortController();
      comparison = asked;
      const pair = new URLSearchParams({ postcode: index, address: line });
      try {
        const response = await fetch(`${addressCompare}?${pair}`, {
          signal: asked.signal,
          headers: { accept: 'application/json' },
          redirect: 'error',
        });
        const answer: unknown = response.ok ? await response.json() : undefined;
        elsewhere = isRecord(answer) && answer['elsewhere'] === true;
      } catch {
        // A newer question is on its way, or there is no answer and so no hint.
        if (asked.signal.aborted) return;
      }
    }
    const text = elsewhere ? (addressElsewhere ?? '') : '';
    if (hint.textContent !== text) hint.textContent = text;
  }

  function say(text: string): void {
    if (status !== null && status.textContent !== text) status.textContent = text;
  }

  // What works without a script steps aside.
  for (const search of form.querySelectorAll<HTMLElement>('[data-without-script]')) search.hidden = true;
  // An index alone offers its address.
  const postcode = addressPostcode === undefined ? null : form.elements.namedItem(addressPostcode);
  if (postcode instanceof HTMLInputElement) {
    postcode.addEventListener('change', () => {
      const index = postcode.value.trim();
      if (kazpost?.checked === false || input.value.trim() !== '' || index.length < 6) return;
      stop();
      void ask(index);
    });
    postcode.addEventListener('change', compareLater);
    input.addEventListener('change', compareLater);
    kazpost?.addEventListener('change', compareLater);
  }
  // The list knows its field by `list` when the field gets the focus. Left there, it would tell readers of the page that a
  // native datalist is meant, which lets a field bear no role.
  input.addEventListener('focus', () => input.removeAttribute('list'));
  input.addEventListener('blur', () => {
    if (list.isConnected) input.setAttribute('list', list.id);
  });
  kazpost?.addEventListener('change', toggle);
  input.addEventListener('input', typed);
  input.addEventListener('keydown', waitForLines);
  toggle();
}

function listFor(input: HTMLInputElement): HTMLElement {
  const { addressOne, addressMany, addressOf } = input.dataset;
  const list = document.createElement('u-datalist');
  list.id = `${input.id || input.name}-suggestions`;
  // The server has chosen the lines: a slip or a former name would not survive the list's own filter.
  list.setAttribute('data-nofilter', '');
  // The list knows "%d"; our texts hold no Latin letter and write "{count}".
  const counted = (text: string) => text.replace('{count}', '%d');
  if (addressOne !== undefined) list.setAttribute('data-sr-singular', counted(addressOne));
  if (addressMany !== undefined) list.setAttribute('data-sr-plural', counted(addressMany));
  if (addressOf !== undefined) list.setAttribute('data-sr-of', addressOf);
  return list;
}

/** One line, with the beginnings of words that were typed marked. Text only: nothing from the server becomes markup. */
function optionFor(text: string, typed: string): HTMLElement {
  const option = document.createElement('u-option');
  option.setAttribute('value', text);
  const beginnings = typed
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
  for (const [piece] of text.matchAll(/[\p{L}\p{N}]+|[^\p{L}\p{N}]+/gu)) {
    const lower = piece.toLowerCase();
    const marked = Math.max(0, ...beginnings.map((word) => (lower.startsWith(word) ? word.length : 0)));
    if (marked > 0) {
      const mark = document.createElement('mark');
      mark.textContent = piece.slice(0, marked);
      option.append(mark);
    }
    option.append(piece.slice(marked));
  }
  return option;
}

function read(answer: unknown): { readonly suggestions: readonly Suggestion[]; readonly degraded: boolean } {
  if (!isRecord(answer) || !Array.isArray(answer['suggestions'])) return { suggestions: [], degraded: false };
  const suggestions = answer['suggestions'].flatMap((entry: unknown): Suggestion[] => {
    if (!isRecord(entry) || typeof entry['text'] !== 'string') return [];
    const postcode = entry['postcode'];
    return [{ text: entry['text'], postcode: typeof postcode === 'string' ? postcode : null }];
  });
  return { suggestions, degraded: answer['degraded'] === true };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

import { vi } from 'vitest';
import { button, control, link, radio, readPage } from './page.ts';
import { readingOf } from './reading.ts';
import type { Visitor } from './visitor.ts';

/** One tab of a browser, with as few functions as a visitor needs. Selectors are CSS. */
export interface DrivenTab {
  goto(url: string): Promise<void>;
  /**
   * Runs the body of a function in the page. `args` holds its arguments. Arguments and result are
   * plain JSON.
   */
  evaluate<Value>(body: string, ...args: readonly unknown[]): Promise<Value>;
  /** Clicks the element with the pointer. */
  click(selector: string): Promise<void>;
  /** Types with the keyboard into the focused element. */
  type(text: string): Promise<void>;
  press(key: 'ArrowDown' | 'Enter' | 'Tab' | 'Backspace'): Promise<void>;
  back(): Promise<void>;
  newTab(): Promise<DrivenTab>;
  /** Closes the browser's profile. Fails when the browser complained about a page. */
  leave(): Promise<void>;
}

/** The site that is visited. */
export interface Site {
  readonly origin: string;
  /** The HTTP status of the last page; not every browser reports it. */
  status(): number;
}

const patience = { timeout: 15_000, interval: 20 };

/**
 * A visitor in a browser other than Chromium. It does not run journeys that look behind the page
 * (downloads, parallel posts).
 */
export function drivenVisitor(tab: DrivenTab, { origin, status }: Site): Visitor {
  const read = async () => readPage(await tab.evaluate<string>('return document.documentElement.outerHTML'));
  const byId = (id: string | undefined): string => `[id="${id ?? ''}"]`;
  const field = async (label: string) => byId(control(await read(), label).getAttribute('id'));

  /** Waits for the next page, by means of a mark that only the former page has. */
  const arrives = async (act: () => Promise<void>): Promise<void> => {
    await tab.evaluate('window.isLeft = true');
    await act();
    await vi.waitFor(async () => {
      const there = await tab.evaluate<boolean>(
        'return window.isLeft === undefined && document.readyState === "complete"',
      );
      if (!there) throw new Error('the next page has not come');
    }, patience);
  };

  /** Marks the one element that a person would press, and returns its selector. */
  const pressable = async (tag: 'button' | 'a', name: string): Promise<string> => {
    const marked = await tab.evaluate<number>(
      `const [tag, name] = args;
      const fold = (text) => text.replace(/\\s+/g, ' ').trim();
      for (const old of document.querySelectorAll('[data-pressed]')) old.removeAttribute('data-pressed');
      const fitting = [...document.querySelectorAll(tag)].filter((one) => one.checkVisibility()
        && fold(one.getAttribute('aria-label') ?? one.innerText ?? '') === name);
      fitting[0]?.setAttribute('data-pressed', '');
      return fitting.length;`,
      tag,
      name,
    );
    if (marked === 0) throw new Error(`nobody can press "${name}"`);
    return '[data-pressed]';
  };

  const setBox = async (label: string, on: boolean): Promise<void> => {
    const box = await field(label);
    const is = await tab.evaluate<boolean>('return document.querySelector(args[0]).checked', box);
    if (is !== on) await tab.click(box);
  };

  return {
    open: (path) => tab.goto(new URL(path, origin).href),
    async fill(label, value) {
      await tab.evaluate(
        'const field = document.querySelector(args[0]); field.focus(); field.select()',
        await field(label),
      );
      if (value === '') await tab.press('Backspace');
      else await tab.type(value);
    },
    async choose(label, option) {
      const dom = await read();
      const found = control(dom, label);
      if (found.tagName === 'FIELDSET') return tab.click(byId(radio(dom, found, option).getAttribute('id')));
      await tab.evaluate(
        `const list = document.querySelector(args[0]);
        list.value = [...list.options].find((one) => one.label.trim() === args[1]).value;
        list.dispatchEvent(new Event('change', { bubbles: true }));`,
        byId(found.getAttribute('id')),
        option,
      );
    },
    tick: (label) => setBox(label, true),
    untick: (label) => setBox(label, false),
    async press(name) {
      button(await read(), name);
      const selector = await pressable('button', name);
      await arrives(() => tab.click(selector));
    },
    async follow(text) {
      link(await read(), text);
      const selector = await pressable('a', text);
      await arrives(() => tab.click(selector));
    },
    pressAtOnce: () => Promise.reject(new Error('parallel posts are made in Chromium and over HTTP')),
    download: () => Promise.reject(new Error('downloads are made in Chromium and over HTTP')),
    back: () => arrives(() => tab.back()),
    newTab: async () => drivenVisitor(await tab.newTab(), { origin, status }),

    ...readingOf(read),
    async fieldValue(label) {
      const found = control(await read(), label);
      return tab.evaluate<string>(
        `const found = document.getElementById(args[0]) ?? [...document.querySelectorAll('legend')]
          .find((legend) => legend.innerText.trim() === args[1])?.closest('fieldset');
        if (found.tagName === 'FIELDSET') return found.querySelector('input:checked')?.labels[0].innerText.trim() ?? '';
        if (found.type === 'checkbox') return found.checked ? 'on' : '';
        return found.tagName === 'SELECT' ? found.selectedOptions[0].label.trim() : found.value;`,
        found.getAttribute('id') ?? '',
        label,
      );
    },
    path: () => tab.evaluate('return location.pathname + location.search'),
    status: async () => status(),
    leave: () => tab.leave(),
  };
}

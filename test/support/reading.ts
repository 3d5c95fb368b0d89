import type { HTMLElement } from 'node-html-parser';
import { expect } from 'vitest';
import { errorMessage, heading, labelsOf, language, title, visibleText } from './page.ts';
import type { Visitor } from './visitor.ts';

/** What a visitor reads of a page, however the page was received. */
export type Reading = Pick<
  Visitor,
  'sees' | 'doesNotSee' | 'text' | 'heading' | 'title' | 'language' | 'errorOf' | 'labels'
>;

/** Reads the page that `read` returns at each call. */
export function readingOf(read: () => HTMLElement | Promise<HTMLElement>): Reading {
  return {
    sees: async (text) => expect(visibleText(await read())).toContain(text),
    doesNotSee: async (text) => expect(visibleText(await read())).not.toContain(text),
    text: async () => visibleText(await read()),
    heading: async () => heading(await read()),
    title: async () => title(await read()),
    language: async () => language(await read()),
    errorOf: async (label) => errorMessage(await read(), label),
    labels: async () => labelsOf(await read()),
  };
}

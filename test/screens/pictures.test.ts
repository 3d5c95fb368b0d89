import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { startBrowser } from '../support/browser-visitor.ts';
import { states, takePictures } from './gallery.ts';
import { changesBetween, contactSheet } from './sheet.ts';

let browser: Browser;
const folder = mkdtempSync(join(tmpdir(), 'kabinet-pictures-'));

beforeAll(async () => {
  browser = await startBrowser();
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

// Each has moments of both clocks and random numbers: a receipt, and a session.
test.each(['receipts-number-of-a-change', 'services-as-it-is'])(
  'two runs give equal pictures: %s',
  async (name) => {
    const state = states.find((one) => one.name === name);
    if (!state) throw new Error(`there is no state ${name}`);
    const first = await takePictures(browser, state, 'kk', folder);
    const second = await takePictures(browser, state, 'kk', folder);
    expect([...second.keys()]).toHaveLength(4);
    expect(changesBetween(first, second)).toEqual([]);
  },
  // Each starts two services, which takes a busy machine more than a minute.
  180_000,
);

test('the command says which pictures changed, are new, or are gone', () => {
  const before = new Map([
    ['a.png', '1'],
    ['b.png', '2'],
    ['c.png', '3'],
  ]);
  const now = new Map([
    ['a.png', '1'],
    ['b.png', '9'],
    ['d.png', '4'],
  ]);
  expect(changesBetween(before, now)).toEqual(['changed  b.png', 'gone  c.png', 'new  d.png']);
});

test('every state has a name of its own, and a row in the contact sheet', () => {
  const names = states.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const sheet = contactSheet(['start-empty-kk-360-light.png', 'start-empty-ru-360-dark.png']);
  expect(sheet.match(/<h2>/g)).toHaveLength(1);
  expect(sheet.match(/<img /g)).toHaveLength(2);
});

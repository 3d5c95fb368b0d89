import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { languages } from '../../src/values/language.ts';
import { startBrowser } from '../support/browser-visitor.ts';
import { states, takePictures } from './gallery.ts';
import { changesBetween, contactSheet, readHashes, writeHashes } from './sheet.ts';

// Run by `npm run screens`, which passes what to take.
const { folder, only } = JSON.parse(process.env['SCREENS'] ?? '{}') as { folder: string; only: string[] };
const list = join(folder, 'hashes.txt');
const chosen = languages.filter((language) => only.includes(language));
const spoken = chosen.length === 0 ? languages : chosen;
const parts = only.filter((word) => !spoken.some((language) => language === word));
const wanted = states.filter(({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)));
const taken = new Map<string, string>();
let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  const before = readHashes(list);
  // A run for a few states keeps the pictures of the others.
  const now = only.length === 0 ? taken : new Map([...before, ...taken]);
  writeFileSync(join(folder, 'changes.txt'), changesBetween(before, now).join('\n'));
  writeHashes(list, now);
  writeFileSync(join(folder, 'index.html'), contactSheet([...now.keys()]));
});

test.each(wanted.flatMap((state) => spoken.map((language) => [state.name, language, state] as const)))(
  '%s in %s',
  async (_name, language, state) => {
    const pictures = await takePictures(browser, state, language, folder);
    expect(pictures.size).toBe(4);
    for (const [file, hash] of pictures) taken.set(file, hash);
  },
);

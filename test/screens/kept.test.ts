import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decode, indexed } from '../../scripts/indexed-png.mjs';
import { keptScreens } from '../../scripts/kept-screens.mjs';
import { root } from '../../src/platform/root.ts';
import { languages } from '../../src/values/language.ts';
import { startBrowser } from '../support/browser-visitor.ts';
import { pictureNames, states } from './gallery.ts';

const folder = join(root, 'docs/screens');

test('docs/screens has the 24 kept pictures and no other, together at most 1.5 MB', () => {
  const files = readdirSync(folder).sort();
  expect(keptScreens).toHaveLength(24);
  expect(files).toEqual(keptScreens.map((name) => `${name}.png`).sort());
  const bytes = files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  expect(bytes).toBeLessThanOrEqual(1_500_000);
});

test('each kept picture is one that the command takes', () => {
  const taken = states.flatMap((state) =>
    languages.flatMap((language) => pictureNames(state.name, language)),
  );
  expect(keptScreens.filter((name) => !taken.includes(name))).toEqual([]);
});

test('the README shows kept pictures', () => {
  const shown = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/docs\/screens\/([\w-]+)\.png/g)];
  expect(shown.length).toBeGreaterThanOrEqual(2);
  expect(shown.map(([, name]) => name).filter((name) => !keptScreens.includes(name ?? ''))).toEqual([]);
});

test('a picture with 256 colours looks the same and is smaller', async () => {
  const browser = await startBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 300, height: 200 } });
    await page.setContent(
      `<body style="background:linear-gradient(45deg,#0a5fa8,#f2b41b)">${'<p>Жеке кабинет</p>'.repeat(5)}`,
    );
    const picture = await page.screenshot();
    const small = indexed(picture);
    const [before, after] = [decode(picture), decode(small)];
    expect(new Set(before.pixels).size).toBeGreaterThan(256);
    expect(new Set(after.pixels).size).toBeLessThanOrEqual(256);
    expect([after.width, after.height]).toEqual([300, 200]);
    expect(widest(before.pixels, after.pixels)).toBeLessThanOrEqual(16);
    expect(small.length).toBeLessThan(picture.length / 2);
    expect(decode(indexed(small)).pixels).toEqual(after.pixels);
  } finally {
    await browser.close();
  }
});

/** The widest difference of one channel. */
function widest(one: Uint32Array, other: Uint32Array): number {
  return [16, 8, 0].reduce(
    (worst, shift) =>
      one.reduce(
        (most, colour, at) =>
          Math.max(most, Math.abs(((colour >> shift) & 255) - (((other[at] ?? 0) >> shift) & 255))),
        worst,
      ),
    0,
  );
}

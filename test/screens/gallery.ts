import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { Language } from '../../src/values/language.ts';
import { openLooks, outagePages, pages, problemPages, type Variant } from '../journeys/states.ts';
import { pinDatabase, pinnedPerson, pinPage, pinProcess } from './pinned.ts';

const widths = [360, 1280] as const;
const schemes = ['light', 'dark'] as const;

/** A state with its place in the contact sheet. */
export interface State {
  /** The beginning of its pictures' names: `services-requisites-filled`. */
  readonly name: string;
  readonly variant: Variant;
}

/** Every state of every page. */
export const states: readonly State[] = [
  ...Object.entries(pages).flatMap(([path, variants]) => variants.map((variant) => named(path, variant))),
  ...outagePages.map((variant) => named('outage', variant)),
  ...problemPages.map((variant) => named('problem', variant)),
];

/** The names of the pictures of a state in a language, without `.png`. */
export function pictureNames(name: string, language: Language): string[] {
  return widths.flatMap((width) => schemes.map((scheme) => pictureName(name, language, width, scheme)));
}

function pictureName(name: string, language: Language, width: number, scheme: string): string {
  return `${name}-${language}-${width}-${scheme}`;
}

function named(place: string, variant: Variant): State {
  const name = `${place === '/' ? 'start' : place} ${variant[0]}`.toLowerCase();
  return { name: name.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, ''), variant };
}

/**
 * Reaches a state on a service of its own and takes its pictures: each width, light and dark.
 * Returns the hash of each by its name.
 */
export async function takePictures(
  browser: Browser,
  { name, variant }: State,
  language: Language,
  folder: string,
): Promise<Map<string, string>> {
  mkdirSync(folder, { recursive: true });
  const taken = new Map<string, string>();
  pinProcess();
  const looks = await openLooks({
    browser,
    prepare: pinDatabase,
    invent: pinnedPerson,
    visit: { bypassPolicy: true },
  });
  try {
    const { page } = await looks.reach(language, variant, async () => undefined);
    await pinPage(page);
    for (const width of widths) {
      for (const scheme of schemes) {
        const file = `${pictureName(name, language, width, scheme)}.png`;
        const picture = await photograph(page, width, scheme);
        writeFileSync(join(folder, file), picture);
        taken.set(file, createHash('sha256').update(picture).digest('hex').slice(0, 16));
      }
    }
    await page.context().close();
  } finally {
    await looks.close();
  }
  return taken;
}

async function photograph(page: Page, width: number, colorScheme: (typeof schemes)[number]): Promise<Buffer> {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await page.setViewportSize({ width, height: width < 500 ? 780 : 900 });
  await page.evaluate(() => window.scrollTo(0, 0));
  return await page.screenshot({ fullPage: true, animations: 'disabled', caret: 'hide' });
}

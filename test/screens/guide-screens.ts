import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../src/platform/root.ts';
import { guideFile } from '../../src/texts/help/pictures.ts';
import { languages } from '../../src/values/language.ts';
import { startBrowser } from '../support/browser-visitor.ts';
import { scenes, takeGuide } from './guide.ts';

// Run by `npm run screens -- --guide`.
const { only } = JSON.parse(process.env['SCREENS'] ?? '{}') as { only: string[] };
const folder = join(root, 'src/features/help/pictures');
const chosen = languages.filter((language) => only.includes(language));

test.each(chosen.length === 0 ? languages : chosen)('the guide in %s', async (language) => {
  mkdirSync(folder, { recursive: true });
  const own = readdirSync(folder).filter((file) => file.endsWith(`-${language}.png`));
  for (const file of own) rmSync(join(folder, file));
  const browser = await startBrowser();
  try {
    await takeGuide(browser, language, folder);
  } finally {
    await browser.close();
  }
  const taken = readdirSync(folder).filter((file) => file.endsWith(`-${language}.png`));
  expect(taken).toHaveLength(Object.keys(scenes).length);
  expect(taken).toContain(guideFile('submit', language));
});

// `npm run screens`: takes pictures of every state of every page in three languages, at 360 and
// 1280 px, light and dark, into var/screens with a contact sheet, and says which pictures changed
// since the last run. `npm run screens -- kk receipt history` takes only the named languages, and
// only states whose name contains one of the other words. `--keep` copies the pictures of the
// documents to docs/screens.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildService } from './build.mjs';
import { findChromium, howToGetChromium, installChromium } from './chromium.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'var/screens');
const only = process.argv.slice(2).filter((word) => !word.startsWith('-'));

/** The pictures in docs/screens: each page in each language, narrow and wide, light and dark. */
const kept = [
  'start-empty-kk-360-light',
  'start-empty-kk-1280-light',
  'start-empty-ru-360-dark',
  'start-empty-en-1280-dark',
  'sign-in-refused-ru-360-light',
  'services-as-it-is-kk-360-light',
  'services-as-it-is-kk-1280-light',
  'services-as-it-is-ru-1280-dark',
  'services-as-it-is-en-360-dark',
  'services-requisites-filled-kk-360-light',
  'services-requisites-filled-kk-1280-light',
  'services-requisites-filled-ru-360-dark',
  'services-requisites-confirm-codes-to-type-kk-360-light',
  'services-requisites-confirm-codes-to-type-ru-1280-light',
  'services-requisites-confirm-codes-to-type-en-360-dark',
  'receipts-number-of-a-change-kk-360-light',
  'receipts-number-of-a-change-kk-1280-light',
  'receipts-number-of-a-change-ru-360-dark',
  'receipts-number-of-a-change-en-1280-light',
  'history-with-changes-and-sign-ins-kk-360-light',
  'history-with-changes-and-sign-ins-ru-1280-light',
  'history-with-changes-and-sign-ins-en-360-dark',
  'register-empty-kk-1280-light',
  'register-empty-en-360-light',
];

if (process.argv.includes('--help')) {
  console.log(
    'Usage: npm run screens -- [--keep] [WORD]…\n\nTakes pictures of every state into var/screens, or only of the languages and of the states whose name contains a WORD.',
  );
  process.exit(0);
}
if (!(findChromium() ?? installChromium())) {
  console.error(howToGetChromium);
  process.exit(1);
}
await buildService();
mkdirSync(folder, { recursive: true });
const { status } = spawnSync(
  join(root, 'node_modules/.bin/vitest'),
  ['run', '--project', 'screens', '--reporter', 'dot'],
  { cwd: root, stdio: 'inherit', env: { ...process.env, SCREENS: JSON.stringify({ folder, only }) } },
);
const changes = readFileSync(join(folder, 'changes.txt'), 'utf8');
console.log(changes === '' ? 'No picture changed.' : changes);
console.log(`The contact sheet: ${join(folder, 'index.html')}`);
if (process.argv.includes('--keep') && status === 0) {
  for (const name of kept)
    copyFileSync(join(folder, `${name}.png`), join(root, 'docs/screens', `${name}.png`));
}
process.exit(status ?? 1);

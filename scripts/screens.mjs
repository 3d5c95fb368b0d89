// `npm run screens`: takes pictures of every state of every page in three languages, at 360 and
// 1280 px, light and dark, into var/screens with a contact sheet, and says which pictures changed
// since the last run. `npm run screens -- kk receipt history` takes only the named languages, and
// only states whose name contains one of the other words. `--keep` copies the pictures of the
// documents, made small, to docs/screens. `--guide` takes those of the guide instead, into
// src/features/help/pictures, and `--memo` writes the memo with them, docs/memo.*.pdf.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildService } from './build.mjs';
import { findChromium, howToGetChromium, installChromium } from './chromium.mjs';
import { keepScreens } from './kept-screens.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'var/screens');
const other = ['guide', 'memo'].find((name) => process.argv.includes(`--${name}`));
const only = process.argv.slice(2).filter((word) => !word.startsWith('-'));

if (process.argv.includes('--help')) {
  console.log(
    'Usage: npm run screens -- [--keep | --guide | --memo] [WORD]…\n\nTakes pictures of every state into var/screens, or only of the languages and of the states whose name contains a WORD.\n--keep copies those of the documents, made small, to docs/screens.\n--guide takes those of the guide into src/features/help/pictures.\n--memo writes docs/memo.*.pdf with them.',
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
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, SCREENS: JSON.stringify({ folder, only, take: other ?? 'states' }) },
  },
);
if (other) process.exit(status ?? 1);
const changes = readFileSync(join(folder, 'changes.txt'), 'utf8');
console.log(changes === '' ? 'No picture changed.' : changes);
console.log(`The contact sheet: ${join(folder, 'index.html')}`);
if (process.argv.includes('--keep') && status === 0) keepScreens(folder, join(root, 'docs/screens'));
process.exit(status ?? 1);

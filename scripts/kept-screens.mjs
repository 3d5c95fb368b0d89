// The pictures in docs/screens: each page in each language, narrow and wide, light and dark.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { indexed } from './indexed-png.mjs';

export const keptScreens = [
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

/** Writes the kept pictures of one folder, made small, as the only pictures of another. */
export function keepScreens(from, to) {
  mkdirSync(to, { recursive: true });
  const files = keptScreens.map((name) => `${name}.png`);
  for (const file of readdirSync(to)) if (!files.includes(file)) rmSync(join(to, file));
  for (const file of files) writeFileSync(join(to, file), indexed(readFileSync(join(from, file))));
}

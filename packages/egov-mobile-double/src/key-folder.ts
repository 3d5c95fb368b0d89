/** Test keys: one key file, or a folder of them with a list, as the package nca-agent makes it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Identity, readPkcs12 } from 'nca-verify/testing';
import type { KeyKind } from './modes.ts';

/** The name of the list in the folder. */
const LIST = 'keys.json';

/** What the list calls each kind. */
const LISTED: Readonly<Record<KeyKind, string>> = {
  person: 'usual',
  stranger: 'unknown to the fund',
  firm: 'organisation',
  revoked: 'revoked',
  expired: 'expired',
  authentication: 'sign-in only',
};

/**
 * Opens a key of this kind. The person's own is looked for first, then anybody's.
 * @throws Error when the folder has none
 */
export function openListedKey(folder: string, password: string, kind: KeyKind, iin: string): Identity {
  const list = JSON.parse(readFileSync(join(folder, LIST), 'utf8')) as readonly Record<string, string>[];
  const fitting = list.filter((one) => one['kind'] === LISTED[kind]);
  const found = fitting.find((one) => one['iin'] === iin) ?? (kind === 'person' ? undefined : fitting[0]);
  if (found?.['file'] === undefined) throw new Error(`no key "${LISTED[kind]}" for ${iin} in ${folder}`);
  return openKeyFile(join(folder, found['file']), password);
}

/** Opens a PKCS#12 file. @throws Error when the password is wrong or the file has another format */
export function openKeyFile(file: string, password: string): Identity {
  return readPkcs12(readFileSync(file), password);
}

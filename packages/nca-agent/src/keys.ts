/**
 * Keys for the demonstration people, issued by our own authority, which only a demonstration
 * trusts.
 */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createTestAuthority,
  type Identity,
  type IssueOptions,
  keyFileName,
  readPkcs12,
  restoreTestAuthority,
  type TestAuthority,
  type TestPerson,
  writePkcs12,
} from 'nca-verify/testing';
import type { SignRequest } from './protocol.ts';

/** The password of every key file made here. */
export const KEY_PASSWORD = 'Qwerty12';

/** A key file, with what a person would know about it. */
export interface KeyFile {
  /** The path, relative to the folder of the keys. */
  readonly file: string;
  readonly owner: string;
  readonly iin: string;
  readonly kind:
    | 'usual'
    | 'sign-in only'
    | 'signature only'
    | 'expired'
    | 'revoked'
    | 'unknown to the fund'
    | 'organisation';
}

export interface DemoKeys {
  readonly folder: string;
  readonly files: readonly KeyFile[];
  /** Writes new revocation lists, which are valid for a week. */
  writeLists(at: Date): void;
}

const DAY = 86_400_000;

/** A person whom no fund knows. The IIN has a correct check digit. */
const STRANGER: TestPerson = { iin: '880808301002', surname: 'БЕЙТАНЫС', name: 'АДАМ' };

/** Reads people's identity data from JSON lines. */
export function readPeople(file: string): readonly TestPerson[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { iin, surname, name, patronymic } = JSON.parse(line) as Record<string, string>;
      return {
        iin: iin ?? '',
        surname: (surname ?? '').toUpperCase(),
        name: (name ?? '').toUpperCase(),
        patronymic: patronymic?.toUpperCase(),
      };
    });
}

/**
 * Makes what is missing in `folder`: CA certificates, the authority's own keys, and key files in
 * `keys/`. What exists stays unchanged.
 */
export function prepareKeys(folder: string, people: readonly TestPerson[], at: Date): DemoKeys {
  const keys = join(folder, 'keys');
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  const gost = authority(folder, 'gost2015', at);
  const rsa = authority(folder, 'rsa', at);
  const list = join(keys, 'keys.json');
  const made: KeyFile[] = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as KeyFile[]) : [];

  const add = (
    of: TestAuthority,
    person: TestPerson,
    kind: KeyFile['kind'],
    options: IssueOptions = {},
    room = person.iin,
  ): void => {
    if (made.some((one) => one.iin === person.iin && one.kind === kind)) return;
    const identity = of.issue(person, { notBefore: new Date(at.getTime() - DAY), ...options });
    mkdirSync(join(keys, room), { recursive: true, mode: 0o700 });
    const file = join(room, keyFileName(identity));
    writeFileSync(join(keys, file), writePkcs12(identity, KEY_PASSWORD), { mode: 0o600 });
    made.push({ file, owner: `${person.surname} ${person.name}`, iin: person.iin, kind });
  };
  for (const person of people) add(gost, person, 'usual');
  const [first, second] = people;
  if (first) {
    const expired = { notBefore: new Date(at.getTime() - 300 * DAY), notAfter: new Date(at.getTime() - DAY) };
    add(gost, first, 'expired', expired, 'expired');
    add(gost, first, 'revoked', {}, 'revoked');
    add(gost, first, 'organisation', { profile: 'head' }, 'organisation');
  }
  if (second) {
    add(rsa, second, 'sign-in only', { profile: 'authentication' });
    add(rsa, second, 'signature only', { profile: 'signature' });
  }
  add(gost, STRANGER, 'unknown to the fund', {}, 'unknown');
  writeFileSync(list, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });

  const keyFiles = {
    folder: keys,
    files: made,
    writeLists(now: Date) {
      const revoked = made
        .filter(({ kind }) => kind === 'revoked')
        .map(({ file }) => ({
          certificate: openKeyFile(join(keys, file), KEY_PASSWORD).certificate,
          at: new Date(now.getTime() - 3_600_000),
          reason: 1,
        }));
      const form = {
        thisUpdate: now,
        nextUpdate: new Date(now.getTime() + 7 * DAY),
        number: Math.floor(now.getTime() / 1000),
      };
      writeFileSync(join(folder, 'nca_gost.crl'), gost.crl(revoked, form));
      writeFileSync(join(folder, 'nca_rsa.crl'), rsa.crl([], form));
    },
  };
  keyFiles.writeLists(at);
  return keyFiles;
}

/** Reads an authority from its file, or makes it. */
function authority(folder: string, family: 'gost2015' | 'rsa', at: Date): TestAuthority {
  const label = family === 'rsa' ? 'rsa' : 'gost';
  const file = join(folder, `authority_${label}.json`);
  const found = existsSync(file)
    ? restoreTestAuthority(readFileSync(file, 'utf8'))
    : createTestAuthority({ family, at, name: 'DEMO' });
  if (!existsSync(file)) writeFileSync(file, found.save(), { mode: 0o600 });
  const [root, issuing] = found.certificates;
  if (root) writeFileSync(join(folder, `root_${label}.cer`), root);
  if (issuing) writeFileSync(join(folder, `nca_${label}.cer`), issuing);
  return found;
}

/**
 * Opens a key file. @throws KeyFileError when the password is wrong or the file has another format
 */
export function openKeyFile(path: string, password: string): Identity {
  return readPkcs12(readFileSync(path), password);
}

/**
 * True when NCALayer would offer this key for the request: it has every requested purpose and the
 * requested IIN, if any.
 */
export function fits({ certificate }: Identity, { purposes, iin }: SignRequest): boolean {
  const { keyUsage = [], subject } = new X509Certificate(certificate);
  return (
    purposes.every((purpose) => keyUsage.includes(purpose)) &&
    (iin === undefined || subject.split('\n').includes(`serialNumber=IIN${iin}`))
  );
}

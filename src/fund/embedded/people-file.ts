import { hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { z } from 'zod';
import type { Requisites } from '../../features/requisites/fields/fields.ts';
import { type Iin, parseIin } from '../../values/iin.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { accountShape, documentShape, filled, optional, requisitesShape } from '../http/shapes.ts';
import type { Account, IdentityDocument } from '../port.ts';

/**
 * A person as a line of `kabinet people import` describes them. The line is the complete person: a
 * missing key means null.
 */
export interface PersonLine {
  readonly iin: Iin;
  readonly surname: string;
  readonly name: string;
  readonly patronymic: string | null;
  readonly language: 'kk' | 'ru' | 'en';
  readonly status: 'active' | 'blocked' | 'deceased';
  readonly documents: readonly IdentityDocument[];
  readonly accounts: readonly Account[];
  readonly requisites: Requisites;
  /** Since when mobile and e-mail are on file, with a time zone. Null means for a long time. */
  readonly mobileSince: string | null;
  readonly emailSince: string | null;
  /** Only for a demonstration person. */
  readonly password: string | null;
}

export type PersonLineReason = 'lineNotUtf8' | 'lineNotJson' | 'lineShape' | 'lineIin' | 'linePassword';

/** A day begins at midnight in Astana. */
const since = z
  .union([z.iso.date().transform((day) => `${day}T00:00:00+05:00`), z.iso.datetime({ offset: true })])
  .refine((moment) => /^(19|20)/.test(moment), 'is not of this age')
  .nullish()
  .transform((value) => value ?? null);

// Strict, unlike for the fund's answers over HTTP: the operator who wrote the file can correct it,
// and nobody waits for it.
const person = z.strictObject({
  iin: z.string(),
  surname: filled,
  name: filled,
  patronymic: optional,
  language: z.enum(['kk', 'ru', 'en']).default('kk'),
  status: z.enum(['active', 'blocked', 'deceased']).default('active'),
  documents: z
    .array(z.strictObject(documentShape))
    .max(100)
    .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'two documents have one id'),
  accounts: z.array(z.strictObject(accountShape)).max(100),
  requisites: z.strictObject(requisitesShape),
  mobileSince: since,
  emailSince: since,
  password: optional,
});

/** No person needs so many characters. A longer line is not one of ours. */
const longestLine = 1_000_000;

/**
 * The lines of a file, split only at line feeds. `readline` also splits at U+2028, which JSON
 * allows inside a text. Rejects when the file cannot be read.
 */
export async function* readLines(file: string): AsyncGenerator<string, void> {
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 262_144 })) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > longestLine) {
      yield rest;
      rest = '';
    }
  }
  if (rest !== '') yield rest;
}

/**
 * Reads one line of the file (contract: "People, as JSON lines"). Checks its shape and refuses
 * unknown keys. The rules for requisites are not applied, because old values on file may break
 * today's. Only the IIN must be valid, because the person is found by it. A password is accepted
 * only for a demonstration. `detail` gives the place and the problem, and never repeats a value.
 */
export function parsePersonLine(
  line: string,
  { demo }: { readonly demo: boolean },
): Result<PersonLine, PersonLineReason> {
  // A decoder writes this for a byte that is not UTF-8, so the file has another encoding.
  if (line.includes('\ufffd')) return refused('lineNotUtf8');
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return refused('lineNotJson');
  }
  const parsed = person.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const place = issue?.path.join('.') ?? '';
    return refused('lineShape', `${place === '' ? '' : `${place}: `}${issue?.message ?? ''}`);
  }
  const iin = parseIin(parsed.data.iin);
  if (!iin.ok || iin.value !== parsed.data.iin) return refused('lineIin');
  if (parsed.data.password !== null && !demo) return refused('linePassword');
  return accepted({ ...parsed.data, iin: iin.value });
}

/**
 * The hashes by which a line is compared with that person's last import: SHA-256 of the person and,
 * separately, of the password. They are separate so that a new address does not set the old
 * password again. The order of keys, and whether a value is absent or null, make no difference.
 */
export function hashPersonLine({ password, ...rest }: PersonLine): {
  readonly person: Buffer;
  readonly password: Buffer;
} {
  return {
    person: sha256(canonical(rest)),
    password: password === null ? noPassword : sha256(password),
  };
}

/** The schema writes its keys in its own order, whatever the order in the file. */
function canonical(value: object): string {
  return JSON.stringify(value);
}

/** In one call: with an object for each hash it takes half as long again. */
function sha256(content: string): Buffer {
  return hash('sha256', content, 'buffer');
}

const noPassword = sha256('');

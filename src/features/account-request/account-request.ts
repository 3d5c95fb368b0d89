import type { Fund } from '../../fund/port.ts';
import type { Keys } from '../../platform/keys.ts';
import { type Iin, parseIin } from '../../values/iin.ts';
import type { CodeSettings } from '../codes/settings.ts';
import type { CommonPasswords } from '../passwords/common-passwords.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import type { TakeOverDeps } from '../requisites/take-over.ts';
import type { AttackSwitch } from './attack-switch.ts';
import type { AccountRequestSettings } from './settings.ts';
import { parseContact, type TypedContact } from './typed-contact.ts';

/**
 * The two kinds of request: `register` sets a first password, `recover` replaces a forgotten one.
 */
export type AccountRequestKind = 'register' | 'recover';

export interface AccountRequestDeps extends TakeOverDeps {
  readonly keys: Keys;
  readonly fund: Fund;
  readonly hasher: PasswordHasher;
  readonly common: CommonPasswords;
  readonly attackSwitch: AttackSwitch;
  readonly codeSettings: CodeSettings;
  readonly accountRequestSettings: AccountRequestSettings;
  /** Called when a request may be processed after `afterMs` milliseconds. */
  readonly onRequested: (afterMs: number) => void;
  /** Called when messages wait in the outbox. */
  readonly onQueued: () => void;
}

/** What was typed, in its stored form. */
export interface TypedRequest {
  readonly iin: Iin;
  readonly contact: TypedContact;
}

/**
 * What was typed, and the marks that the browser sent with it. Requests begun by the former release
 * have no marks.
 */
export type SealedRequest = TypedRequest & { readonly marks?: readonly string[] };

/**
 * Reads what a visitor typed into the two fields. The reasons are only about the form of the
 * values.
 */
export function readTypedRequest(
  typed: { readonly iin: string; readonly contact: string },
  mobilePrefixes: readonly string[],
): { readonly iin: ReturnType<typeof parseIin>; readonly contact: ReturnType<typeof parseContact> } {
  return { iin: parseIin(typed.iin), contact: parseContact(typed.contact, mobilePrefixes) };
}

/** Seals what was typed, because a row of the database must not name anybody. */
export function sealTyped(
  keys: Keys,
  hash: Buffer,
  { iin, contact }: TypedRequest,
  marks: readonly Buffer[],
): Buffer {
  const sealed: SealedRequest = { iin, contact, marks: marks.map((mark) => mark.toString('hex')) };
  return keys.seal('entry', hash.toString('hex'), JSON.stringify(sealed));
}

/**
 * Opens what was typed. Returns undefined when it was sealed for another request, or with a key
 * that no longer exists.
 */
export function openTyped(keys: Keys, hash: Buffer, sealed: Buffer): SealedRequest | undefined {
  const text = keys.open('entry', hash.toString('hex'), sealed);
  return text === undefined ? undefined : (JSON.parse(text) as SealedRequest);
}

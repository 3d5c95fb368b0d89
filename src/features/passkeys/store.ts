import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { answerSeconds } from './challenge.ts';

/** By what a browser recognises a passkey. */
export interface DescribedPasskey {
  readonly credentialId: Buffer;
  /** How a browser reaches it: `internal`, `usb`, `hybrid`. */
  readonly transports: readonly string[];
}

/** A passkey of a holder. */
export interface Passkey extends DescribedPasskey {
  readonly name: string;
  readonly createdAt: Date;
  /** Null when it was never used since it was added. */
  readonly usedAt: Date | null;
}

/** A passkey that somebody shows, with what its answer is verified by. */
export interface ShownPasskey {
  readonly holderId: string;
  readonly iin: string;
  readonly userHandle: Buffer;
  readonly publicKey: Buffer;
}

/** The passkeys of a holder, the first one added first. */
export function listPasskeys(database: Queryable, holderId: string): Promise<readonly Passkey[]> {
  return database.rows<Passkey>(sql`
    select credential_id as "credentialId", transports, name, created_at as "createdAt", used_at as "usedAt"
    from cabinet.passkey where holder_id = ${holderId} order by created_at, credential_id`);
}

/** Finds a passkey by the id that its answer names. */
export function findPasskey(database: Queryable, credentialId: Buffer): Promise<ShownPasskey | undefined> {
  return database.first<ShownPasskey>(sql`
    select holder_id as "holderId", h.iin, u.user_handle as "userHandle", k.public_key as "publicKey"
    from cabinet.passkey k join cabinet.holder h using (holder_id) join cabinet.passkey_user u using (holder_id)
    where credential_id = ${credentialId}`);
}

/** Whether a passkey is still the holder's. The caller has locked the holder's row. */
export async function hasPasskey(
  transaction: Queryable,
  holderId: string,
  credentialId: Buffer,
): Promise<boolean> {
  const row = await transaction.first(sql`
    select from cabinet.passkey where credential_id = ${credentialId} and holder_id = ${holderId}`);
  return row !== undefined;
}

/**
 * Marks a challenge as spent if it is unspent and not too old, in one statement. Returns false when
 * it is no longer valid.
 */
export async function spendPasskeyChallenge(
  database: Queryable,
  nonce: Buffer,
  givenAt: Date,
): Promise<boolean> {
  const spent = await database.run(sql`
    insert into cabinet.passkey_spent (nonce, expires_at)
    select ${nonce}, t.ends_at
    from (select ${givenAt}::timestamptz + make_interval(secs => ${answerSeconds}::int) as ends_at) t
    where t.ends_at > now()
    on conflict (nonce) do nothing`);
  return spent === 1;
}

/**
 * Stores the count of signatures that an answer gave. It must rise, except where the authenticator
 * keeps none and always says 0. One statement, so that of two copies only one is believed.
 * @returns false when it did not rise, or the passkey is gone
 */
export async function countUse(
  database: Queryable,
  credentialId: Buffer,
  { counter, backedUp }: { readonly counter: number; readonly backedUp: boolean },
): Promise<boolean> {
  const counted = await database.run(sql`
    update cabinet.passkey set counter = ${counter}::bigint, backed_up = ${backedUp}, used_at = now()
    where credential_id = ${credentialId}
      and (counter < ${counter}::bigint or (counter = 0 and ${counter}::bigint = 0))`);
  return counted === 1;
}

/**
 * Records that a passkey's count did not rise.
 * @returns whether it is time to notify the holder: once a day
 */
export async function recordCopy(
  transaction: Queryable,
  { holderId, credentialId, requestId }: { holderId: string; credentialId: Buffer; requestId: string },
): Promise<boolean> {
  const row = await transaction.first<{ isFirst: boolean }>(sql`
    with earlier as (
      select from cabinet.security_event
      where holder_id = ${holderId} and kind = 'passkey-copied' and made_at > now() - interval '1 day'),
    recorded as (
      insert into cabinet.security_event (holder_id, kind, detail, request_id)
      select ${holderId}, 'passkey-copied', jsonb_build_object('name', name), ${requestId}
      from cabinet.passkey where credential_id = ${credentialId})
    select not exists (select from earlier) as "isFirst"`);
  return row?.isFirst ?? false;
}

/**
 * The random handle by which passkeys name their holder. It is made once.
 * @param made what it becomes if there is none yet
 */
export async function readUserHandle(database: Queryable, holderId: string, made: Buffer): Promise<Buffer> {
  const row = await database.first<{ userHandle: Buffer }>(sql`
    insert into cabinet.passkey_user as u (holder_id, user_handle) values (${holderId}, ${made})
    on conflict (holder_id) do update set user_handle = u.user_handle
    returning user_handle as "userHandle"`);
  if (!row) throw new Error('no handle was written');
  return row.userHandle;
}

/** A passkey that is added. */
export interface NewPasskey {
  readonly credentialId: Buffer;
  readonly publicKey: Buffer;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly backedUp: boolean;
  readonly name: string;
  /** Whether a signature by EDS proved the holder who adds it. */
  readonly byEds: boolean;
}

/**
 * Adds a passkey of a holder. Returns false when somebody has one of this id. The caller has locked
 * the holder's row.
 */
export async function insertPasskey(
  transaction: Queryable,
  holderId: string,
  added: NewPasskey,
): Promise<boolean> {
  const inserted = await transaction.run(sql`
    insert into cabinet.passkey (credential_id, holder_id, public_key, counter, transports, backed_up, name, by_eds)
    values (${added.credentialId}, ${holderId}, ${added.publicKey}, ${added.counter}, ${[...added.transports]},
      ${added.backedUp}, ${added.name}, ${added.byEds})
    on conflict (credential_id) do nothing`);
  return inserted === 1;
}

/** Gives a passkey another name. Returns false when the holder has no such passkey. */
export async function writePasskeyName(
  database: Queryable,
  holderId: string,
  credentialId: Buffer,
  name: string,
): Promise<boolean> {
  const renamed = await database.run(sql`
    update cabinet.passkey set name = ${name} where credential_id = ${credentialId} and holder_id = ${holderId}`);
  return renamed === 1;
}

/** Removes a passkey, and returns its name. The caller has locked the holder's row and found it. */
export async function deletePasskey(
  transaction: Queryable,
  holderId: string,
  credentialId: Buffer,
): Promise<string> {
  const row = await transaction.first<{ name: string }>(sql`
    delete from cabinet.passkey where credential_id = ${credentialId} and holder_id = ${holderId} returning name`);
  if (!row) throw new Error('there was no passkey to remove');
  return row.name;
}

/** How a passkey may stand for a contact on file. */
export interface PasskeyForContacts {
  /** The passkeys that may. */
  readonly usable: readonly DescribedPasskey[];
  /** From when another one may. Null: the holder has none. */
  readonly from: Date | null;
}

/**
 * Which passkeys of a holder may stand for a contact on file: those that were added after a
 * signature by EDS, and those that are older than the waiting time.
 */
export async function readPasskeysForContacts(
  database: Queryable,
  holderId: string,
  waitHours: number,
): Promise<PasskeyForContacts> {
  const wait = sql`make_interval(hours => ${waitHours}::int)`;
  const rows = await database.rows<DescribedPasskey & { from: Date; helps: boolean }>(sql`
    select credential_id as "credentialId", transports, created_at + ${wait} as from,
      by_eds or created_at <= now() - ${wait} as helps
    from cabinet.passkey where holder_id = ${holderId} order by created_at, credential_id`);
  return {
    usable: rows.filter(({ helps }) => helps),
    from: rows.find(({ helps }) => !helps)?.from ?? null,
  };
}

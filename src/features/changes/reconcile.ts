import type { AppliedChange, AppliedQuestion, Fund } from '../../fund/port.ts';
import { randomName } from '../../platform/keys.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import type { Iin } from '../../values/iin.ts';
import { findOrCreateHolder } from '../account-request/store.ts';
import { formerRecipients } from '../contact-change/recovery-store.ts';
import { notifyHolder } from '../notices/store.ts';
import type { FieldName } from '../requisites/fields/fields.ts';
import { lockRequisites, type StoredRequisites } from '../requisites/store.ts';
import { followContacts, type TakeOverDeps, takeOver } from '../requisites/take-over.ts';
import type { ChangeEntry } from './change.ts';
import {
  findHolderOf,
  findUnknown,
  passNumbers,
  type RestoredChange,
  valuesBeforeLater,
  writeCurrent,
  writeRestored,
} from './reconcile-store.ts';

export interface ReconcileDeps extends TakeOverDeps {
  readonly fund: Fund;
}

/** What the fund has and the database has not. */
export interface Comparison {
  /** In the order in which the fund applied them. */
  readonly missing: readonly AppliedChange[];
  /** Number of changes on the fund's list. */
  readonly listed: number;
  /** Rows of that list which could not be read: nobody knows whether they are missing. */
  readonly unread: number;
  /** The highest sequence that the fund has seen. */
  readonly highest: number;
}

const atOnce = 100;

/**
 * Compares the fund's list of a day with the database. Undefined where the fund has no such list.
 * The fund is asked first, so a change that arrives there meanwhile is in the database already.
 * @throws FundUnavailable when the fund does not answer
 */
export async function compareDay(
  { fund, database }: ReconcileDeps,
  asked: AppliedQuestion,
): Promise<Comparison | undefined> {
  const missing: AppliedChange[] = [];
  let [listed, unread, highest] = [0, 0, 0];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Fund['appliedChanges']>> = await fund.appliedChanges(
      asked,
      cursor,
      atOnce,
    );
    if (!page) return undefined;
    const unknown = await findUnknown(
      database,
      page.changes.map(({ changeId }) => changeId),
    );
    missing.push(...page.changes.filter(({ changeId }) => unknown.has(changeId)));
    listed += page.changes.length + page.unread;
    unread += page.unread;
    highest = Math.max(highest, ...page.changes.map(({ sequence }) => sequence));
    cursor = page.cursor;
  } while (cursor !== null);
  return { missing, listed, unread, highest };
}

/** What became of the changes of a comparison. */
export interface Restoration {
  /** The numbers of the receipts, by the ids of the changes. */
  readonly numbers: ReadonlyMap<string, string>;
  /** Changes of people whom the fund does not know any more. */
  readonly left: readonly AppliedChange[];
}

/**
 * Records missing changes again, each with a new number, and notifies their holders. Those of one
 * holder commit together. A change that is in the database by now is passed over, so a repetition
 * does nothing.
 * @param reason why, in words that the holder reads
 */
export async function restoreChanges(
  deps: ReconcileDeps,
  { missing, highest }: Comparison,
  reason: string,
): Promise<Restoration> {
  const numbers = new Map<string, string>();
  const left: AppliedChange[] = [];
  await passNumbers(deps.database, highest);
  for (const iin of new Set(missing.map((change) => change.iin))) {
    const own = missing.filter((change) => change.iin === iin);
    const holderId = await provideHolder(deps, iin);
    if (holderId === undefined) left.push(...own);
    else for (const [id, number] of await restoreOf(deps, holderId, own, reason)) numbers.set(id, number);
  }
  return { numbers, left };
}

/**
 * The holder of an IIN. One who was lost as a whole gets their cabinet again, with the requisites
 * that the fund has now.
 */
async function provideHolder(deps: ReconcileDeps, iin: Iin): Promise<string | undefined> {
  const known = await findHolderOf(deps.database, iin);
  if (known?.hasRequisites) return known.holderId;
  const person = await deps.fund.read(iin, 0);
  if (!person) return undefined;
  const holderId = await findOrCreateHolder(deps.database, iin, 'kk');
  await takeOver(deps, holderId, person, randomName(10));
  return holderId;
}

function restoreOf(
  { database, contactSettings: { waitHours } }: ReconcileDeps,
  holderId: string,
  changes: readonly AppliedChange[],
  reason: string,
): Promise<ReadonlyMap<string, string>> {
  return database.transaction(async (tx) => {
    await lockHolder(tx, holderId);
    const unknown = await findUnknown(
      tx,
      changes.map(({ changeId }) => changeId),
    );
    const own = changes.filter(({ changeId }) => unknown.has(changeId));
    own.sort((one, other) => one.sequence - other.sequence);
    const numbers = new Map<string, string>();
    const before = await formerRecipients(tx, holderId, (await lockRequisites(tx, holderId)).values);
    const set: ChangeEntry[] = [];
    for (const change of own) {
      const stored = await lockRequisites(tx, holderId);
      const later = await valuesBeforeLater(tx, holderId, change.madeAt);
      const restored = restoredOf(change, stored, later);
      const row: RestoredChange = {
        ...restored,
        ...{ holderId, reason, number: randomName(12), requestId: randomName(10) },
      };
      await writeCurrent(tx, row);
      await writeRestored(tx, change, row);
      set.push(...restored.current);
      numbers.set(change.changeId, row.number);
    }
    // A contact that comes back waits like a new one: its proofs are lost.
    await followContacts(tx, holderId, before, set.reverse(), waitHours);
    if (own.length > 0) await notifyHolder(tx, holderId, 'change-restored');
    return numbers;
  });
}

/**
 * What a change did, as far as it can still be told. Where somebody has changed the same field
 * since, that later value stays, and the former one stands in the later change.
 */
function restoredOf(
  { fields }: AppliedChange,
  { values, revision }: StoredRequisites,
  later: ReadonlyMap<FieldName, string | null>,
): Pick<RestoredChange, 'entries' | 'current' | 'revision'> {
  const named = (Object.keys(fields) as FieldName[]).map((field) => {
    const old = later.has(field) ? (later.get(field) ?? null) : values[field];
    return { field, old, new: fields[field] ?? null };
  });
  const current = named.filter(({ field, old, new: value }) => !later.has(field) && old !== value);
  return { entries: named, current, revision: current.length > 0 ? revision + 1 : revision };
}

import type { Database } from '../../src/platform/postgres/database.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import type { Acknowledged } from './clients.ts';

/** What the service has stored, read at the end. */
export interface Written {
  /** The changes made by holders, in order of revision for each person. */
  readonly changes: readonly Change[];
  /** The fund's messages in the outbox. */
  readonly messages: readonly {
    readonly changeId: string;
    readonly fields: Readonly<Record<string, string | null>>;
    readonly delivered: boolean;
  }[];
  /** The receipt numbers in the security events of saves. */
  readonly noted: readonly string[];
  /** Our copy of each person. */
  readonly copies: ReadonlyMap<
    string,
    { readonly revision: number; readonly values: Readonly<Record<string, string | null>> }
  >;
}

export interface Change {
  readonly changeId: string;
  readonly iin: string;
  readonly formId: string;
  readonly number: string;
  readonly revision: number;
  readonly entries: readonly {
    readonly field: string;
    readonly old: string | null;
    readonly new: string | null;
  }[];
}

/** What took effect at the fund, in order, and the data on file there. */
export interface AtFund {
  readonly effects: readonly { readonly changeId: string; readonly iin: string }[];
  requisitesOf(iin: string): Readonly<Record<string, string | null>> | undefined;
}

export const faults = ['lost', 'doubled', 'out of order', 'half-written'] as const;

/**
 * What is wrong, one line each; all empty when nothing is. Lines contain only receipt numbers and
 * ids.
 */
export type Verdict = Record<(typeof faults)[number], string[]>;

/** Reads everything that `judge` compares. */
export async function readWritten(database: Database): Promise<Written> {
  const changes = await database.rows<Change>(sql`
    select change_id as "changeId", iin, form_id as "formId", number, revision, entries
    from cabinet.change join cabinet.holder using (holder_id) where made_by = 'holder' order by holder_id, revision`);
  const messages = await database.rows<Written['messages'][number]>(sql`
    select change_id as "changeId", payload -> 'fields' as fields, delivered_at is not null as delivered
    from cabinet.outbox where lane = 'fund'`);
  const noted = await database.rows<{ number: string }>(sql`
    select detail ->> 'number' as number from cabinet.security_event where kind = 'requisites-saved'`);
  const copies = await database.rows<{
    iin: string;
    revision: number;
    values: Record<string, string | null>;
  }>(sql`
    select iin, revision, jsonb_build_object('address', address, 'apartment', apartment, 'contactPhone', contact_phone) as values
    from cabinet.requisites join cabinet.holder using (holder_id)`);
  return {
    changes,
    messages,
    noted: noted.map(({ number }) => number),
    copies: new Map(copies.map(({ iin, ...copy }) => [iin, copy])),
  };
}

/** Reads what took effect at the embedded fund. Each person's changes have different times. */
export async function readEmbeddedFund(database: Database): Promise<AtFund> {
  const effects = await database.rows<AtFund['effects'][number]>(sql`
    select change_id as "changeId", iin from fund.applied_change order by applied_at`);
  const people = await database.rows<{ iin: string; requisites: Record<string, string | null> }>(sql`
    select iin, requisites from fund.person`);
  const onFile = new Map(people.map(({ iin, requisites }) => [iin, requisites]));
  return { effects, requisitesOf: (iin) => onFile.get(iin) };
}

/** Compares the clients' receipts with the history, the outbox, our copy and the fund. */
export function judge(ledger: readonly Acknowledged[], written: Written, fund: AtFund): Verdict {
  const verdict: Verdict = { lost: [], doubled: [], 'out of order': [], 'half-written': [] };
  const changes = new Map(written.changes.map((change) => [change.number, change]));
  const messages = countBy(written.messages, ({ changeId }) => changeId);
  const noted = countBy(written.noted, (number) => number);
  const effects = countBy(fund.effects, ({ changeId }) => changeId);

  for (const { formId, iin, values, numbers } of ledger) {
    const [number = ''] = numbers;
    if (new Set(numbers).size > 1) verdict.doubled.push(`one form got the receipts ${numbers.join(' and ')}`);
    const change = changes.get(number);
    if (change?.formId !== formId || change.iin !== iin) {
      verdict.lost.push(`receipt ${number} is not in the history`);
      continue;
    }
    const entered = Object.fromEntries(change.entries.map((entry) => [entry.field, entry.new]));
    if (!same(entered, values)) verdict['half-written'].push(`receipt ${number} has other values`);
    if (!effects.has(change.changeId)) verdict.lost.push(`receipt ${number} had no effect at the fund`);
  }

  for (const { changeId, number, entries } of written.changes) {
    const queued = messages.get(changeId) ?? [];
    const notes = noted.get(number)?.length ?? 0;
    if (queued.length === 0 || notes === 0)
      verdict['half-written'].push(
        `change ${number} has ${queued.length} rows in the outbox and ${notes} events`,
      );
    if (queued.length > 1 || notes > 1) verdict.doubled.push(`change ${number} was queued or noted twice`);
    const entered = Object.fromEntries(entries.map((entry) => [entry.field, entry.new]));
    if (queued.some(({ fields }) => !same(fields, entered)))
      verdict['half-written'].push(`change ${number} is queued with other values`);
    if (queued.some(({ delivered }) => !delivered)) verdict.lost.push(`change ${number} was not delivered`);
  }
  const known = new Set(written.changes.map(({ changeId }) => changeId));
  for (const changeId of messages.keys())
    if (!known.has(changeId)) verdict['half-written'].push(`${changeId} is queued without a change`);
  for (const number of noted.keys())
    if (!changes.has(number)) verdict['half-written'].push(`${number} is noted without a change`);
  const acknowledged = new Set(ledger.flatMap(({ numbers }) => numbers));
  for (const { number } of written.changes)
    if (!acknowledged.has(number)) verdict.doubled.push(`nobody was given the receipt ${number}`);
  for (const [changeId, times] of effects) {
    if (times.length > 1) verdict.doubled.push(`${changeId} took effect ${times.length} times`);
    if (!known.has(changeId)) verdict['half-written'].push(`${changeId} took effect without a change`);
  }

  for (const [iin, theirs] of countBy(ledger, (one) => one.iin))
    judgePerson(iin, theirs, written, fund, verdict);
  return verdict;
}

/** Checks one person: history, copy and effects must agree with the receipts. */
function judgePerson(
  iin: string,
  ledger: readonly Acknowledged[],
  written: Written,
  fund: AtFund,
  verdict: Verdict,
): void {
  const history = written.changes.filter((change) => change.iin === iin);
  const name = ledger[0]?.numbers[0] ?? '';
  const given = ledger.map(({ numbers }) => numbers[0] ?? '');
  const there = new Set(history.map(({ number }) => number));
  if (
    !same(
      history.map(({ number }) => number),
      given.filter((number) => there.has(number)),
    )
  )
    verdict['out of order'].push(`the history of the person of ${name} is not as the receipts`);
  history.forEach((change, index) => {
    const before = history[index - 1];
    if (!before) return;
    if (change.revision !== before.revision + 1)
      verdict['half-written'].push(`between ${before.number} and ${change.number} a revision is missing`);
    const left = Object.fromEntries(before.entries.map((entry) => [entry.field, entry.new]));
    if (change.entries.some((entry) => entry.old !== left[entry.field]))
      verdict['half-written'].push(`${change.number} does not follow ${before.number}`);
  });
  const last = history.at(-1);
  const values = last && Object.fromEntries(last.entries.map((entry) => [entry.field, entry.new]));
  const copy = written.copies.get(iin);
  if (values && (copy?.revision !== last.revision || !same(copy.values, values)))
    verdict['half-written'].push(`our copy is not as ${last.number} left it`);

  const order = new Map(history.map(({ changeId }, index) => [changeId, index]));
  const took = fund.effects
    .filter((effect) => effect.iin === iin)
    .map(({ changeId }) => order.get(changeId) ?? -1);
  if (took.some((index, at) => index < (took[at - 1] ?? -1)))
    verdict['out of order'].push(`the changes of the person of ${name} took effect in another order`);
  const onFile = fund.requisitesOf(iin);
  if (values && Object.entries(values).some(([field, value]) => onFile?.[field] !== value))
    verdict['half-written'].push(`the fund does not have what ${last?.number} says`);
}

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  return Array.isArray(value) ? value : Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1));
}

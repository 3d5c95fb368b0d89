import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { inventPerson, type PersonLine } from '../../../test/support/people.ts';
import { enrol } from '../../../test/support/service.ts';
import { settings } from '../../../test/support/settings.ts';
import { createEmbeddedFund } from '../../fund/embedded/embedded-fund-store.ts';
import { dispatchDue } from '../../platform/outbox/dispatcher.ts';
import { type Database, openDatabase } from '../../platform/postgres/database.ts';
import { json, sql } from '../../platform/postgres/sql.ts';
import type { Iin } from '../../values/iin.ts';
import { fundQueue } from './queue.ts';

// Changes that reach the embedded fund in batches: nothing that happens to one of them, or between
// two steps, may harm another.

let fresh: FreshDatabase;
let people: PersonLine[];

beforeEach(async () => {
  fresh = await freshDatabase();
  people = Array.from({ length: 5 }, (_, n) => inventPerson(n));
  // In the order in which `effects` numbers them.
  people.sort((one, other) => (one.iin < other.iin ? -1 : 1));
  for (const person of people) await enrol(fresh.database, person);
  await fresh.database.run(sql`
    insert into cabinet.requisites (holder_id, apartment, email)
    select holder_id, requisites ->> 'apartment', requisites ->> 'email' from cabinet.holder join fund.person using (iin)`);
});

afterEach(() => fresh.drop());

const queueOn = (database: Database) =>
  fundQueue({
    fund: createEmbeddedFund(database),
    database,
    contactSettings: settings.contactSettings,
  });

const deliver = (database: Database = fresh.database) => dispatchDue(database, queueOn(database));

const person = (n: number) => people[n] as PersonLine;

/** Queues a change of the apartment, with anything in the payload replaced by `different`. */
async function change(n: number, apartment: string, different: object = {}): Promise<void> {
  const { iin } = person(n);
  const payload = { iin, fields: { apartment }, expectedVersion: 0, ...different };
  await fresh.database.run(sql`
    with made as (
      insert into cabinet.change (holder_id, number, revision, made_by, proof, entries, request_id)
      select holder_id, gen_random_uuid()::text, 1, 'holder', 'password-session', '[]', 'test'
      from cabinet.holder where iin = ${iin} returning change_id, holder_id)
    insert into cabinet.outbox (holder_id, lane, change_id, payload)
    select holder_id, 'fund', change_id, ${json(payload)}::jsonb from made`);
}

/** What has taken effect at the fund, in order. */
async function effects(): Promise<readonly string[]> {
  const rows = await fresh.database.rows<{ effect: string }>(sql`
    select (select count(*) from fund.person before where before.iin < p.iin) || ': ' || (a.fields ->> 'apartment') as effect
    from fund.applied_change a join fund.person p using (iin) order by a.sequence`);
  return rows.map(({ effect }) => effect);
}

async function apartmentOf(n: number): Promise<string | undefined> {
  const row = await fresh.database.first<{ apartment: string }>(sql`
    select requisites ->> 'apartment' as apartment from fund.person where iin = ${person(n).iin}`);
  return row?.apartment;
}

async function states(): Promise<readonly string[]> {
  const rows = await fresh.database.rows<{ state: string }>(sql`
    select case when delivered_at is not null then 'delivered' when dead_at is not null then 'dead'
      when leased_until is not null then 'leased' else 'waits' end || coalesce(' ' || last_error, '') as state
    from cabinet.outbox where lane = 'fund' order by outbox_id`);
  return rows.map(({ state }) => state);
}

const endLeases = () =>
  fresh.database.run(sql`
    update cabinet.outbox set leased_until = null, next_attempt_at = now() where delivered_at is null and dead_at is null`);

/** A worker that is killed when it comes to the mark. */
const killedAtMark = (): Database => ({
  ...fresh.database,
  run: ({ text, values }) =>
    text.includes('set delivered_at')
      ? Promise.reject(new Error('killed'))
      : fresh.database.run({ text, values }),
});

describe('a batch for the embedded fund', () => {
  test('takes one statement to lease, one to apply and one to mark', async () => {
    for (let n = 0; n < 5; n += 1) await change(n, `1${n}`);
    const statements: string[] = [];
    const counted: Database = {
      ...fresh.database,
      rows: (statement) => {
        statements.push(/update cabinet.outbox|insert into fund/.exec(statement.text)?.[0] ?? statement.text);
        return fresh.database.rows(statement);
      },
      first: () => Promise.reject(new Error('a change went alone')),
      run: (statement) => {
        statements.push(/update cabinet.outbox set delivered_at/.exec(statement.text)?.[0] ?? statement.text);
        return fresh.database.run(statement);
      },
    };
    expect(await deliver(counted)).toBe(5);
    expect(statements).toEqual([
      'update cabinet.outbox',
      'insert into fund',
      'update cabinet.outbox set delivered_at',
      'update cabinet.outbox',
    ]);
    expect(await effects()).toEqual(['0: 10', '1: 11', '2: 12', '3: 13', '4: 14']);
    for (let n = 0; n < 5; n += 1) expect(await apartmentOf(n)).toBe(`1${n}`);
    // Every other field is as it was.
    const row = await fresh.database.first<{ requisites: unknown }>(
      sql`select requisites from fund.person where iin = ${person(0).iin}`,
    );
    expect(row?.requisites).toEqual({ ...person(0).requisites, apartment: '10' });
  });

  test('keeps the order of each person, with two workers at once', async () => {
    for (let round = 1; round <= 8; round += 1)
      for (let n = 0; n < 5; n += 1) await change(n, `${round}${n}`);
    const other = openDatabase(fresh.connection);
    while ((await states()).some((state) => state !== 'delivered')) {
      await Promise.all([deliver(), deliver(other)]);
    }
    await other.close();
    const applied = await effects();
    expect(applied).toHaveLength(40);
    for (let n = 0; n < 5; n += 1) {
      expect(applied.filter((effect) => effect.startsWith(`${n}:`))).toEqual(
        Array.from({ length: 8 }, (_, round) => `${n}: ${round + 1}${n}`),
      );
      expect(await apartmentOf(n)).toBe(`8${n}`);
    }
  });

  test('that fails because of one poisoned change delivers all others, and retries that one', async () => {
    await change(0, '10');
    await change(1, '11', { fields: undefined });
    await change(2, '12');
    const errors: Error[] = [];
    const delivered = dispatchDue(fresh.database, queueOn(fresh.database), (error) => errors.push(error));
    expect(await delivered).toBe(2);
    expect(errors).toHaveLength(1);
    expect(await effects()).toEqual(['0: 10', '2: 12']);
    expect(await states()).toEqual(['delivered', 'waits 23502', 'delivered']);
    expect(await apartmentOf(1)).toBe(person(1).requisites.apartment);
  });

  test('leaves out a person whom the fund does not know and one whom a branch changed', async () => {
    await enrol(fresh.database, {
      ...person(2),
      requisites: { ...person(2).requisites, apartment: 'branch' },
    });
    await change(0, '10');
    await change(1, '11', { iin: '000000000000' });
    await change(2, '12');
    await change(3, '13');
    expect(await deliver()).toBe(2);
    expect(await effects()).toEqual(['0: 10', '3: 13']);
    expect(await states()).toEqual([
      'delivered',
      'dead unknown-holder',
      'dead changed-elsewhere',
      'delivered',
    ]);
    expect(await apartmentOf(2)).toBe('branch');
    const notices = await fresh.database.rows(sql`
      select from cabinet.outbox where lane = 'notice' and payload ->> 'kind' = 'change-refused'`);
    expect(notices.length).toBeGreaterThan(0);
  });

  test('does not wait for a person whom an import has locked', async () => {
    for (let n = 0; n < 3; n += 1) await change(n, `1${n}`);
    const importing = openDatabase(fresh.connection, { max: 1 });
    let unlocked: Promise<number> | undefined;
    await importing.transaction(async (tx) => {
      await tx.run(sql`select from fund.person where iin = ${person(1).iin} for update`);
      unlocked = deliver();
      // The other two are applied and marked while it is locked.
      await expect.poll(states, { timeout: 30_000 }).toEqual(['delivered', 'leased', 'delivered']);
      expect(await effects()).toEqual(['0: 10', '2: 12']);
    });
    await importing.close();
    expect(await unlocked).toBe(3);
    expect(await effects()).toEqual(['0: 10', '1: 11', '2: 12']);
  });

  test('whose worker is killed before the mark is not applied again, not even over a branch', async () => {
    for (let n = 0; n < 3; n += 1) await change(n, `1${n}`);
    await expect(deliver(killedAtMark())).rejects.toThrow('killed');
    expect(await effects()).toEqual(['0: 10', '1: 11', '2: 12']);
    expect(await states()).toEqual(['leased', 'leased', 'leased']);
    await enrol(fresh.database, {
      ...person(1),
      requisites: { ...person(1).requisites, apartment: 'branch' },
    });
    expect(await apartmentOf(1)).toBe('branch');

    await endLeases();
    expect(await deliver()).toBe(3);
    expect(await states()).toEqual(['delivered', 'delivered', 'delivered']);
    expect(await effects()).toEqual(['0: 10', '1: 11', '2: 12']);
    expect(await apartmentOf(1)).toBe('branch');
  });

  test('of a worker that lost its lease takes effect once, and never after a later change', async () => {
    await change(0, 'first');
    await change(1, 'other');
    const { applyTogether, ...fund } = createEmbeddedFund(fresh.database);
    const slow = fundQueue({
      fund: {
        ...fund,
        applyTogether: async (changes) => {
          // Meanwhile another worker has taken all of them and a later change of the same person.
          await endLeases();
          await change(0, 'second');
          expect(await deliver()).toBe(3);
          return (await applyTogether?.(changes)) ?? new Set();
        },
      },
      database: fresh.database,
      contactSettings: settings.contactSettings,
    });
    expect(await dispatchDue(fresh.database, slow)).toBe(0);
    expect(await effects()).toEqual(['0: first', '1: other', '0: second']);
    expect(await states()).toEqual(['delivered', 'delivered', 'delivered']);
    expect(await apartmentOf(0)).toBe('second');
  });

  test('applies one change of a person at most, the earliest', async () => {
    const { applyTogether } = createEmbeddedFund(fresh.database);
    const iin = person(0).iin as Iin;
    const one = (sequence: number) => ({
      changeId: `00000000-0000-0000-0000-00000000000${sequence}`,
      iin,
      fields: { apartment: String(sequence) },
      sequence,
      expectedVersion: 0,
      madeAt: new Date(),
    });
    expect(await applyTogether?.([one(2), one(1)])).toEqual(new Set([one(1).changeId]));
    expect(await apartmentOf(0)).toBe('1');
    expect(await effects()).toEqual(['0: 1']);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { inventIinAmong } from '../../../test/support/people.ts';
import { openDatabase } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { contactHash } from './contact-hash.ts';
import { countReachability, keepReachability } from './count.ts';
import { nobodyCounted } from './count-store.ts';
import { markReturnedPost } from './returned-post.ts';

// The fund's post that came back, and how many people can be reached.

let fresh: FreshDatabase;

beforeAll(async () => {
  fresh = await freshDatabase();
});

afterAll(() => fresh.drop());

beforeEach(async () => {
  await fresh.database.run(sql`truncate cabinet.contact_state, cabinet.requisites cascade`);
  await fresh.database.run(
    sql`update cabinet.reachability set after = null, partial = '{}', counted = null, counted_at = null`,
  );
});

let number = 0;

/** A holder with an address, a mobile and an e-mail. */
async function holder(): Promise<{ iin: string; holderId: string; mobile: string; email: string }> {
  number += 1;
  const iin = inventIinAmong(number);
  const mobile = `+7701555${String(number).padStart(4, '0')}`;
  const email = `belgi.${number}@example.kz`;
  const row = await fresh.database.first<{ holderId: string }>(sql`
    with h as (insert into cabinet.holder (iin) values (${iin}) returning holder_id)
    insert into cabinet.requisites (holder_id, address, apartment, mobile_phone, email)
    select holder_id, 'Алматы қ., Абай даңғылы, 5', '7', ${mobile}, ${email} from h
    returning holder_id as "holderId"`);
  return { iin, holderId: row?.holderId ?? '', mobile, email };
}

const returned = (...lines: readonly string[]) =>
  markReturnedPost(fresh.database, async function* open() {
    yield* lines;
  });

const marked = () =>
  fresh.database.rows<{ id: string; reason: string }>(sql`
    select holder_id as id, reason from cabinet.contact_state where channel = 'post' and marked_at is not null`);

describe('letters that came back', () => {
  test('mark the address once, and their people see it', async () => {
    const { iin, holderId } = await holder();
    const unknown = inventIinAmong(900_000);
    expect(await returned(`\ufeff${iin}`, '', unknown, iin, `${iin}, 2026-11-01`)).toEqual({
      ok: true,
      read: 4,
      marked: 1,
    });
    expect(await returned(iin)).toEqual({ ok: true, read: 1, marked: 0 });
    expect(await marked()).toEqual([{ id: holderId, reason: 'returned' }]);
    const events = await fresh.database.rows(
      sql`select kind, detail from cabinet.security_event where holder_id = ${holderId}`,
    );
    expect(events).toEqual([{ kind: 'contact-marked', detail: { about: 'post', reason: 'returned' } }]);
  });

  test.each([
    ['address', '2026-10-02', 0],
    ['apartment', '2026-10-02', 0],
    ['email', '2026-10-02', 1],
    // The letter left on the day of the change, or after it.
    ['address', '2026-10-03', 1],
    ['address', '2026-10-04', 1],
  ])('that were sent before a change of the %s: on %s', async (field, sentOn, expected) => {
    const { iin, holderId } = await holder();
    // In Astana it was the third already.
    await fresh.database.run(sql`
      insert into cabinet.change (holder_id, number, revision, made_by, proof, entries, request_id, made_at)
      values (${holderId}, ${`R${number}`}, 2, 'holder', 'password-session',
        jsonb_build_array(jsonb_build_object('field', ${field}::text)), 'r', '2026-10-02T20:00:00Z')`);
    expect(await returned(`${iin},${sentOn}`)).toMatchObject({ marked: expected });
  });

  test('of more people than a portion', async () => {
    const many = [];
    for (let n = 0; n < 12; n += 1) many.push((await holder()).iin);
    const unknown = Array.from({ length: 2_300 }, (_, n) => inventIinAmong(200_000 + n));
    expect(await returned(...many.slice(0, 6), ...unknown, ...many.slice(6))).toEqual({
      ok: true,
      read: 2_312,
      marked: 12,
    });
  });

  test('a wrong line is named, without its value, and nothing is marked', async () => {
    const { iin } = await holder();
    const outcome = await returned(
      iin,
      '123',
      `${iin},2026-02-29`,
      `${iin},2028-02-29`,
      `${iin};x`,
      `${iin},2026-01-01,z`,
    );
    expect(outcome).toEqual({
      ok: false,
      problems: [
        { line: 2, reason: 'not an IIN' },
        { line: 3, reason: 'not a day such as 2026-11-30' },
        { line: 5, reason: 'not an IIN' },
        { line: 6, reason: 'more than an IIN and a day' },
      ],
    });
    expect(await marked()).toEqual([]);
  });
});

describe('the count', () => {
  const know = (
    holderId: string,
    channel: 'mobile' | 'email',
    value: string,
    what: 'proved_at' | 'marked_at',
  ) =>
    fresh.database.run(
      what === 'proved_at'
        ? sql`
          insert into cabinet.contact_state (holder_id, channel, value_hash, proved_at)
          values (${holderId}, ${channel}, ${contactHash(value)}, now())`
        : sql`
          insert into cabinet.contact_state (holder_id, channel, value_hash, marked_at)
          values (${holderId}, ${channel}, ${contactHash(value)}, now())`,
    );

  /** Five holders, of whom each is known in another way. */
  async function people() {
    const [both, email, former, bad, none] = [
      await holder(),
      await holder(),
      await holder(),
      await holder(),
      await holder(),
    ];
    await know(both.holderId, 'mobile', both.mobile, 'proved_at');
    await know(both.holderId, 'email', both.email, 'proved_at');
    await know(email.holderId, 'email', email.email, 'proved_at');
    await know(former.holderId, 'mobile', '+77010000000', 'proved_at');
    await know(former.holderId, 'email', 'former@example.kz', 'marked_at');
    await know(bad.holderId, 'mobile', bad.mobile, 'marked_at');
    await fresh.database.run(sql`
      update cabinet.requisites set confirmed_at = now() -
        case holder_id when ${both.holderId} then interval '364 days' else interval '367 days' end
      where holder_id in (${both.holderId}, ${none.holderId})`);
  }
  const expected = { holders: 5, mobileProved: 1, emailProved: 2, neitherProved: 3, confirmed: 1, marked: 1 };
  const goOn = new AbortController().signal;
  const stored = async () =>
    (await fresh.database.first<{ counted: object | null }>(sql`select counted from cabinet.reachability`))
      ?.counted;

  test('counts what is on file now, and nothing of former values', async () => {
    expect(await countReachability(fresh.database)).toEqual(nobodyCounted);
    await people();
    expect(await countReachability(fresh.database)).toEqual(expected);
    await keepReachability(fresh.database, goOn);
    expect(await stored()).toEqual(expected);
  });

  test('is made once a day', async () => {
    await people();
    await keepReachability(fresh.database, goOn);
    await holder();
    await keepReachability(fresh.database, goOn);
    expect(await stored()).toMatchObject({ holders: 5 });
    await fresh.database.run(sql`update cabinet.reachability set counted_at = now() - interval '25 hours'`);
    await keepReachability(fresh.database, goOn);
    expect(await stored()).toMatchObject({ holders: 6 });
  });

  test('of many goes on where a killed process stopped, and is made by one process at a time', async () => {
    await fresh.database.run(sql`
      with h as (
        insert into cabinet.holder (iin) select to_char(n, 'FM800000000000') from generate_series(1, 12001) n
        returning holder_id)
      insert into cabinet.requisites (holder_id) select holder_id from h`);
    const another = openDatabase(fresh.connection);
    // Killed in its second portion, before COMMIT.
    let portions = 0;
    const killed = {
      ...fresh.database,
      transaction: <Result>(work: Parameters<typeof fresh.database.transaction<Result>>[0]) =>
        fresh.database.transaction(async (tx) => {
          const done = await work(tx);
          portions += 1;
          if (portions === 2) throw new Error('killed');
          return done;
        }),
    };
    await expect(keepReachability(killed, goOn)).rejects.toThrow('killed');
    const row = await fresh.database.first<{ partial: object }>(
      sql`select partial from cabinet.reachability`,
    );
    expect(row?.partial).toMatchObject({ holders: 5_000 });
    await Promise.all([keepReachability(fresh.database, goOn), keepReachability(another, goOn)]);
    await keepReachability(another, goOn);
    expect(await stored()).toEqual({ ...nobodyCounted, holders: 12_001, neitherProved: 12_001 });
    await another.close();
  });
});

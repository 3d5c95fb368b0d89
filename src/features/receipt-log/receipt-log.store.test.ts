import { randomUUID } from 'node:crypto';
import type { JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { newSealKey } from '../../../test/support/seal-keys.ts';
import { openDatabase } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { checkLog, continues, readHeads, refuting } from '../../receipt/check-log.ts';
import type { SealedContent } from '../../receipt/sealed-content.ts';
import { createReceiptSealer, type ReceiptSealer } from '../receipt-seal/sealer.ts';
import { findInLog, keepReceiptLog } from './log.ts';
import { readDays, type UnloggedChange } from './store.ts';

// An administrator of the database changes the past. Every receipt that was given out before tells,
// beside the heads that were published.

let fresh: FreshDatabase;
let holderId: string;
let sealer: ReceiptSealer;
let keys: JSONWebKeySet;

function newSealer(): ReceiptSealer {
  return createReceiptSealer([newSealKey().secret]);
}

beforeAll(async () => {
  fresh = await freshDatabase();
  sealer = newSealer();
  keys = await sealer.published();
  const row = await fresh.database.first<{ holderId: string }>(sql`
    insert into cabinet.holder (iin) values ('900101300007') returning holder_id as "holderId"`);
  holderId = row?.holderId ?? '';
});

afterAll(() => fresh.drop());

beforeEach(async () => {
  await forge(async (run) => {
    await run(sql`truncate cabinet.receipt_leaf, cabinet.receipt_day`);
    await run(sql`delete from cabinet.change`);
  });
});

/** What somebody with all rights can do: the triggers are off. */
function forge(work: (run: (statement: ReturnType<typeof sql>) => Promise<number>) => Promise<void>) {
  return fresh.database.transaction(async (tx) => {
    await tx.run(sql`alter table cabinet.change disable trigger user`);
    await work((statement) => tx.run(statement));
    await tx.run(sql`alter table cabinet.change enable trigger user`);
  });
}

let numbers = 0;

/** A change, so many days ago. Two days ago is closed at any hour: the last day closes after a while. */
async function change(daysAgo: number, apartment = '7'): Promise<UnloggedChange> {
  numbers += 1;
  const number = `R${String(numbers).padStart(11, '0')}`;
  const entries = [{ field: 'apartment' as const, old: null, new: apartment }];
  const row = await fresh.database.first<{ changeId: string; madeAt: Date }>(sql`
    insert into cabinet.change (holder_id, number, form_id, form_hash, revision, made_by, proof, document,
      entries, request_id, made_at)
    values (${holderId}, ${number}, ${randomUUID()}, 'x', 1, 'holder', 'codes', null, ${JSON.stringify(entries)}, 'r',
      now() - make_interval(days => ${daysAgo}))
    returning change_id as "changeId", made_at as "madeAt"`);
  if (!row) throw new Error('no change');
  return { ...row, number, proof: 'codes', document: null, entries };
}

async function contentOf(one: UnloggedChange): Promise<SealedContent> {
  const log = await findInLog(fresh.database, one);
  return {
    version: 1,
    origin: 'https://cabinet.example.kz',
    number: one.number,
    madeAt: one.madeAt.toISOString(),
    holder: { name: null, iin: '9001••••0007' },
    document: null,
    changes: one.entries.map(({ field, old, new: value }) => ({ field, old, new: value })),
    proof: one.proof,
    state: 'applied',
    log: log ?? null,
  };
}

const keep = (by = sealer) => keepReceiptLog({ database: fresh.database, receiptSealer: by });

async function published(): Promise<string> {
  const days = await readDays(fresh.database, '2000-01-01');
  return days.map(({ day, size, head }) => `${day} ${size} ${head}`).join('\n');
}

async function headsOf(text: string) {
  const read = await readHeads(text, keys);
  if (!read.ok) throw new Error(`${read.reason} in line ${read.detail}`);
  return read.value;
}

describe('a receipt', () => {
  test('carries a promise on its day', async () => {
    const one = await change(0);
    await keep();
    const content = await contentOf(one);
    expect(content.log).toMatchObject({ proof: null });
    expect(await checkLog(content, keys)).toEqual({ ok: true, value: 'promised' });
  });

  test('has the same salt whether its file or the background work comes first', async () => {
    const one = await change(0);
    const first = await contentOf(one);
    await keep();
    expect((await contentOf(one)).log?.salt).toBe(first.log?.salt);
  });

  test('is proved by its own head after that day, and by the published ones', async () => {
    const day = [await change(2), await change(2), await change(2)];
    await keep();
    for (const one of day) {
      const content = await contentOf(one);
      expect(await checkLog(content, keys)).toEqual({ ok: true, value: 'included' });
      const heads = await headsOf(await published());
      expect(await checkLog(content, keys, heads)).toEqual({ ok: true, value: 'published' });
    }
  });

  test('that only promised must be fetched again once its day is published', async () => {
    const one = await change(2);
    const promised: SealedContent = { ...(await contentOf(one)) };
    await keep();
    const heads = await headsOf(await published());
    expect(await checkLog(promised, keys, heads)).toMatchObject({ ok: false, reason: 'fetchAgain' });
  });

  test('with another value, another number, or the path of a neighbour is refuted', async () => {
    const [one, other] = [await change(2, '1'), await change(2, '2')];
    await keep();
    const [content, beside] = [await contentOf(one), await contentOf(other)];
    const altered: readonly SealedContent[] = [
      { ...content, changes: [{ field: 'apartment', old: null, new: '8' }] },
      { ...content, number: 'R99999999999' },
      { ...content, madeAt: new Date(0).toISOString() },
      { ...content, proof: 'eds' },
      { ...content, log: beside.log },
      { ...content, log: content.log && { ...content.log, salt: '00'.repeat(16) } },
    ];
    for (const each of altered)
      expect(await checkLog(each, keys)).toMatchObject({ ok: false, reason: 'notInTree' });
  });

  test('reveals nothing of its neighbours: equal changes have different leaves', async () => {
    await change(2, '5');
    await change(2, '5');
    await keep();
    const leaves = await fresh.database.rows<{ leaf: Buffer }>(sql`select leaf from cabinet.receipt_leaf`);
    expect(new Set(leaves.map(({ leaf }) => leaf.toString('hex'))).size).toBe(2);
  });
});

describe('the days', () => {
  test('without a change have a head too, and each names the one before', async () => {
    await change(5);
    await keep();
    const days = await readDays(fresh.database, '2000-01-01');
    expect(days.length).toBeGreaterThan(3);
    expect(days.map(({ size }) => size)).toEqual([1, ...days.slice(1).map(() => 0)]);
    expect(await headsOf(await published())).toHaveLength(days.length);
  });

  test('are closed once, whoever does it', async () => {
    await change(2);
    await keepReceiptLog({ database: fresh.database, receiptSealer: undefined });
    const other = openDatabase(fresh.connection, { max: 2 });
    try {
      await Promise.all([keep(), keep(), keepReceiptLog({ database: other, receiptSealer: sealer })]);
    } finally {
      await other.close();
    }
    const days = await readDays(fresh.database, '2000-01-01');
    expect(new Set(days.map(({ day }) => day)).size).toBe(days.length);
    expect(days[0]?.size).toBe(1);
  });

  test('that are closed take no further leaf', async () => {
    await change(2);
    await keep();
    const late = await change(2);
    expect((await contentOf(late)).log).toBeNull();
    await keep();
    const rows = await fresh.database.rows(sql`select from cabinet.receipt_leaf where place is null`);
    expect(rows).toEqual([]);
  });
});

describe('somebody who rewrites the past', () => {
  async function given() {
    const day = [await change(2, '1'), await change(2, '2'), await change(2, '3')];
    await keep();
    const receipts = await Promise.all(day.map(contentOf));
    return { day, receipts, before: await headsOf(await published()) };
  }

  /** The log made anew, with the keys of the service. */
  async function remake() {
    await forge(async (run) => {
      await run(sql`truncate cabinet.receipt_leaf, cabinet.receipt_day`);
    });
    await keep();
    return headsOf(await published());
  }

  async function expectRefuted(
    receipts: readonly SealedContent[],
    after: Awaited<ReturnType<typeof headsOf>>,
  ) {
    for (const receipt of receipts) {
      expect(await checkLog(receipt, keys)).toMatchObject({ ok: true });
      expect(await checkLog(receipt, keys, after)).toMatchObject({ ok: false, reason: 'otherHead' });
    }
  }

  test('and alters a change is found out by every receipt of that day', async () => {
    const { day, receipts } = await given();
    await forge(async (run) => {
      await run(sql`update cabinet.change set proof = 'eds' where change_id = ${day[1]?.changeId ?? ''}`);
    });
    await expectRefuted(receipts, await remake());
  });

  test('and reorders or removes changes is found out too', async () => {
    const { day, receipts } = await given();
    await forge(async (run) => {
      await run(sql`update cabinet.change set made_at = made_at - interval '1 second'
        where change_id = ${day[2]?.changeId ?? ''}`);
    });
    await expectRefuted(receipts, await remake());
    await forge(async (run) => {
      await run(sql`delete from cabinet.receipt_leaf`);
      await run(sql`delete from cabinet.change where change_id = ${day[0]?.changeId ?? ''}`);
    });
    await expectRefuted(receipts, await remake());
  });

  test('and cuts the tail is found out by every receipt of it, and by heads published before', async () => {
    await change(4);
    const { day, receipts, before } = await given();
    await forge(async (run) => {
      await run(sql`delete from cabinet.receipt_leaf where day >= ${receipts[0]?.log?.day ?? ''}::date`);
      await run(sql`delete from cabinet.receipt_day where day >= ${receipts[0]?.log?.day ?? ''}::date`);
      await run(
        sql`delete from cabinet.change where change_id = any(${day.map(({ changeId }) => changeId)})`,
      );
    });
    const cut = await headsOf(await published());
    expect(cut).toHaveLength(2);
    for (const receipt of receipts)
      expect(await checkLog(receipt, keys, cut)).toMatchObject({ ok: false, reason: 'cutOff' });
    expect(continues(before, cut)).toEqual({ ok: false, reason: 'cutOff', detail: cut.at(-1)?.day });
    // The service goes on, as if those days had been empty.
    await keep();
    const after = await headsOf(await published());
    for (const receipt of receipts)
      expect(await checkLog(receipt, keys, after)).toMatchObject({ ok: false, reason: 'otherHead' });
    expect(continues(before, after)).toMatchObject({ reason: 'fork', detail: receipts[0]?.log?.day });
  });

  test('while a receipt has only a promise is found out by the file that the promise leads to', async () => {
    const one = await change(2, '1');
    await change(2, '2');
    const promised = await contentOf(one);
    await forge(async (run) => {
      await run(sql`update cabinet.change set proof = 'eds' where change_id = ${one.changeId}`);
    });
    await remake();
    const { log } = await contentOf(one);
    expect(log?.proof).not.toBeNull();
    const kept = { ...promised, log: promised.log && { ...promised.log, proof: log?.proof ?? null } };
    expect(await checkLog(kept, keys)).toMatchObject({ ok: false, reason: 'notInTree' });
  });

  test('is not suspected where heads only begin later or end earlier', async () => {
    const old = await change(4);
    const { receipts, before } = await given();
    expect(continues(before.slice(0, 1), before)).toEqual({ ok: true, value: 1 });
    expect(continues(before, before)).toEqual({ ok: true, value: before.length });
    expect(continues(before.slice(0, 1), before.slice(1))).toEqual({ ok: true, value: 0 });
    const [first, last] = [await contentOf(old), receipts[0]];
    expect(await checkLog(first, keys, before.slice(1))).toMatchObject({ ok: false, reason: 'before' });
    expect(last && (await checkLog(last, keys, before.slice(0, 1)))).toMatchObject({ reason: 'cutOff' });
    for (const reason of ['before', 'cutOff', 'fetchAgain'] as const)
      expect(refuting.has(reason)).toBe(false);
  });

  test('and forks the history is found out by the heads alone', async () => {
    await change(4);
    await keep();
    const stranger = await newSealer().published();
    const [first = '', second = '', ...rest] = (await published()).split('\n');
    const read = (...lines: readonly string[]) => readHeads(lines.join('\n'), keys);
    expect(await readHeads(first, stranger)).toMatchObject({ reason: 'foreign' });
    expect(await read(second, first)).toMatchObject({ reason: 'gap', detail: '2' });
    expect(await read(first, ...rest)).toMatchObject({ reason: 'gap' });
    // The same days, made anew after a change was added: each head holds, and they do not meet.
    await change(4);
    await remake();
    const [, other = ''] = (await published()).split('\n');
    expect(await read(first, other)).toMatchObject({ reason: 'fork', detail: '2' });
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { packagedBinaries } from 'local-postgres/programs';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sealAll } from '../../src/features/operations/audit.ts';
import { createHeadFile, readKeptHead } from '../../src/features/operations/audit-head-file.ts';
import { raiseMark } from '../../src/features/operations/database-state-store.ts';
import { createDatabaseWatch, type Setback } from '../../src/features/operations/database-watch.ts';
import { createKeys } from '../../src/platform/keys.ts';
import { type Database, openDatabase } from '../../src/platform/postgres/database.ts';
import { migrate } from '../../src/platform/postgres/migrate.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type Pair, startPair } from '../chaos/standby.ts';

// A failover that loses nothing raises no alarm. A former leader that takes over again, without
// what was acknowledged since, does: in a process that has seen it, and in one that has only the
// kept head. The role that asks owns the tables and is no superuser.

const keys = createKeys(['k'.repeat(32)]);
let folder: string;
let pair: Pair;
let database: Database;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kabinet-behind-'));
  pair = await startPair(await packagedBinaries(join(folder, 'libraries')));
  await migrate({ connectionString: pair.url }, { info: () => undefined });
  database = openDatabase({ connectionString: pair.url });
});

afterAll(async () => {
  await database.close();
  await pair.close();
  await rm(folder, { recursive: true });
});

/** One process, with its own log. */
function watching({ kept = 'none', requireSynchronous = true } = {}) {
  const lines: { readonly level: number; readonly msg: string }[] = [];
  const found: Setback[] = [];
  const watch = createDatabaseWatch({
    database,
    log: pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) }),
    requireSynchronous,
    keptHead: () => readKeptHead(join(folder, kept)),
    onSetback: (by) => found.push(by),
  });
  const said = (level: number) => lines.splice(0).flatMap((line) => (line.level === level ? [line.msg] : []));
  return { watch, found, warned: () => said(40), errors: () => said(50), lines };
}

/** The database's next connection may still be one to the former leader. */
async function afterMove(look: () => Promise<void>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    try {
      return await look();
    } catch {
      await pause(50);
    }
  }
  throw new Error('the database did not come back');
}

async function saveSomething(file?: string): Promise<void> {
  await database.run(sql`
    with holder as (
      insert into cabinet.holder (iin) values ('000000000000') on conflict (iin) do update set iin = excluded.iin
      returning holder_id)
    insert into cabinet.security_event (holder_id, kind) select holder_id, 'one' from holder`);
  const keep = createHeadFile(file && join(folder, file), (error) => {
    throw error;
  });
  await sealAll(database, keys, keep);
  await raiseMark(database);
}

test('only what is lost is noticed', async () => {
  const one = watching();
  await saveSomething();
  await one.watch.look();
  expect(one.lines).toEqual([]);
  expect(one.watch.gauges()).toMatchObject({ timeline: 1, synchronous: true });

  await pair.failOver();
  await afterMove(one.watch.look);
  expect(one.watch.gauges()).toMatchObject({ timeline: 2 });
  expect(one.found).toEqual([]);
  // The promoted one has no standby now.
  expect(one.lines.map(({ msg }) => msg)).toEqual([
    expect.stringContaining('does not wait for a standby'),
    'the database has another leader',
    'the sealed log is as it was',
  ]);
  one.lines.splice(0);
  // It is said once, and by nobody who was not asked to watch for it.
  await one.watch.look();
  expect(one.lines).toEqual([]);
  const unasked = watching({ requireSynchronous: false });
  await unasked.watch.look();
  expect(unasked.watch.gauges()).toEqual({ timeline: 2, synchronous: undefined });
  expect(unasked.lines).toEqual([]);

  // What the new leader acknowledges, the former one does not have.
  await saveSomething('head');
  await one.watch.look();
  await pair.returnToFirst();
  await afterMove(one.watch.look);
  expect(one.found).toEqual(['timeline', 'mark', 'seal']);
  expect(one.errors()).toEqual([expect.stringContaining('behind what was seen of it')]);
  const alert = await database.first(sql`
    select detail -> 'by' as by, detail #>> '{before,timeline}' as before, detail #>> '{now,timeline}' as now
    from cabinet.alert where kind = 'database-behind' and ended_at is null`);
  expect(alert).toEqual({ by: ['timeline', 'mark', 'seal'], before: '2', now: '1' });

  // It is noticed once, and a process that starts now finds it by the head that was kept.
  await one.watch.look();
  expect(one.found).toHaveLength(3);
  const late = watching({ kept: 'head' });
  await late.watch.look();
  expect(late.found).toEqual(['seal']);
  const blind = watching();
  await blind.watch.look();
  expect(blind.found).toEqual([]);
});

test('a seal that was made anew counts as gone', async () => {
  const one = watching();
  await saveSomething();
  await one.watch.look();
  await database.run(sql`
    update cabinet.audit_seal set head = 'x' where seal_id = (select max(seal_id) from cabinet.audit_seal)`);
  await one.watch.look();
  expect(one.found).toEqual(['seal']);
});

test('an alert that could not be stored is stored later', async () => {
  await database.run(sql`update cabinet.alert set ended_at = now() where kind = 'database-behind'`);
  const one = watching();
  await one.watch.look();
  await database.run(sql`update cabinet.database_mark set mark = 0`);
  await database.run(sql`alter table cabinet.alert rename to alert_away`);
  await expect(one.watch.look()).rejects.toThrow('cabinet.alert');
  expect(one.found).toEqual(['mark']);
  await database.run(sql`alter table cabinet.alert_away rename to alert`);
  await one.watch.look();
  expect(one.found).toEqual(['mark']);
  const open = await database.rows(
    sql`select from cabinet.alert where kind = 'database-behind' and ended_at is null`,
  );
  expect(open).toHaveLength(1);
});

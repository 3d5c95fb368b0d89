import { expect, test } from 'vitest';
import { DatabaseAway } from '../outage.ts';
import type { Database, Queryable } from './database.ts';
import { sql } from './sql.ts';
import { createStandby } from './standby.ts';

// What decides whether a standby is read, with a clock of the test. The same with two PostgreSQL is
// in test/processes/standby-reading.test.ts.

interface Side {
  system: string;
  position: number | null;
  /** Undefined: it answers. */
  fault?: Error | 'silent' | undefined;
}

const asked = sql`select 1`;

function setUp(standby: Partial<Side> = {}) {
  const leader: Side = { system: 'one', position: 100 };
  const replica: Side = { system: 'one', position: 100, ...standby };
  const clock = { now: 0 };
  const heard: boolean[] = [];
  let pinned = 0;
  const side = (of: Side): Queryable => {
    const answer = async () => {
      if (of.fault === 'silent') await new Promise(() => undefined);
      if (of.fault) throw of.fault;
      return { system: of.system, position: of.position } as never;
    };
    return { rows: async () => [await answer()], first: answer, run: async () => ((await answer()) ? 1 : 0) };
  };
  const database = {
    ...side(replica),
    async batch<Value>(work: (connection: Queryable) => Promise<Value>) {
      pinned += 1;
      return work(side(replica)).finally(() => {
        pinned -= 1;
      });
    },
  } as Database;
  const made = createStandby(side(leader), database, {
    now: () => clock.now,
    onLeader: (isAway) => heard.push(isAway),
  });
  return { leader, replica, clock, heard, standby: made, pinned: () => pinned };
}

/** Whether it may be read; the connection is given back. */
async function isRead({ standby }: ReturnType<typeof setUp>): Promise<boolean> {
  const reading = await standby.read();
  reading?.release();
  return reading !== undefined;
}

test('it is read after a look at the leader, and never before', async () => {
  const all = setUp();
  expect(await isRead(all)).toBe(false);
  await all.standby.look();
  expect(all.standby.readable).toBe(true);
  expect(await isRead(all)).toBe(true);
  expect(all.pinned()).toBe(0);
});

test.each([
  ['has replayed too little', { position: 99 }],
  ['is of another database', { system: 'two' }],
  ['has never replayed anything', { position: null }],
  ['does not answer', { fault: new DatabaseAway('ECONNREFUSED') }],
] as const)('one that %s is not read, and its connection is given back', async (_what, different) => {
  const all = setUp(different);
  await all.standby.look();
  expect(all.standby.readable).toBe(false);
  expect(await isRead(all)).toBe(false);
  expect(all.pinned()).toBe(0);
});

test('less than five seconds behind is near enough, and shown with that time', async () => {
  const all = setUp();
  await all.standby.look();
  all.leader.position = 200;
  all.clock.now = 4_999;
  await all.standby.look();
  expect(await isRead(all)).toBe(true);
  all.clock.now = 5_000;
  await all.standby.look();
  expect(await isRead(all)).toBe(false);
  all.replica.position = 200;
  expect(await isRead(all)).toBe(true);
});

test('it ends five minutes after the leader was last seen', async () => {
  const all = setUp();
  await all.standby.look();
  all.leader.fault = new DatabaseAway('ECONNREFUSED');
  all.clock.now = 5 * 60_000;
  await all.standby.look();
  expect(await isRead(all)).toBe(true);
  all.clock.now += 1;
  expect(await isRead(all)).toBe(false);
  await all.standby.look();
  expect(all.standby.readable).toBe(false);
});

test('a leader that refuses counts as away at once, one that is silent after three seconds', async () => {
  const all = setUp();
  expect(all.standby.leaderIsAway()).toBe(false);
  await all.standby.look();
  expect(all.standby.leaderIsAway()).toBe(false);
  all.leader.fault = 'silent';
  void all.standby.look();
  all.clock.now = 3_000;
  expect(all.standby.leaderIsAway()).toBe(false);
  all.clock.now = 3_001;
  expect(all.standby.leaderIsAway()).toBe(true);

  const other = setUp();
  other.leader.fault = new DatabaseAway('57P03');
  await other.standby.look();
  await other.standby.look();
  expect(other.standby.leaderIsAway()).toBe(true);
  other.leader.fault = undefined;
  await other.standby.look();
  expect(other.standby.leaderIsAway()).toBe(false);
  expect(other.heard).toEqual([true, false]);
});

test('what would write is an outage, and so is a statement that the replay cancels', async () => {
  const all = setUp();
  await all.standby.look();
  const reading = await all.standby.read();
  expect(await reading?.database.first(asked)).toMatchObject({ system: 'one' });
  expect(await reading?.database.batch((connection) => connection.rows(asked))).toHaveLength(1);
  await expect(reading?.database.transaction(async () => 1)).rejects.toThrow(DatabaseAway);
  all.replica.fault = Object.assign(new Error('conflict with recovery'), { code: '40001' });
  await expect(reading?.database.rows(asked)).rejects.toThrow(DatabaseAway);
  all.replica.fault = new Error('another');
  await expect(reading?.database.run(asked)).rejects.toThrow('another');
  expect(all.pinned()).toBe(1);
  reading?.release();
  await Promise.resolve();
});

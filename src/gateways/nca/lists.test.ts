import { mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTrust, loadCrl } from 'nca-verify';
import { createTestAuthority } from 'nca-verify/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { watchFolder } from './folder.ts';
import { followLists, type ListReader } from './lists.ts';

const day = 86_400_000;
const at = new Date('2026-11-28T09:00:00Z');
const gost = createTestAuthority({ at, name: 'TEST', seed: 'lists' });
const trust = createTrust(gost.certificates);

let folder: string;
let now: number;
let reads: string[];
let failures: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kabinet-lists-'));
  now = 0;
  reads = [];
  failures = [];
});

afterEach(() => rmSync(folder, { recursive: true }));

const inFolder = (name: string) => join(folder, name);

/**
 * Places a list as a careful operator does, by renaming. Two files of the same size and time still
 * differ by inode.
 */
function put(name: string, bytes: Uint8Array | string): void {
  writeFileSync(inFolder('new'), bytes);
  renameSync(inFolder('new'), inFolder(name));
}

function list(number: number, thisUpdate: Date, nextUpdate: Date, baseNumber?: number): Uint8Array {
  return gost.crl([], {
    number,
    thisUpdate,
    nextUpdate,
    ...(baseNumber === undefined ? {} : { baseNumber }),
  });
}

const days = (count: number) => new Date(at.getTime() + count * day);

/** Reads as the threads do, and records what it read. */
const reader = (): ListReader => ({
  async loadCrl(path) {
    reads.push(path.slice(folder.length + 1));
    return loadCrl(readFileSync(path), trust);
  },
});

function follow(everyMs = 0) {
  const look = watchFolder(folder, ['.crl'], { everyMs, clock: () => now });
  const lists = followLists(look, (reason) => failures.push(reason));
  const own = reader();
  return {
    own,
    numbers: async (when = at, by = own) =>
      (await lists.current(by, when)).map(({ number }) => Number(number)),
  };
}

test('the folder is looked at once in an interval, however many requests come', async () => {
  put('gost.crl', list(1, at, days(2)));
  const { numbers } = follow(10_000);
  expect(await numbers()).toEqual([1]);
  put('gost.crl', list(2, at, days(2)));
  now = 9_999;
  expect(await Promise.all([numbers(), numbers(), numbers()])).toEqual([[1], [1], [1]]);
  now = 10_000;
  expect(await Promise.all([numbers(), numbers(), numbers()])).toEqual([[2], [2], [2]]);
  expect(reads).toHaveLength(2);
});

describe('a new list that cannot be read', () => {
  test.each<[string, Uint8Array | string]>([
    ['half of it', list(2, at, days(2)).subarray(0, 200)],
    ['nothing', ''],
    ['a page', '<html>502 Bad Gateway</html>'],
    [
      'of an authority of the same name',
      createTestAuthority({ at, name: 'TEST' }).crl([], { number: 2, thisUpdate: at }),
    ],
  ])('%s: leaves the good one, is told once, and is read when it is whole', async (_what, bytes) => {
    put('gost.crl', list(1, at, days(2)));
    const { numbers } = follow();
    expect(await numbers()).toEqual([1]);
    put('gost.crl', bytes);
    expect(await numbers()).toEqual([1]);
    expect(await numbers()).toEqual([1]);
    expect([reads.length, failures.length]).toEqual([2, 1]);
    put('gost.crl', list(3, at, days(2)));
    expect(await numbers()).toEqual([3]);
  });

  test('is not used with other certificates: what was trusted before no longer counts', async () => {
    put('gost.crl', list(1, at, days(2)));
    const { numbers } = follow();
    expect(await numbers()).toEqual([1]);
    const none: ListReader = { loadCrl: async (path) => loadCrl(readFileSync(path), createTrust([])) };
    expect(await numbers(at, none)).toEqual([]);
    expect(failures).toEqual(['untrusted']);
  });
});

describe('lists under dated names', () => {
  test('the newest is kept in memory, and the others are not read again', async () => {
    for (const number of [1, 2, 3]) put(`gost-${number}.crl`, list(number, days(number - 3), days(4)));
    const { numbers } = follow();
    expect(await numbers()).toEqual([3]);
    put('gost-4.crl', list(4, new Date(at.getTime() + 1_000), days(5)));
    // The newer one is not in force yet, so both are kept.
    expect((await numbers()).sort()).toEqual([3, 4]);
    expect(await numbers(days(1))).toEqual([4]);
    expect(reads).toEqual(['gost-1.crl', 'gost-2.crl', 'gost-3.crl', 'gost-4.crl']);
  });

  test('an older list is used again when the newer one is removed', async () => {
    for (const number of [1, 2]) put(`gost-${number}.crl`, list(number, days(number - 3), days(4)));
    const { numbers } = follow();
    expect(await numbers()).toEqual([2]);
    rmSync(inFolder('gost-2.crl'));
    expect(await numbers()).toEqual([1]);
    rmSync(inFolder('gost-1.crl'));
    expect(await numbers()).toEqual([]);
  });

  test('deltas stay beside their full list until they expire', async () => {
    put('gost.crl', list(10, days(-1), days(4)));
    put('delta-1.crl', list(21, days(-1), days(1), 10));
    put('delta-2.crl', list(22, at, days(2), 10));
    const { numbers } = follow();
    expect((await numbers()).sort()).toEqual([10, 21, 22]);
    expect((await numbers(days(1.5))).sort()).toEqual([10, 22]);
    expect(await numbers(days(3))).toEqual([10]);
    expect(await numbers(days(5))).toEqual([]);
  });
});

test('a failed thread says nothing about the list: the next request reads it again', async () => {
  put('gost.crl', list(1, at, days(2)));
  const { numbers, own } = follow();
  let broken = true;
  const failing: ListReader = {
    loadCrl: async (path) => {
      if (broken) throw new Error('the verifier thread ended');
      return own.loadCrl(path);
    },
  };
  await expect(numbers(at, failing)).rejects.toThrow('thread ended');
  broken = false;
  expect(await numbers(at, failing)).toEqual([1]);
});

test('a touched file is read again, and a missing folder counts as empty', async () => {
  put('gost.crl', list(1, at, days(2)));
  const { numbers } = follow();
  await numbers();
  utimesSync(inFolder('gost.crl'), at, at);
  expect(await numbers()).toEqual([1]);
  expect(reads).toHaveLength(2);
  const nowhere = followLists(
    watchFolder('/nonexistent', ['.crl'], { everyMs: 0, clock: () => 0 }),
    () => undefined,
  );
  expect(await nowhere.current(reader(), at)).toEqual([]);
});

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../src/root.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';

// `kabinet maintenance`, as an operator calls it.

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh.drop());

interface Outcome {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
}

function maintenance(...parameters: readonly string[]): Promise<Outcome> {
  const { user, password, host, port, database } = fresh.connection;
  const url = new URL(`postgresql://localhost/${database}`);
  for (const [name, value] of Object.entries({ user, password, host, port }))
    if (value !== undefined) url.searchParams.set(name, String(value));
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'bin/kabinet.js'), 'maintenance', ...parameters],
      { env: { PATH: process.env['PATH'], DATABASE_URL: url.href, SECRET_KEYS: 'k'.repeat(32) } },
      (error, out, err) => resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

/** A time so many hours from now, in Astana's offset. */
const at = (hours: number): string =>
  `${new Date(Date.now() + (hours + 5) * 3_600_000).toISOString().slice(0, 16)}+05:00`;

test('a window is planned, listed, refused where it overlaps, and taken back', async () => {
  const [from, to] = [at(72), at(74)];
  const planned = await maintenance(
    'schedule',
    '--from',
    from,
    '--to',
    to,
    '--message-kk',
    'Серверлер жаңарады',
  );
  expect(planned).toMatchObject({ code: 0, out: expect.stringContaining('window 1 is planned') });
  expect(planned.err).toContain('usual sentence');
  expect(await maintenance('list')).toMatchObject({
    code: 0,
    out: `1  ${from}  ${to}  planned\n    kk: Серверлер жаңарады\n`,
  });
  expect(await maintenance('schedule', '--from', at(73), '--to', at(75))).toMatchObject({
    code: 1,
    err: expect.stringContaining('overlap'),
  });
  expect(await maintenance('end', '1')).toMatchObject({ code: 0 });
  expect(await maintenance('end', '1')).toMatchObject({ code: 1, err: expect.stringContaining('no open') });
  expect((await maintenance('list')).out).toContain('taken back');
});

test('a mistake is told in one line, and short notice too', async () => {
  expect(await maintenance('schedule', '--from', at(-2), '--to', at(1))).toMatchObject({
    code: 1,
    out: '',
    err: '--from is in the past; --from now begins at once\n',
  });
  const soon = await maintenance('schedule', '--from', 'now', '--to', at(1));
  expect(soon).toMatchObject({ code: 0, err: 'people learn of it less than 48 hours before\n' });
});

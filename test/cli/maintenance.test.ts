import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { kabinet } from '../support/kabinet.ts';

// `kabinet maintenance`, called as an operator does.

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh.drop());

const maintenance = (...parameters: readonly string[]) =>
  kabinet(fresh.connection, ['maintenance', ...parameters]);

/** A time so many hours from now, with the offset of Astana. */
const at = (hours: number): string =>
  `${new Date(Date.now() + (hours + 5) * 3_600_000).toISOString().slice(0, 16)}+05:00`;

test('a window is planned, listed, refused when it overlaps, and cancelled', async () => {
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
  expect(planned.err).toContain('standard sentence');
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

test('a mistake is reported in one line, and so is short notice', async () => {
  expect(await maintenance('schedule', '--from', at(-2), '--to', at(1))).toMatchObject({
    code: 1,
    out: '',
    err: '--from is in the past; --from now begins at once\n',
  });
  const soon = await maintenance('schedule', '--from', 'now', '--to', at(1));
  expect(soon).toMatchObject({ code: 0, err: 'warning: people learn of it less than 48 hours before\n' });
});

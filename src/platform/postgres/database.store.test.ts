import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { openDatabase } from './database.ts';
import { sql } from './sql.ts';

let fresh: FreshDatabase;

beforeAll(async () => {
  fresh = await freshDatabase();
});

afterAll(() => fresh.drop());

test('a session that dies between two statements fails its transaction, but not the process or the next transaction', async () => {
  const { database } = fresh;
  const transaction = database.transaction(async (inside) => {
    const mine = await inside.first<{ pid: number }>(sql`select pg_backend_pid() as pid`);
    await database.run(sql`select pg_terminate_backend(${mine?.pid})`);
    await vi.waitFor(async () => {
      const left = await database.run(sql`select from pg_stat_activity where pid = ${mine?.pid}`);
      expect(left).toBe(0);
    });
    // The error is on its way to this process. A round trip on another connection gives it time to
    // arrive.
    await database.run(sql`select`);
    await inside.run(sql`select`);
  });
  await expect(transaction).rejects.toThrow('the database is away');

  const value = await database.transaction((inside) => inside.first(sql`select 1 as one`));
  expect(value).toEqual({ one: 1 });
});

test('a session that dies while it is opened fails the caller, but not the process', async () => {
  const authenticated = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
  const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
  const fields = Buffer.from('SFATAL\0C57P01\0Mterminating connection\0\0');
  const terminated = Buffer.concat([Buffer.from([0x45, 0, 0, 0, fields.length + 4]), fields]);
  // Send everything in one packet, as when a server is stopped at that moment.
  const server = createServer((socket) => {
    socket.once('data', () => socket.end(Buffer.concat([authenticated, ready, terminated])));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const database = openDatabase({ host: '127.0.0.1', port, user: 'nobody', database: 'none' });
  await expect(database.run(sql`select`)).rejects.toThrow('the database is away');
  await database.close();
  server.close();
});

// A process that uses a server, for tests that kill it: `node … '{"folder": …}'`. It prints `ready`
// and the connection on one line, then a line for each committed row. It ends when it reads `stop`.
import pg from 'pg';
import type { LocalPostgresOptions } from '../../src/options.ts';
import { startLocalPostgres } from '../../src/start.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as Omit<LocalPostgresOptions, 'log'>;
const log = { info: () => undefined, warn: (message: string) => console.error(message) };

async function main(): Promise<void> {
  const server = await startLocalPostgres({ ...options, log });
  console.log(`ready ${JSON.stringify(server.connection)}`);
  process.stdin.on('data', (said) => {
    if (String(said).includes('exit')) process.exit(3);
    else void server.stop().then(() => process.exit(0));
  });
  const client = new pg.Client({ ...server.connection });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('create table if not exists written (n int primary key)');
  for (let n = 1; ; n += 1) {
    await client.query('insert into written values ($1) on conflict do nothing', [n]);
    console.log(`wrote ${n}`);
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});

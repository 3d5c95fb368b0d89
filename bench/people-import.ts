import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { LocalPostgres } from 'local-postgres';
import { type ConnectionFields, openDatabase } from '../src/platform/postgres/database.ts';
import { migrate } from '../src/platform/postgres/migrate.ts';
import { root } from '../src/platform/root.ts';
import { inventIinAmong, inventPerson } from '../test/support/people.ts';
import { silent, withOwnPostgres } from './own-postgres.ts';
import { cpuOf, memoryOf, parentOf } from './processes.ts';
import type { Row } from './row.ts';
import { urlOf } from './service.ts';

const wanted = 12_000_000;
const mostMinutes = 30;

/**
 * `kabinet people import` of `LINES` lines (200,000) into an empty database: lines a second, what
 * that means for twelve million, and the memory of the process over time.
 */
export function bench(): Promise<Row[]> {
  return withOwnPostgres('import', {}, measureOn);
}

async function measureOn(server: LocalPostgres, folder: string): Promise<Row[]> {
  const lines = Number(process.env['LINES'] ?? 200_000);
  await migrate(server.connection, silent);
  const file = join(folder, 'people.jsonl');
  await pipeline(Readable.from(peopleLines(lines)), createWriteStream(file));
  const postmaster = await postmasterOf(server.connection);
  const before = await cpuOf(postmaster);
  const { seconds, memory, cpu } = await importFile(file, {
    ...process.env,
    DATABASE_URL: urlOf(server.connection),
    SECRET_KEYS: 'k'.repeat(32),
    DEMO: '0',
  });
  const postgres = (await cpuOf(postmaster)) - before;
  const part = Math.ceil(memory.length / 4);
  const most = [0, 1, 2, 3].map((at) => Math.max(0, ...memory.slice(at * part, (at + 1) * part)));
  return [
    {
      name: `people import: ${lines.toLocaleString('en')} lines`,
      value: lines / seconds,
      unit: '1/s',
      note: `${seconds.toFixed(1)} s, each line read twice`,
    },
    {
      name: 'people import: 12 million lines at this rate',
      value: (wanted * seconds) / lines / 60,
      unit: 'min',
      note: `at most ${mostMinutes}`,
    },
    {
      name: 'people import: CPU of 100,000 lines',
      value: (100_000 * cpu) / lines,
      unit: 's',
      note: `and ${((100_000 * postgres) / lines).toFixed(1)} s of PostgreSQL; both work at the same time`,
    },
    {
      name: 'people import: most memory',
      value: Math.max(...most),
      unit: 'MB',
      note: `${most.map((one) => one.toFixed(0)).join(', ')} MB in the quarters of the time`,
    },
  ];
}

function* peopleLines(count: number): Generator<string> {
  for (let n = 0; n < count; n += 1) {
    const person = inventPerson(n % 10_000, { iin: inventIinAmong(n), password: undefined });
    yield `${JSON.stringify(person)}\n`;
  }
}

/** Memory twice a second, MB, and CPU time as seen last, seconds. */
async function importFile(
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly seconds: number; readonly memory: readonly number[]; readonly cpu: number }> {
  const begun = performance.now();
  const command = [join(root, 'dist/kabinet.js'), 'people', 'import', file];
  const child = spawn(process.execPath, command, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const memory: number[] = [];
  let cpu = 0;
  const timer = setInterval(async () => {
    memory.push(await memoryOf(child.pid ?? 0));
    cpu = Math.max(cpu, await cpuOf(child.pid ?? 0));
  }, 500);
  const [code] = await once(child, 'exit');
  clearInterval(timer);
  if (code !== 0) throw new Error(`the import ended with ${code}`);
  return { seconds: (performance.now() - begun) / 1_000, memory, cpu };
}

async function postmasterOf(connection: ConnectionFields): Promise<number> {
  const database = openDatabase(connection, { max: 1 });
  try {
    const row = await database.first<{ pid: number }>({ text: 'select pg_backend_pid() as pid', values: [] });
    return await parentOf(row?.pid ?? 0);
  } finally {
    await database.close();
  }
}

import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { importPeople } from '../../src/adapters/fund/import-people.ts';
import { argon2Hasher } from '../../src/adapters/passwords/argon2.ts';
import type { Database } from '../../src/adapters/postgres/database.ts';
import { type App, buildApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { type Keys, makeKeys } from '../../src/keys.ts';
import { freshDatabase } from './database.ts';
import { type PersonLine, password } from './people.ts';

/** The whole service on a database of its own. */
export interface TestService {
  readonly server: FastifyInstance;
  readonly routes: App['routes'];
  readonly metrics: App['metrics'];
  readonly database: Database;
  /** What the service signs with, to make the links that it sends. */
  readonly keys: Keys;
  /** Every line that was logged, at the finest level. */
  readonly logLines: readonly string[];
  /** Imports a person into the fund; once more with other values, as a change made at a branch. */
  enrol(person: PersonLine): Promise<void>;
  /** Begins to listen on 127.0.0.1 and gives the origin. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

/** Builds the service with demonstration settings; `environment` changes single ones. */
export async function startService(environment: Readonly<Record<string, string>> = {}): Promise<TestService> {
  const { database, drop } = await freshDatabase();
  const logLines: string[] = [];
  const config = readConfig({ DEMO: '1', SECRET_KEYS: 'k'.repeat(32), LOG_LEVEL: 'debug', ...environment });
  const app = await buildApp({
    config,
    database,
    log: pino({ level: 'trace' }, { write: (line: string) => logLines.push(line) }),
  });
  app.startWork();
  return {
    server: app.server,
    routes: app.routes,
    metrics: app.metrics,
    database,
    keys: makeKeys(config.secretKeys),
    logLines,
    enrol: (person) => enrol(database, person),
    listen: () => app.server.listen({ host: '127.0.0.1', port: 0 }),
    async close() {
      await app.close();
      await drop();
    },
  };
}

let hash: Promise<string> | undefined;

/** One hash serves all: every invented person has the same password. */
function hashOnce(): Promise<string> {
  hash ??= argon2Hasher(1).then((hasher) => hasher.hash(password));
  return hash;
}

async function enrol(database: Database, person: PersonLine): Promise<void> {
  async function* lines(): AsyncGenerator<string> {
    yield JSON.stringify(person);
  }
  const outcome = await importPeople(database, lines(), { demo: true, hashPassword: hashOnce });
  if (!outcome.ok)
    throw new Error(`${person.iin} is not taken: ${outcome.problems.map(({ reason }) => reason).join()}`);
}

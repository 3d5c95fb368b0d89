import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { type Config, readConfig } from '../../src/config/config.ts';
import { createPasswordHasher } from '../../src/features/passwords/hasher.ts';
import { importPeople } from '../../src/fund/embedded/import-people.ts';
import { createInstance, type Instance } from '../../src/instance.ts';
import { createKeys, type Keys } from '../../src/platform/keys.ts';
import { type ConnectionFields, type Database, openDatabase } from '../../src/platform/postgres/database.ts';
import { freshDatabase } from './database.ts';
import { type PersonLine, password } from './people.ts';

/** The whole service on its own database. */
export interface TestService {
  readonly server: FastifyInstance;
  readonly routes: Instance['routes'];
  readonly metrics: Instance['metrics'];
  readonly maintenance: Instance['maintenance'];
  readonly breakers: Instance['breakers'];
  readonly database: Database;
  readonly connection: ConnectionFields;
  /** The service's keys, for making the links that it sends. */
  readonly keys: Keys;
  /** Every logged line, at the finest level. */
  readonly logLines: readonly string[];
  /**
   * Imports a person into the fund. With other values, a second call is a change made at a branch.
   */
  enrol(person: PersonLine): Promise<void>;
  /**
   * The same service again, with its own connections to the same database and without background
   * work. `different` changes single settings, `adjust` what no setting of a demonstration changes.
   */
  anotherProcess(
    different?: Readonly<Record<string, string>>,
    adjust?: (config: Config) => Config,
  ): Promise<FastifyInstance>;
  /** Listens on 127.0.0.1 and returns the origin. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

/** Seals the receipts of the tests, and nothing else. */
export const receiptKey =
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgiPuioXVhgtPyFdPht3jTnDsKLlWjQ5kkIIfrJQmt1mihRANCAASJ6v9s9OW7HPvcYPySTQegj2NG1a2LIg7+yhs/OosyuyaJ5j8iF6U8/kYz7DTayFnDGQhYcLz2ysCf11pASt3f';

/** Builds the service with demonstration settings; `environment` changes single ones. */
export async function startService(
  environment: Readonly<Record<string, string>> = {},
  /** With `work: false` nothing runs in the background: the test starts each step itself. */
  {
    work = true,
    through = (database) => database,
  }: {
    readonly work?: boolean;
    /** Wraps the database that the service uses. */
    readonly through?: (database: Database, connection: ConnectionFields) => Database | Promise<Database>;
  } = {},
): Promise<TestService> {
  const { database, connection, drop } = await freshDatabase();
  const logLines: string[] = [];
  const settings = {
    DEMO: '1',
    SECRET_KEYS: 'k'.repeat(32),
    RECEIPT_KEYS: receiptKey,
    LOG_LEVEL: 'debug',
    // All visitors of a test come from one network.
    CODES_PER_NETWORK_HOUR: '10000',
    ...environment,
  };
  const config = readConfig(settings);
  const log = pino({ level: 'trace' }, { write: (line: string) => logLines.push(line) });
  const app = await createInstance({ config, database: await through(database, connection), log });
  if (work) app.startJobs();
  const others: { readonly app: Instance; readonly database: Database }[] = [];
  return {
    server: app.server,
    routes: app.routes,
    metrics: app.metrics,
    maintenance: app.maintenance,
    breakers: app.breakers,
    database,
    connection,
    keys: createKeys(config.secretKeys),
    logLines,
    enrol: (person) => enrol(database, person),
    async anotherProcess(different = {}, adjust = (config) => config) {
      const own = openDatabase(connection);
      const beside = await createInstance({
        config: adjust(readConfig({ ...settings, ...different })),
        database: own,
        log,
      });
      others.push({ app: beside, database: own });
      return beside.server;
    },
    listen: () => app.server.listen({ host: '127.0.0.1', port: 0 }),
    async close() {
      for (const other of others) {
        await other.app.close();
        await other.database.close();
      }
      await app.close();
      await drop();
    },
  };
}

let hash: Promise<string> | undefined;

/** All invented people have the same password, so one hash is enough. */
function hashOnce(): Promise<string> {
  hash ??= createPasswordHasher(1).then((hasher) => hasher.hash(password));
  return hash;
}

/** Imports a person into the fund of this database. */
export async function enrol(database: Database, person: PersonLine): Promise<void> {
  async function* lines(): AsyncGenerator<string> {
    yield JSON.stringify(person);
  }
  const outcome = await importPeople(database, lines, { demo: true, hashPassword: hashOnce });
  if (!outcome.ok)
    throw new Error(`${person.iin} is not taken: ${outcome.problems.map(({ reason }) => reason).join()}`);
}

import type { Logger } from 'pino';
import { attachBundledPostgres, startBundledPostgres } from './bundled-postgres.ts';
import type { Config } from './config/config.ts';
import { ConfigError } from './config/faults.ts';
import { demonstration } from './demonstration.ts';
import type { ImportOptions, importPeople as importPeopleOf } from './fund/embedded/import-people.ts';
import { hasPeople } from './fund/embedded/people-store.ts';
import { withoutValues } from './platform/loggable.ts';
import {
  type Connection,
  type Database,
  type DatabaseOptions,
  openDatabase,
} from './platform/postgres/database.ts';
import { mayAlterLog } from './platform/postgres/roles.ts';
import { bringUpToDate, readSchemaState } from './platform/postgres/schema-release.ts';
import { thisRelease } from './platform/release.ts';
import type { Tracing } from './platform/tracing.ts';

/** What the service needs before it listens. */
export interface Prepared {
  /** Shared by all processes that use the same database. */
  readonly connection: Connection;
  readonly database: Database;
  /** Runs the migrations added since. The running version continues to work with them. */
  migrate(): Promise<unknown>;
  /** Serves the metrics that `text` gives when `METRICS_PORT` is set. */
  serveMetrics(text: () => Promise<string>): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the database (starts the bundled one), brings it up to date and loads the demonstration
 * people once.
 */
export async function prepare(config: Config, log: Logger, tracing?: Tracing): Promise<Prepared> {
  refuseDemonstration(config);
  const server =
    config.database.url === undefined
      ? await startBundledPostgres({ varDir: config.database.varDir, log })
      : undefined;
  const closers: (() => Promise<unknown>)[] = server ? [() => server.stop()] : [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const connection: Connection = server?.connection ?? { connectionString: config.database.url ?? '' };
    // Migrations hold a lock of their session, so they need a direct connection.
    const direct: Connection = server?.connection ?? { connectionString: config.database.directUrl ?? '' };
    await bringUpToDate(direct, log);
    const database = openPool(config, connection, log, { tracing });
    closers.push(() => database.close());
    await warnWhoCannotEnter(config, database, log);
    if (!server && (await mayAlterLog(database)))
      log.warn(
        'the database role of the service may alter the log of what happened (kabinet database grant)',
      );
    if (config.demo && demonstration) {
      const loaded = await importFile(config, connection, demonstration.peopleFile);
      if (!loaded.ok)
        throw new Error(
          `the demonstration people could not be loaded: ${demonstration.peopleFile} was altered`,
        );
    }
    return {
      connection,
      database,
      migrate: () => bringUpToDate(direct, log),
      async serveMetrics(text) {
        if (config.operations.metricsPort === undefined) return;
        const { createMetricsServer } = await import('./features/operations/metrics.ts');
        const metricsHttp = createMetricsServer(text);
        await new Promise<void>((resolve, reject) => {
          metricsHttp
            .once('error', reject)
            .listen(config.operations.metricsPort, config.operations.metricsHost, resolve);
        });
        closers.push(() => new Promise((resolve) => metricsHttp.close(resolve)));
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Says at the start of a real service, in every role, why nobody can sign in yet. */
async function warnWhoCannotEnter(config: Config, database: Database, log: Logger): Promise<void> {
  if (config.demo) return;
  if (!config.mail.gateway && !config.sms.gateway)
    log.warn(
      'neither SMTP_URL nor SMPP_URL is set: nobody can register or recover a password, only sign in by EDS',
    );
  if (!config.fund.http && !(await hasPeople(database)))
    log.warn(
      'FUND_URL is not set and the embedded fund has no people: nobody can sign in before "kabinet people import"',
    );
}

/**
 * The database for a command, which may run beside the service or alone. A bundled database that
 * nobody has used gets its tables. Others are left as they are.
 */
export async function attach(
  config: Config,
  log: Logger,
  options: { readonly statementTimeout?: number } = {},
): Promise<{ readonly connection: Connection; readonly database: Database; close(): Promise<void> }> {
  refuseDemonstration(config);
  const server =
    config.database.url === undefined
      ? await attachBundledPostgres({ varDir: config.database.varDir, log })
      : undefined;
  const connection: Connection = server?.connection ?? { connectionString: config.database.directUrl ?? '' };
  const database = openPool(config, connection, log, options);
  if (server && (await readSchemaState(database)).empty) await bringUpToDate(connection, log);
  return {
    connection,
    database,
    async close() {
      await database.close();
      await server?.stop();
    },
  };
}

/**
 * Loads people from a file of JSON lines into the embedded fund. The connection has no time limit,
 * because the file may be large.
 */
export async function importFile(
  config: Config,
  connection: Connection,
  file: string,
  onProgress: ImportOptions['onProgress'] = () => undefined,
): ReturnType<typeof importPeopleOf> {
  const [{ importPeople }, { readLines }, { createPasswordHasher }] = await Promise.all([
    import('./fund/embedded/import-people.ts'),
    import('./fund/embedded/people-file.ts'),
    import('./features/passwords/hasher.ts'),
  ]);
  const database = openDatabase(connection, { max: 1, statementTimeout: 0 });
  try {
    const hasher = await createPasswordHasher(config.passwords.hashesAtOnce);
    return await importPeople(database, () => readLines(file), {
      demo: config.demo,
      hashPassword: hasher.hash,
      onProgress,
    });
  } finally {
    await database.close();
  }
}

/** @throws ConfigError when a demonstration is requested from a build without one */
function refuseDemonstration({ demo }: Config): void {
  if (demo && !demonstration)
    throw new ConfigError([
      'DEMO: this build holds no demonstration; set DATABASE_URL and SECRET_KEYS, or DEMO=0',
    ]);
}

/** Opens this process's connections to the database. */
export function openPool(
  config: Config,
  connection: Connection,
  log: Logger,
  options: Pick<DatabaseOptions, 'statementTimeout' | 'tracing'> = {},
): Database {
  return openDatabase(connection, {
    ...options,
    max: config.database.connections,
    prepared: config.database.prepared,
    onError: (error) => log.warn(withoutValues(error), 'a database connection broke'),
  });
}

/**
 * Starts tracing where the settings name a collector. Its packages are loaded only then: without
 * them, nothing takes longer or more memory.
 * @throws ConfigError when they are not installed
 */
export async function startTracing(config: Config, log: Logger): Promise<Tracing | undefined> {
  const { traces } = config.operations;
  if (!traces) return undefined;
  const { createOpenTelemetry } = await import('./platform/process/open-telemetry.ts').catch(() => {
    throw new ConfigError([
      'OTEL_EXPORTER_OTLP_ENDPOINT: its packages (@opentelemetry) are not installed; npm ci does it, unless optional ones are omitted',
    ]);
  });
  return createOpenTelemetry(traces, {
    release: thisRelease(),
    role: config.server.role,
    onChange: (takes) =>
      takes
        ? log.info('the collector takes traces again')
        : log.warn('the collector of OTEL_EXPORTER_OTLP_ENDPOINT does not take traces; they are dropped'),
  });
}

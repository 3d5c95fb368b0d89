import { pino } from 'pino';
import { type App, buildApp } from './app.ts';
import { ConfigError, readConfig } from './config.ts';
import { demoPasswords, greet, prepare } from './start.ts';

/** Starts the service: configuration, database, people of the demonstration, HTTP; and closes it gracefully. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = pino({ level: config.logLevel, base: null }, pino.destination({ dest: 2, sync: false }));
  const prepared = await prepare(config, log);
  let app: App | undefined;

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      await app?.close();
      await prepared.close();
    })();
    return closing;
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      setTimeout(() => process.exit(1), 20_000).unref();
      close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }

  try {
    app = await buildApp({ config, database: prepared.database, log });
    await app.server.listen({ port: config.port, host: config.host });
    await prepared.serveMetrics(app.metrics);
    app.startWork();
    greet(config, app.server.server.address(), config.demo ? demoPasswords() : []);
  } catch (error) {
    await close();
    throw error;
  }
}

main().catch((error: NodeJS.ErrnoException) => {
  if (error instanceof ConfigError) console.error(error.message);
  else if (error.code === 'EADDRINUSE')
    console.error('The port is in use: choose another by PORT, or end what listens there.');
  else console.error(error.message || error);
  process.exit(1);
});

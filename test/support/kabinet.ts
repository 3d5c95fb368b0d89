import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { ConnectionFields } from '../../src/platform/postgres/database.ts';
import { root } from '../../src/platform/root.ts';

/** The result of a command. */
export interface Outcome {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
}

/** Runs `kabinet` on one database, as an operator does. */
export function kabinet(
  connection: ConnectionFields,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'bin/kabinet.js'), ...parameters],
      {
        env: {
          PATH: process.env['PATH'],
          DATABASE_URL: urlOf(connection),
          SECRET_KEYS: 'k'.repeat(32),
          DEMO: '1',
          ...environment,
        },
      },
      (error, out, err) => resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

/** The same connection as a `DATABASE_URL`. */
export function urlOf({ user, password, host, port, database }: ConnectionFields): string {
  const url = new URL(`postgresql://localhost/${database}`);
  for (const [name, value] of Object.entries({ user, password, host, port }))
    if (value !== undefined) url.searchParams.set(name, String(value));
  return url.href;
}

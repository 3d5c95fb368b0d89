import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { enterServer, leaveServer } from './presence.ts';
import { serverProcess } from './process.ts';
import type { Context } from './reach.ts';
import { endWithProcess, forget, type Use } from './uses.ts';

const RETRY_MS = 1_000;

/**
 * Uses the server until `stop`. A service restarts its server when it dies.
 * @throws LocalPostgresError when the first start fails
 */
export async function supervise(context: Context): Promise<Use> {
  const { kind, place, options } = context;
  let presence: pg.Client | undefined;
  let leaving: Promise<void> | undefined;

  async function enter(): Promise<void> {
    const client = await enterServer(context);
    presence = client;
    client.once('end', () => {
      presence = undefined;
      if (leaving === undefined && kind === 'service') entered = enterAgain();
    });
  }

  async function enterAgain(): Promise<void> {
    options.log.warn('The embedded PostgreSQL ended by itself; starting it again');
    while (leaving === undefined) {
      try {
        return await enter();
      } catch (error) {
        options.log.warn(`The embedded PostgreSQL did not start: ${(error as Error).message}`);
        await pause(RETRY_MS);
      }
    }
  }

  async function leave(): Promise<void> {
    try {
      await entered.catch(() => undefined);
      if (presence !== undefined) await leaveServer(presence, context);
    } finally {
      forget(use);
    }
  }

  const use: Use = {
    stop: () => {
      leaving ??= leave();
      return leaving;
    },
    // Other commands may use the server. If one is left running, a service takes it over or the
    // next command to end stops it.
    stopAtExit: () => {
      const pid = kind === 'service' && presence !== undefined ? serverProcess(place.data) : undefined;
      if (pid !== undefined) process.kill(pid, 'SIGINT');
    },
  };
  endWithProcess(use);
  let entered = enter();
  try {
    await entered;
  } catch (error) {
    forget(use);
    throw error;
  }
  return use;
}

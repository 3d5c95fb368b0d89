import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { dataVariable, type ListeningAddress, type Order, type ReadyMessage } from './orders.ts';
import { stopLimit } from './stop.ts';

/** Where the pool logs what happens to its workers. */
export interface PoolLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface WorkerPoolOptions {
  readonly count: number;
  /**
   * What a worker is told at its start, as JSON.
   * @param place counted from 0; a replacement takes the place of the worker it replaces
   */
  readonly dataOf: (place: number) => unknown;
  /** Seconds that a worker may take until it listens. */
  readonly startSeconds: number;
  readonly log: PoolLog;
}

/** Processes behind one port. A process that dies is started again. */
export interface WorkerPool {
  /** Resolves with the address when all workers listen. @throws when one ends before that */
  start(): Promise<ListeningAddress>;
  /** Replaces the workers one by one: the new one is ready before the old one leaves. */
  replaceAll(): Promise<void>;
  /** Sends a message to every worker, also to those that are starting. */
  tell(message: object): void;
  stop(): Promise<void>;
}

/**
 * A worker that lived shorter than this failed at once: the pause before the next start then grows.
 */
const shortLifeMs = 10_000;
const longestPauseMs = 30_000;

interface State extends WorkerPoolOptions {
  /** The workers that listen, with their places. */
  readonly ready: Map<Worker, number>;
  /** The workers that must leave because another has taken their place. */
  readonly relieved: Set<Worker>;
  /** How many workers in a row failed at once. */
  failures: number;
  stopping: boolean;
  address: ListeningAddress;
}

/** Creates the pool in the primary process, without starting workers. */
export function createWorkerPool(options: WorkerPoolOptions): WorkerPool {
  const state: State = {
    ...options,
    ready: new Map(),
    relieved: new Set(),
    failures: 0,
    stopping: false,
    address: undefined,
  };
  return {
    async start() {
      // Start one worker first: an error that all would meet is then logged once.
      await startWorker(state, 0);
      await Promise.all(Array.from({ length: options.count - 1 }, (_, n) => startWorker(state, n + 1)));
      return state.address;
    },
    replaceAll: () => replaceAll(state),
    tell(message) {
      for (const worker of allWorkers()) if (worker.isConnected()) worker.send(message);
    },
    async stop() {
      state.stopping = true;
      await Promise.all(allWorkers().map((worker) => order(worker, 'stop')));
    },
  };
}

function allWorkers(): readonly Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
}

/** Resolves when a new worker listens. @throws when it ends before that */
async function startWorker(state: State, place: number): Promise<void> {
  const { ready, relieved, log } = state;
  const begun = performance.now();
  const worker = cluster.fork({ [dataVariable]: JSON.stringify(state.dataOf(place)) });
  state.address = await listening(worker, state);
  ready.set(worker, place);
  log.info({ pid: worker.process.pid }, 'a worker is ready');
  worker.once('exit', (code, signal) => {
    ready.delete(worker);
    if (state.stopping || relieved.delete(worker)) return;
    log.warn({ pid: worker.process.pid, code, signal }, 'a worker ended and is replaced');
    state.failures = performance.now() - begun < shortLifeMs ? state.failures + 1 : 0;
    void keep(state, place);
  });
}

/**
 * Waits until a worker listens, and ends it when that takes too long. @throws when it ends before
 * that
 */
async function listening(
  worker: Worker,
  { startSeconds, log }: WorkerPoolOptions,
): Promise<ListeningAddress> {
  const { pid } = worker.process;
  // Without this limit, the pool and every later restart would wait for it for ever.
  const late = setTimeout(() => {
    log.error({ pid, seconds: startSeconds }, 'a worker was not ready in time and was stopped');
    worker.process.kill('SIGKILL');
  }, startSeconds * 1_000);
  return new Promise<ListeningAddress>((resolve, reject) => {
    worker.on('message', (message: ReadyMessage) => {
      if (typeof message === 'object' && 'ready' in message) resolve(message.ready);
    });
    worker.once('exit', () => reject(new Error('a worker ended before it was ready')));
  }).finally(() => clearTimeout(late));
}

/** Starts workers in the place of one that died, until one stays. */
async function keep(state: State, place: number): Promise<void> {
  while (!state.stopping) {
    const { failures } = state;
    if (failures > 0) {
      const waitMs = Math.min(longestPauseMs, 250 * 2 ** failures);
      state.log.warn(
        { failures, waitMs },
        'workers exit right after they start; the next one starts after a pause',
      );
      await pause(waitMs);
    }
    if (state.stopping) return;
    try {
      await startWorker(state, place);
      return;
    } catch {
      state.failures += 1;
    }
  }
}

async function replaceAll(state: State): Promise<void> {
  const { ready, relieved } = state;
  for (const [worker, place] of [...ready]) {
    if (state.stopping) return;
    await startWorker(state, place);
    // The worker may have died meanwhile and may already have a replacement.
    if (!ready.delete(worker)) continue;
    relieved.add(worker);
    await order(worker, 'relieved');
  }
}

/** Tells a worker to leave and waits for it. Ends it when it has not left in time. */
async function order(worker: Worker, what: Order): Promise<void> {
  const left = worker.isDead() ? Promise.resolve() : once(worker, 'exit');
  if (worker.isConnected()) worker.send(what);
  const late = setTimeout(() => worker.process.kill('SIGKILL'), stopLimit);
  await left;
  clearTimeout(late);
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from '../../src/platform/root.ts';
import type { Order, Point, Word } from './points.ts';

/** A place for a node of the service. When the node dies, its successor starts at once. */
export interface Place {
  /** Where the node listens; undefined while there is none. */
  origin(): string | undefined;
  /**
   * Lets the node die at `point` of its work. Resolves when it is dead; rejects when it does not
   * get there.
   */
  killAt(point: Point): Promise<void>;
  /** Kills the node at whatever point it is. */
  kill(): Promise<void>;
  /**
   * Kills the node if it is sending this change. Resolves when it is dead or has said that the
   * change is not its own.
   */
  killWith(changeId: string): Promise<void>;
  /** Resolves when a node listens. */
  listens(): Promise<void>;
  /** Resolves with the signal when the current node has ended. */
  ended(): Promise<string | null>;
}

/** Nodes of the service, each in its own process. */
export interface Nodes {
  readonly places: readonly Place[];
  /** The origins of the nodes that listen now. */
  origins(): readonly string[];
  /** Rejects when a node ends that was not killed, or does not start. */
  readonly failed: Promise<never>;
  /** Everything that the nodes have logged so far. */
  log(): string;
  /** Stops all of them gracefully. Throws when one did not end by itself. */
  stop(): Promise<void>;
}

/** The settings of a demonstration, but with sessions that last as long as the test. */
export const environment = {
  DEMO: '1',
  DATABASE_PREPARED: '1',
  SECRET_KEYS: 'k'.repeat(32),
  SESSION_IDLE_MINUTES: '240',
  LOG_LEVEL: 'info',
  NODE_OPTIONS: '--enable-source-maps',
};

const nodeFile = join(root, 'dist/chaos/node.js');
/** Milliseconds within which a node must reach its point. Otherwise the point is wrong. */
const reachedWithin = 60_000;
const stoppedWithin = 30_000;

/** Starts `count` nodes with these settings. */
export async function startNodes(
  count: number,
  environment: Readonly<Record<string, string>>,
): Promise<Nodes> {
  const chunks: string[] = [];
  let stopping = false;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);

  function makePlace(): Place & { stop(): Promise<void> } {
    let child: ChildProcess;
    let asked: ReturnType<typeof askedOf>;
    let origin: string | undefined;
    let listening: Promise<void>;
    const start = () => {
      const mine = fork(nodeFile, {
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      });
      child = mine;
      asked = askedOf(mine);
      for (const stream of [mine.stdout, mine.stderr])
        stream?.on('data', (chunk) => chunks.push(String(chunk)));
      // Orders to a dead node get lost, which is fine.
      mine.on('error', () => undefined);
      mine.once('exit', (code, signal) => {
        origin = undefined;
        if (stopping) return;
        if (signal !== 'SIGKILL')
          fail(new Error(`a node ended by itself (${signal ?? code}): ${chunks.slice(-5).join('')}`));
        start();
      });
      listening = firstWord(mine, () => chunks.slice(-5).join('')).then((word) => {
        if ('origin' in word) origin = word.origin;
      });
      // A rejection need not be handled when nobody waits for this node.
      listening.catch(() => undefined);
    };
    start();
    const tell = (order: Order) => child.connected && child.send(order, () => undefined);
    const ended = async (within?: number): Promise<string | null> => {
      const limit = within === undefined ? {} : { signal: AbortSignal.timeout(within) };
      return (await once(child, 'exit', limit))[1] as string | null;
    };
    const dies = async (how: () => void, where: string) => {
      await listening;
      const end = ended(reachedWithin);
      how();
      const signal = await end.catch(() => {
        throw new Error(`no node came to the point "${where}" within ${reachedWithin / 1_000} s`);
      });
      if (signal !== 'SIGKILL') throw new Error(`a node that should die "${where}" ended by itself`);
    };
    return {
      origin: () => origin,
      listens: () => listening,
      ended: () => ended(),
      killAt: (point) =>
        dies(() => {
          tell({ arm: point });
          if (point === 'while it drains after SIGTERM') child.kill('SIGTERM');
        }, point),
      kill: () => dies(() => child.kill('SIGKILL'), 'now'),
      async killWith(changeId) {
        if (!child.connected) return;
        const answered = asked.about(changeId);
        tell({ dieWith: changeId });
        await answered;
      },
      async stop(): Promise<void> {
        await listening.catch(() => undefined);
        if (child.exitCode !== null || child.signalCode !== null) return;
        const end = once(child, 'exit', { signal: AbortSignal.timeout(stoppedWithin) });
        child.kill('SIGTERM');
        const [code] = (await end) as [number | null];
        if (code !== 0) throw new Error(`a node ended with ${code}`);
      },
    };
  }

  const places = Array.from({ length: count }, makePlace);
  await Promise.all(places.map((place) => place.listens()));
  return {
    places,
    origins: () => places.map((place) => place.origin()).filter((origin) => origin !== undefined),
    failed,
    log: () => chunks.join(''),
    async stop() {
      stopping = true;
      await Promise.all(places.map((place) => place.stop()));
    },
  };
}

/**
 * What a node was asked about changes. The fund asks about many at once, so that there is one
 * listener for all of them.
 */
function askedOf(child: ChildProcess) {
  const waiting = new Map<string, (() => void)[]>();
  const answer = (changeId: string) => {
    for (const done of waiting.get(changeId) ?? []) done();
    waiting.delete(changeId);
  };
  child.on('message', (word: Word) => {
    if ('notMine' in word) answer(word.notMine);
  });
  child.once('exit', () => {
    for (const changeId of waiting.keys()) answer(changeId);
  });
  return {
    /** Resolves when the node has said that the change is not its own, or is dead. */
    about: (changeId: string) =>
      new Promise<void>((done) => {
        waiting.set(changeId, [...(waiting.get(changeId) ?? []), done]);
      }),
  };
}

function firstWord(child: ChildProcess, said: () => string): Promise<Word> {
  return new Promise((resolve, reject) => {
    child.once('message', (word) => resolve(word as Word));
    child.once('exit', (code, signal) =>
      reject(new Error(`a node ended before it listened (${signal ?? code}): ${said()}`)),
    );
  });
}

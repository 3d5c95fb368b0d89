/** Verification off the event loop: a few worker threads, each with its own WebAssembly and tables of CA keys. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { LoadedCrl } from './crl.ts';
import type { Refused, Verdict } from './verdict.ts';
import type { checkRevocation, RevocationRequest, VerifyRequest } from './verify.ts';

export interface VerifierPoolOptions {
  /** The certificates to trust, as `createTrust` takes them. */
  readonly certificates: readonly Uint8Array[];
  /** Threads; one fewer than the cores unless given. */
  readonly size?: number | undefined;
  /** Milliseconds that one verification may take before its thread is ended; 2000 unless given. */
  readonly timeLimit?: number | undefined;
  /** Verifications waiting at most; 500 unless given. */
  readonly maxWaiting?: number | undefined;
  /** The worker's file, should `dist/worker.js` of this package not be where it was built. */
  readonly workerUrl?: URL | undefined;
}

/** The requests are those of `verify` and `checkRevocation`, without `trust`. */
export interface VerifierPool {
  readonly verify: (request: Omit<VerifyRequest, 'trust'>) => Promise<Verdict>;
  readonly checkRevocation: (
    request: Omit<RevocationRequest, 'trust'>,
  ) => Promise<ReturnType<typeof checkRevocation>>;
  /** Reads, verifies and scans a list from a file; what it gives is shared memory, to be passed with later requests. */
  readonly loadCrl: (path: string, allowGost2004?: boolean) => Promise<LoadedCrl>;
  /** Ends the threads; what was waiting is rejected. */
  readonly close: () => Promise<void>;
}

/** Too many verifications are waiting already: answer "try again later". */
export class VerifierBusyError extends Error {
  constructor() {
    super('too many verifications are waiting');
    this.name = 'VerifierBusyError';
  }
}

/** What goes to a worker, and comes back. */
export type Job =
  | { readonly kind: 'verify'; readonly request: Omit<VerifyRequest, 'trust'> }
  | { readonly kind: 'revocation'; readonly request: Omit<RevocationRequest, 'trust'> }
  | { readonly kind: 'crl'; readonly path: string; readonly allowGost2004: boolean };
export type Reply = { readonly ready: true } | { readonly value: unknown } | { readonly error: string };

interface Task {
  readonly job: Job;
  readonly limit: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Half a second is usual for a list of 26 MB; this is for a slow disk and a busy machine. */
const LIST_TIME_LIMIT = 60_000;

const TOO_LONG: Refused = { ok: false, reason: 'tooLarge', detail: 'the verification took too long' };

/** Starts the threads. A fault of a thread rejects its job and starts another thread. */
export function createVerifierPool(options: VerifierPoolOptions): VerifierPool {
  const { certificates, timeLimit = 2000, maxWaiting = 500 } = options;
  const size = options.size ?? Math.max(1, availableParallelism() - 1);
  // The same relative path from src/*.ts and from dist/*.js.
  const url = options.workerUrl ?? new URL('../dist/worker.js', import.meta.url);
  const waiting: Task[] = [];
  const threads = new Set<Thread>();
  const scanners = new Set<Thread>();
  let closed = false;

  function start(): void {
    threads.add(new Thread(url, certificates, next, replace));
  }

  /** Gives an idle thread the longest waiting task. */
  function next(thread: Thread): void {
    const task = waiting.shift();
    if (task !== undefined) thread.run(task);
  }

  function replace(thread: Thread): void {
    threads.delete(thread);
    if (closed) return;
    if (thread.wasReady) {
      start();
    } else if (threads.size === 0) {
      // A thread that cannot start would be started for ever.
      for (const { reject } of waiting.splice(0))
        reject(new Error('the verifier threads cannot start', { cause: thread.fault }));
    }
  }

  function submit(job: Job, limit: number): Promise<unknown> {
    if (closed) return Promise.reject(new Error('the verifier pool is closed'));
    if (waiting.length >= maxWaiting) return Promise.reject(new VerifierBusyError());
    if (threads.size === 0) start();
    return new Promise((resolve, reject) => {
      waiting.push({ job, limit, resolve, reject });
      for (const thread of threads) if (thread.idle) return next(thread);
    });
  }

  /** A list takes a thread of its own, for as long as it takes, so that nobody's sign-in waits behind it. */
  async function scan(job: Job): Promise<unknown> {
    if (closed) throw new Error('the verifier pool is closed');
    let scanner: Thread | undefined;
    try {
      return await new Promise((resolve, reject) => {
        let task: Task | undefined = { job, limit: LIST_TIME_LIMIT, resolve, reject };
        const begin = (thread: Thread): void => {
          if (task !== undefined) thread.run(task);
          task = undefined;
        };
        scanner = new Thread(url, certificates, begin, ({ fault }) =>
          reject(new Error('the verifier threads cannot start', { cause: fault })),
        );
        scanners.add(scanner);
      });
    } finally {
      if (scanner !== undefined) scanners.delete(scanner);
      await scanner?.end();
    }
  }

  for (let i = 0; i < size; i++) start();
  return {
    verify: (request) => submit({ kind: 'verify', request }, timeLimit) as Promise<Verdict>,
    checkRevocation: (request) =>
      submit({ kind: 'revocation', request }, timeLimit) as Promise<ReturnType<typeof checkRevocation>>,
    loadCrl: (path, allowGost2004 = false) =>
      scan({ kind: 'crl', path, allowGost2004 }) as Promise<LoadedCrl>,
    async close() {
      closed = true;
      for (const { reject } of waiting.splice(0)) reject(new Error('the verifier pool is closed'));
      await Promise.all([...threads, ...scanners].map((thread) => thread.end()));
    },
  };
}

class Thread {
  readonly #worker: Worker;
  #task: Task | null = null;
  #timer: NodeJS.Timeout | null = null;
  #ending = false;
  wasReady = false;
  fault: unknown;

  constructor(
    url: URL,
    certificates: readonly Uint8Array[],
    onIdle: (thread: Thread) => void,
    onEnd: (thread: Thread) => void,
  ) {
    this.#worker = new Worker(url, { workerData: certificates });
    this.#worker.on('message', (reply: Reply) => {
      if ('ready' in reply) {
        this.wasReady = true;
        this.#worker.unref();
      } else this.#settle(reply);
      onIdle(this);
    });
    this.#worker.on('error', (error) => {
      this.fault = error;
    });
    this.#worker.on('exit', () => {
      this.#ending = true;
      this.#settle({ error: 'the verifier thread ended' });
      onEnd(this);
    });
  }

  get idle(): boolean {
    return this.wasReady && !this.#ending && this.#task === null;
  }

  run(task: Task): void {
    this.#task = task;
    // An idle pool should not keep a process alive, a working one should.
    this.#worker.ref();
    this.#timer = setTimeout(() => {
      this.#ending = true;
      this.#settle({ value: TOO_LONG });
      void this.#worker.terminate();
    }, task.limit);
    try {
      this.#worker.postMessage(task.job);
    } catch (error) {
      // Something in the request cannot be sent, which is the caller's fault and not the thread's.
      this.#settle({ error: error instanceof Error ? error.message : String(error) });
    }
  }

  #settle(reply: Exclude<Reply, { ready: true }>): void {
    const task = this.#task;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#task = null;
    if (task === null) return;
    this.#worker.unref();
    if ('value' in reply) task.resolve(reply.value);
    else task.reject(new Error(reply.error, { cause: this.fault }));
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

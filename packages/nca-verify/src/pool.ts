/**
 * Verifies outside the event loop, in a few worker threads. Each has its own WebAssembly and tables
 * of CA keys.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import {
  checkBoolean,
  checkCertificateRequest,
  checkCount,
  checkObject,
  checkRevocationRequest,
  checkTimeStampRequest,
  checkVerifyAllRequest,
  checkVerifyRequest,
  fault,
} from './arguments.ts';
import { workerScript } from './assets.ts';
import type { checkRevocation, RevocationRequest } from './check-revocation.ts';
import type { LoadedCrl } from './crl.ts';
import { bestBinary } from './gost-wasm.ts';
import type { VerifyTimeStampRequest } from './time-stamp-request.ts';
import type { TimeStampVerdict } from './trusted-time.ts';
import { TurnQueue } from './turns.ts';
import type { Verdict } from './verdict.ts';
import type { AllVerdicts, VerifyAllRequest, VerifyRequest } from './verify.ts';
import type { CertificateRequest, verifyCertificate } from './verify-certificate.ts';

export interface VerifierPoolOptions {
  /** The certificates to trust, as for `createTrust`. */
  readonly certificates: readonly Uint8Array[];
  /**
   * The number of threads, all started at once; 2 unless given, and 1 on a machine with one or two
   * cores.
   */
  readonly size?: number | undefined;
  /**
   * Milliseconds of elapsed time for one verification, after which its thread is ended; 2000 unless
   * given.
   */
  readonly timeLimit?: number | undefined;
  /** The most waiting verifications, of all keys together; 500 unless given. */
  readonly maxWaiting?: number | undefined;
  /** The most waiting verifications for each key of `TurnOptions`; `maxWaiting` unless given. */
  readonly maxWaitingPerKey?: number | undefined;
  /** A file that the threads run instead of the script within this package. */
  readonly workerUrl?: URL | undefined;
}

export interface TurnOptions {
  /**
   * For whom the work is, for example a network. Keys are served in turn, so that one that sends
   * much does not delay the others. Work without a key shares one line, to which `maxWaitingPerKey`
   * does not apply.
   */
  readonly key?: string | undefined;
}

/**
 * Accepts the requests of the functions of the same names, without `trust`. Rejects with a
 * `VerifierBusyError` when load prevented a verdict, and with a TypeError for a wrong argument.
 */
export interface VerifierPool {
  readonly verify: (
    request: Omit<VerifyRequest, 'trust' | 'timeStampTrust'>,
    options?: TurnOptions,
  ) => Promise<Verdict>;
  readonly verifyAll: (
    request: Omit<VerifyAllRequest, 'trust' | 'timeStampTrust'>,
    options?: TurnOptions,
  ) => Promise<AllVerdicts>;
  readonly verifyCertificate: (
    request: Omit<CertificateRequest, 'trust'>,
    options?: TurnOptions,
  ) => Promise<ReturnType<typeof verifyCertificate>>;
  /**
   * Also waits for its turn. `maxWaitingPerKey` does not refuse it, because it completes work that
   * was already accepted.
   */
  readonly checkRevocation: (
    request: Omit<RevocationRequest, 'trust'>,
    options?: TurnOptions,
  ) => Promise<ReturnType<typeof checkRevocation>>;
  readonly verifyTimeStamp: (
    request: Omit<VerifyTimeStampRequest, 'trust'>,
    options?: TurnOptions,
  ) => Promise<TimeStampVerdict>;
  /**
   * Reads, verifies and scans a list from a file, in its own thread. The result is shared memory,
   * to be passed with later requests. The pool keeps no list: when a new one cannot be used (`ok:
   * false`, or a rejection), keep using the one you have.
   */
  readonly loadCrl: (path: string, allowGost2004?: boolean) => Promise<LoadedCrl>;
  /** Ends the threads and rejects the waiting work. */
  readonly close: () => Promise<void>;
}

/**
 * `full`: `maxWaiting` are waiting. `share`: `maxWaitingPerKey` of this key are waiting.
 * `timeLimit`: it took too long.
 */
export type BusyReason = 'full' | 'share' | 'timeLimit';

const BUSY: Readonly<Record<BusyReason, string>> = {
  full: 'too many verifications are waiting',
  share: 'too many verifications of one key are waiting',
  timeLimit: 'a verification took too long',
};

/**
 * There was too much to do, so there is no verdict and nothing is known about the signature. Answer
 * "try again later".
 */
export class VerifierBusyError extends Error {
  readonly reason: BusyReason;

  constructor(reason: BusyReason) {
    super(BUSY[reason]);
    this.name = 'VerifierBusyError';
    this.reason = reason;
  }
}

/** What a worker receives and returns. */
export type Job =
  | { readonly kind: 'verify'; readonly request: Omit<VerifyRequest, 'trust' | 'timeStampTrust'> }
  | { readonly kind: 'verifyAll'; readonly request: Omit<VerifyAllRequest, 'trust' | 'timeStampTrust'> }
  | { readonly kind: 'certificate'; readonly request: Omit<CertificateRequest, 'trust'> }
  | { readonly kind: 'revocation'; readonly request: Omit<RevocationRequest, 'trust'> }
  | { readonly kind: 'timeStamp'; readonly request: Omit<VerifyTimeStampRequest, 'trust'> }
  | { readonly kind: 'crl'; readonly path: string; readonly allowGost2004: boolean };
export interface WorkerData {
  readonly certificates: readonly Uint8Array[];
  /** The WebAssembly, which the thread's script does not contain. */
  readonly binary: Uint8Array | null;
}
export type Reply = { readonly ready: true } | { readonly value: unknown } | { readonly error: string };

interface Task {
  readonly job: Job;
  readonly limit: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Milliseconds. A list of 26 MB usually takes half a second; this is for a slow disk and a busy
 * machine.
 */
const LIST_TIME_LIMIT = 60_000;

/**
 * The number of threads unless more are requested. A verification takes a few milliseconds, and a
 * machine may run many processes, each with a pool.
 */
const MAX_DEFAULT_SIZE = 2;

type Limits = Record<'size' | 'timeLimit' | 'maxWaiting' | 'maxWaitingPerKey', number>;

function checkOptions(
  options: VerifierPoolOptions,
): Pick<VerifierPoolOptions, 'certificates'> & Readonly<Limits> {
  checkObject('options', options);
  const { certificates, timeLimit = 2000, maxWaiting = 500 } = options;
  const size = options.size ?? Math.min(MAX_DEFAULT_SIZE, Math.max(1, availableParallelism() - 1));
  const maxWaitingPerKey = options.maxWaitingPerKey ?? maxWaiting;
  if (!Array.isArray(certificates)) fault('certificates', certificates, 'an array of certificates');
  checkCount('size', size, 1);
  checkCount('timeLimit', timeLimit, 1);
  checkCount('maxWaiting', maxWaiting, 0);
  checkCount('maxWaitingPerKey', maxWaitingPerKey, 0);
  return { certificates, size, timeLimit, maxWaiting, maxWaitingPerKey };
}

/**
 * Starts the threads. A failure in a thread rejects its job and starts another thread.
 * @throws TypeError when an option is missing or of another type
 */
export function createVerifierPool(options: VerifierPoolOptions): VerifierPool {
  const { certificates, size, timeLimit, maxWaiting, maxWaitingPerKey } = checkOptions(options);
  const create = workers(options.workerUrl, certificates);
  const waiting = new TurnQueue<Task>();
  const threads = new Set<Thread>();
  let closed = false;

  function start(): void {
    threads.add(new Thread(create(), next, replace));
  }

  /** Gives an idle thread the task whose turn it is. */
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
      // Stop here: a thread that cannot start would be started again for ever.
      for (const { reject } of waiting.empty())
        reject(new Error('the verifier threads cannot start', { cause: thread.fault }));
    }
  }

  function submit(job: Job, key: string | undefined, maxOfKey: number): Promise<unknown> {
    if (closed) return Promise.reject(new Error('the verifier pool is closed'));
    if (waiting.length >= maxWaiting) return Promise.reject(new VerifierBusyError('full'));
    if (key !== undefined && waiting.lengthOf(key) >= maxOfKey)
      return Promise.reject(new VerifierBusyError('share'));
    if (threads.size === 0) start();
    return new Promise((resolve, reject) => {
      waiting.push(key, { job, limit: timeLimit, resolve, reject });
      for (const thread of threads) if (thread.idle) return next(thread);
    });
  }

  const lists = createScanners(create);
  for (let i = 0; i < size; i++) start();
  return {
    async verify(request, { key } = {}) {
      checkVerifyRequest(request);
      return (await submit({ kind: 'verify', request }, key, maxWaitingPerKey)) as Verdict;
    },
    async verifyAll(request, { key } = {}) {
      checkVerifyAllRequest(request);
      return (await submit({ kind: 'verifyAll', request }, key, maxWaitingPerKey)) as AllVerdicts;
    },
    async verifyCertificate(request, { key } = {}) {
      checkCertificateRequest(request);
      const checked = await submit({ kind: 'certificate', request }, key, maxWaitingPerKey);
      return checked as ReturnType<typeof verifyCertificate>;
    },
    async checkRevocation(request, { key } = {}) {
      checkRevocationRequest(request);
      const checked = await submit({ kind: 'revocation', request }, key, Number.POSITIVE_INFINITY);
      return checked as ReturnType<typeof checkRevocation>;
    },
    async verifyTimeStamp(request, { key } = {}) {
      checkTimeStampRequest(request);
      return (await submit({ kind: 'timeStamp', request }, key, maxWaitingPerKey)) as TimeStampVerdict;
    },
    async loadCrl(path, allowGost2004 = false) {
      if (typeof path !== 'string') fault('path', path, 'the path of a file');
      checkBoolean('allowGost2004', allowGost2004);
      if (closed) throw new Error('the verifier pool is closed');
      return (await lists.scan({ kind: 'crl', path, allowGost2004 })) as LoadedCrl;
    },
    async close() {
      closed = true;
      for (const { reject } of waiting.empty()) reject(new Error('the verifier pool is closed'));
      await Promise.all([...[...threads].map((thread) => thread.end()), lists.end()]);
    },
  };
}

/** Gives a function that starts a worker. The script is text, so no bundler has to find a file. */
function workers(url: URL | undefined, certificates: readonly Uint8Array[]): () => Worker {
  const workerData: WorkerData = { certificates, binary: bestBinary() };
  if (url !== undefined) return () => new Worker(url, { workerData });
  const script = workerScript();
  return () => new Worker(script, { eval: true, workerData });
}

/** Reads each list in its own thread, so that no sign-in waits behind it. */
function createScanners(create: () => Worker): {
  scan(job: Job): Promise<unknown>;
  end(): Promise<void>;
} {
  const scanners = new Set<Thread>();
  return {
    async scan(job) {
      let scanner: Thread | undefined;
      try {
        return await new Promise((resolve, reject) => {
          let task: Task | undefined = { job, limit: LIST_TIME_LIMIT, resolve, reject };
          const begin = (thread: Thread): void => {
            if (task !== undefined) thread.run(task);
            task = undefined;
          };
          scanner = new Thread(create(), begin, ({ fault: cause }) =>
            reject(new Error('the verifier threads cannot start', { cause })),
          );
          scanners.add(scanner);
        });
      } finally {
        if (scanner !== undefined) scanners.delete(scanner);
        await scanner?.end();
      }
    },
    async end() {
      await Promise.all([...scanners].map((thread) => thread.end()));
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

  constructor(worker: Worker, onIdle: (thread: Thread) => void, onEnd: (thread: Thread) => void) {
    this.#worker = worker;
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
    // A working pool keeps its process alive; an idle pool does not.
    this.#worker.ref();
    // After a busy main thread, the answer may already be there. Read it before the time-out
    // counts.
    this.#timer = setTimeout(() => setImmediate(() => this.#timeOut(task)), task.limit);
    try {
      this.#worker.postMessage(task.job);
    } catch (error) {
      // Something in the request cannot be sent. That is the caller's error, not the thread's.
      this.#settle({ error: error instanceof Error ? error.message : String(error) });
    }
  }

  #timeOut(task: Task): void {
    if (this.#task !== task) return;
    this.#ending = true;
    this.#settle({ busy: 'timeLimit' });
    void this.#worker.terminate();
  }

  #settle(reply: Exclude<Reply, { ready: true }> | { readonly busy: BusyReason }): void {
    const task = this.#task;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#task = null;
    if (task === null) return;
    this.#worker.unref();
    if ('value' in reply) task.resolve(reply.value);
    else if ('busy' in reply) task.reject(new VerifierBusyError(reply.busy));
    else task.reject(new Error(reply.error, { cause: this.fault }));
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../../src/platform/root.ts';

/** The built service as an operator runs it, in its own processes. */
export interface ServiceProcess {
  readonly pid: number;
  /** The address that it reported; empty when it reported none. */
  readonly origin: string;
  /** Everything it wrote to stdout and stderr so far. */
  said(): string;
  /** Resolves when it has written the text this many times. */
  saying(text: string, times?: number): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** The exit code after its end, or the name of the signal that killed it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Kept so that a test that fails half-way leaves no process running. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Runs `dist/main.js` (or that of another build) with these arguments and settings, without the
 * settings of this process.
 */
export function runService(
  environment: Readonly<Record<string, string>>,
  {
    parameters = [],
    main = join(root, 'dist/main.js'),
    onLine,
  }: { parameters?: readonly string[]; main?: string; onLine?: (line: string) => void } = {},
): Omit<ServiceProcess, 'origin'> {
  const child: ChildProcess = spawn(process.execPath, [main, ...parameters], {
    env: { PATH: process.env['PATH'], PORT: '0', SECRET_KEYS: 'k'.repeat(32), DEMO: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let said = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface(stream).on('line', (line) => {
      onLine?.(line);
      // There is one such line for each request, and no test waits for them.
      if (line.endsWith('"msg":"answered"}')) return;
      said += `${line}\n`;
      for (const listener of listeners) listener();
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  return {
    pid: child.pid ?? 0,
    said: () => said,
    async saying(text, times = 1) {
      const heard = new Promise<void>((resolve) => {
        const listener = () => {
          if (said.split(text).length <= times) return;
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
        listener();
      });
      const early = ended.then((code) => {
        throw new Error(`the service ended with ${code} before it said "${text}":\n${said}`);
      });
      await Promise.race([heard, early]);
    },
    signal: (signal) => child.kill(signal),
    ended,
  };
}

/** Starts the service and waits until it has reported its address. */
export async function startProcess(...given: Parameters<typeof runService>): Promise<ServiceProcess> {
  const service = runService(...given);
  await service.saying(' at http://localhost');
  const origin = /http:\/\/localhost:[0-9]+/.exec(service.said())?.[0] ?? '';
  return { ...service, origin };
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

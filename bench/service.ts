import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'node-html-parser';
import type { ConnectionFields } from '../src/platform/postgres/database.ts';
import { root } from '../src/platform/root.ts';
import { type Core, onCore } from './cores.ts';

/** The measured service, in its own process and on its own database. */
export interface MeasuredService {
  readonly origin: string;
  /** The CPU time of the service's process so far (microseconds), and its resident memory (MB). */
  usage(): Promise<{ readonly cpu: number; readonly memory: number }>;
  close(): Promise<void>;
}

/** Starts the service with the demonstration people. */
export async function startMeasured(
  environment: Readonly<Record<string, string>> = {},
  core?: Core,
): Promise<MeasuredService> {
  const varDir = await mkdtemp(join(tmpdir(), 'kabinet-bench-'));
  const settings = { VAR_DIR: varDir, DEMO: '1', DATABASE_URL: '', ...environment };
  const service = await startProcess(join(root, 'dist/bench/service-process.js'), settings, core);
  return {
    ...service,
    async close() {
      await service.close();
      await rm(varDir, { recursive: true, force: true });
    },
  };
}

/** Starts a server that tells its address over IPC and answers `cpu` and `stop`. */
export async function startProcess(
  file: string,
  environment: Readonly<Record<string, string>>,
  core?: Core,
): Promise<MeasuredService> {
  const child = fork(file, {
    ...onCore(core),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { origin } = (await answer(child)) as { origin: string };
  return {
    origin,
    async usage() {
      child.send('cpu');
      const { cpu, memory } = (await answer(child)) as { cpu: NodeJS.CpuUsage; memory: number };
      return { cpu: cpu.user + cpu.system, memory };
    },
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.send('stop');
      await ended;
    },
  };
}

function answer(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null) => reject(new Error(`the service ended with ${code}`));
    child.once('exit', gone);
    child.once('message', (message) => {
      child.off('exit', gone);
      resolve(message);
    });
  });
}

/** The `DATABASE_URL` of a server on a socket. */
export function urlOf({ host, port, user, password, database }: ConnectionFields): string {
  const parts = { host, port: String(port), user, ...(password === undefined ? {} : { password }) };
  return `postgresql://localhost/${database}?${new URLSearchParams(parts)}`;
}

/** One of the demonstration people. */
export interface Person {
  readonly iin: string;
  readonly password: string;
}

/** The demonstration people who can sign in and save. */
export async function peopleWhoSave(): Promise<Person[]> {
  const lines = (await readFile(join(root, 'data/demo-people.jsonl'), 'utf8')).split('\n').filter(Boolean);
  const people = lines.map(
    (line) => JSON.parse(line) as Person & { status?: string; documents: { validUntil: string }[] },
  );
  const today = new Date().toISOString().slice(0, 10);
  return people.filter(
    ({ status, documents }) =>
      (status ?? 'active') === 'active' && documents.some(({ validUntil }) => validUntil > today),
  );
}

/** A client with a browser's cookies and forms, without rendering. */
export class Client {
  private readonly cookies = new Map<string, string>();
  readonly origin: string;

  constructor(origin: string) {
    this.origin = origin;
  }

  get cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async get(path: string): Promise<{ status: number; html: string; fields: Record<string, string> }> {
    return this.read(
      await fetch(this.origin + path, { headers: { cookie: this.cookieHeader }, redirect: 'manual' }),
    );
  }

  async post(
    path: string,
    fields: Readonly<Record<string, string>>,
  ): Promise<{ status: number; location: string | null; html: string }> {
    const response = await fetch(this.origin + path, {
      method: 'POST',
      headers: {
        cookie: this.cookieHeader,
        origin: this.origin,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams(fields).toString(),
      redirect: 'manual',
    });
    const { html } = await this.read(response);
    return { status: response.status, location: response.headers.get('location'), html };
  }

  /** Forgets the session, like a browser that was closed, but not who has signed in here before. */
  dropSession(): void {
    this.cookies.delete('session');
  }

  /** Signs in and stays signed in. */
  async signIn({ iin, password }: Person): Promise<void> {
    const { fields } = await this.get('/sign-in');
    const { status } = await this.post('/sign-in', { csrf: fields['csrf'] ?? '', iin, password });
    if (status !== 303) throw new Error(`sign-in answered ${status}`);
  }

  private async read(
    response: Response,
  ): Promise<{ status: number; html: string; fields: Record<string, string> }> {
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      if (at === pair.length - 1) this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const html = await response.text();
    const fields: Record<string, string> = {};
    for (const input of parse(html).querySelectorAll('#page-form input')) {
      const [type, name] = [input.getAttribute('type'), input.getAttribute('name')];
      const off = (type === 'radio' || type === 'checkbox') && input.getAttribute('checked') === undefined;
      if (name !== undefined && !off) fields[name] = input.getAttribute('value') ?? '';
    }
    return { status: response.status, html, fields };
  }
}

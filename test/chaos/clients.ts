import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Fields } from '../support/client.ts';
import type { PersonLine } from '../support/people.ts';
import { path, readForm, request, signIn, type Visit } from './sign-in.ts';

/** A form that a client sent, with every receipt that it got for it. */
export interface Acknowledged {
  readonly iin: string;
  readonly formId: string;
  readonly values: Readonly<Record<string, string>>;
  readonly numbers: readonly string[];
}

/** Clients that are saving. */
export interface Clients {
  /** What was acknowledged so far, in order for each person. */
  readonly ledger: readonly Acknowledged[];
  /** Stops after the saves in progress are acknowledged. */
  stop(): Promise<void>;
  /** Rejects when a client gives up because its save got no receipt or a wrong answer. */
  readonly failed: Promise<never>;
  /** What the clients encountered so far. */
  met(): Met;
}

export interface Met {
  /** Requests that ended without an answer. */
  readonly cut: number;
  /** How often 408 and each status of 500 and above was answered. */
  readonly failures: ReadonlyMap<number, number>;
  /** Forms refused because somebody else had changed something, though nobody else was there. */
  readonly conflicts: number;
  /** Milliseconds from the first sending to the receipt. */
  readonly took: readonly number[];
}

interface ClientsOptions {
  readonly people: readonly PersonLine[];
  readonly atOnce: number;
  readonly origins: () => readonly string[];
  /** The mean pause between two saves of a client, milliseconds. */
  readonly pauseMs: number;
  /** A save without a receipt after this time hangs. Milliseconds. */
  readonly patienceMs?: number;
}

/**
 * Signs everybody in and starts saving. Each client saves for its own people, one form after
 * another. A form that got no answer or an error is sent again to the next node. Now and then a
 * form is sent twice at once, like a double click.
 */
export async function startClients(options: ClientsOptions): Promise<Clients> {
  const { people, atOnce, origins, pauseMs, patienceMs = 120_000 } = options;
  const ledger: Acknowledged[] = [];
  const met = { cut: 0, failures: new Map<number, number>(), conflicts: 0, took: [] as number[] };
  let stopped = false;
  let count = 0;

  async function send(visit: Visit, fields: Fields, turn: number): Promise<string | undefined> {
    const until = performance.now() + patienceMs;
    for (let attempt = 0; performance.now() < until; attempt += 1) {
      const there = origins();
      const origin = there[(turn + attempt) % Math.max(there.length, 1)];
      const answer = origin && (await request(origin, path, visit.cookies, fields).catch(() => undefined));
      if (!answer) met.cut += origin ? 1 : 0;
      // 408: the node was too busy to read the form in time.
      else if (answer.status >= 500 || answer.status === 408)
        met.failures.set(answer.status, (met.failures.get(answer.status) ?? 0) + 1);
      else if (answer.status === 409) return undefined;
      else {
        const number = /^\/receipts\/(\w+)$/.exec(answer.location ?? '')?.[1];
        if (answer.status === 303 && number !== undefined) return number;
        throw new Error(`a save was answered ${answer.status} ${answer.location ?? ''}`);
      }
      await pause(Math.min(20 * 2 ** attempt, 500) * (0.5 + Math.random()));
    }
    throw new Error(`a save got no receipt within ${patienceMs / 1_000} s`);
  }

  async function save(visit: Visit, turn: number): Promise<void> {
    count += 1;
    // All three differ from before and from the data on file, so that a half-made change would be
    // noticed.
    const values = {
      address: `Алматы қ., Белгілі көшесі, ${count}`,
      apartment: String((count % 9_000) + 100),
      contactPhone: `+7717256${String(count % 10_000).padStart(4, '0')}`,
    };
    const formId = randomUUID();
    const typed: Record<string, string> = { ...values, formId };
    const fields = visit.form.map(
      ([name, value]) =>
        [name, name === 'revision' ? String(Number(value) + visit.saves) : (typed[name] ?? value)] as const,
    );
    const began = performance.now();
    const doubled = Math.random() < 0.1 ? [send(visit, fields, turn + 1)] : [];
    const numbers = await Promise.all([send(visit, fields, turn), ...doubled]);
    visit.saves += 1;
    const given = numbers.filter((number) => number !== undefined);
    if (given.length < numbers.length) {
      met.conflicts += 1;
      await readForm(visit, origins);
    }
    if (given.length === 0) return;
    met.took.push(performance.now() - began);
    ledger.push({ iin: visit.person.iin, formId, values, numbers: given });
  }

  async function work(visits: readonly Visit[], client: number): Promise<void> {
    for (let turn = client; !stopped; turn += 1) {
      const visit = visits[Math.floor(Math.random() * visits.length)];
      if (visit) await save(visit, turn);
      await pause(pauseMs * 2 * Math.random());
    }
  }

  const visits: Visit[] = [];
  // Password checks take time, and the service turns people away when too many wait.
  for (const person of people) visits.push(await signIn(person, origins));
  const working = Array.from({ length: atOnce }, (_, client) =>
    work(
      visits.filter((_visit, index) => index % atOnce === client),
      client,
    ),
  );
  const failed = new Promise<never>((_, reject) => {
    for (const one of working) one.catch(reject);
  });
  failed.catch(() => undefined);
  return {
    ledger,
    failed,
    met: () => met,
    async stop() {
      stopped = true;
      await Promise.all(working);
    },
  };
}

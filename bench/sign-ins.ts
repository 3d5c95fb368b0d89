import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { LocalPostgres } from 'local-postgres';
import { root } from '../src/platform/root.ts';
import { type Core, coreNote, onCore, withCores } from './cores.ts';
import { withOwnPostgres } from './own-postgres.ts';
import { percentile, type Row } from './row.ts';
import { Client, type MeasuredService, type Person, peopleWhoSave, startMeasured, urlOf } from './service.ts';

/** Rounds in which both are measured in turn, so that other load falls on both. */
const rounds = 4;
const seconds = 4;
const parallel = 8;
const requisites = '/services/requisites';
const reading = { seconds: 15, perSecond: 20 };

/**
 * Sign-ins over HTTP beside bare argon2id with the same parameters, each alone on one processor,
 * and how long the requisites page takes meanwhile. PostgreSQL is beside the load.
 */
export function bench(): Promise<Row[]> {
  return withCores((core) => withOwnPostgres('sign-ins', {}, (postgres) => compareOn(postgres, core)));
}

async function compareOn({ connection }: LocalPostgres, core: Core): Promise<Row[]> {
  const service = await startMeasured(
    { DATABASE_URL: urlOf(connection), DATABASE_PREPARED: '1', SECRET_KEYS: 'k'.repeat(32) },
    core,
  );
  try {
    const [reader, ...others] = await peopleWhoSave();
    const people = others.slice(0, parallel);
    if (!reader || people.length < parallel) throw new Error('too few demonstration people');
    await signInFor(service, people, 2);
    const hashes: Rate[] = [];
    const signIns: Rate[] = [];
    const took: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      hashes.push(await bareHashes(core));
      const before = await service.usage();
      const ofRound = await signInFor(service, people, seconds);
      const { cpu } = await service.usage();
      signIns.push({
        perSecond: ofRound.length / seconds,
        cpu: (cpu - before.cpu) / 1_000 / ofRound.length,
      });
      took.push(...ofRound);
      console.log(`  round ${round} of ${rounds}`);
    }
    const ratios = signIns.map(
      ({ perSecond }, round) => perSecond / (hashes[round]?.perSecond ?? Number.NaN),
    );
    const median = (rates: readonly Rate[], of: (rate: Rate) => number) => percentile(rates.map(of), 0.5);
    const cpu = median(signIns, (rate) => rate.cpu);
    const ofHash = median(hashes, (rate) => rate.cpu);
    const pages = await readWhile(service, reader, () => signInFor(service, people, reading.seconds));
    return [
      {
        name: 'sign-ins',
        value: median(signIns, ({ perSecond }) => perSecond),
        unit: '1/s',
        note: coreNote(core),
      },
      { name: 'sign-ins: p99', value: percentile(took, 0.99), unit: 'ms', note: `${parallel} in parallel` },
      {
        name: 'bare argon2id (19 MiB, t=2)',
        value: median(hashes, ({ perSecond }) => perSecond),
        unit: '1/s',
      },
      {
        name: 'sign-ins: CPU of the process',
        value: cpu,
        unit: 'ms',
        note: `of each; a hash alone ${ofHash.toFixed(1)}, ${(ofHash / cpu).toFixed(2)} of it`,
      },
      {
        name: 'sign-ins / bare argon2id',
        value: percentile(ratios, 0.5),
        unit: '×',
        note: `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} in ${rounds} rounds; at least 0.9`,
      },
      {
        name: 'requisites page during sign-ins: p99',
        value: percentile(pages, 0.99),
        unit: 'ms',
        note: `p50 ${percentile(pages, 0.5).toFixed(0)} ms of ${pages.length}; below 100`,
      },
    ];
  } finally {
    await service.close();
  }
}

/** How long each sign-in took, in milliseconds. */
async function signInFor(
  { origin }: MeasuredService,
  people: readonly Person[],
  duration: number,
): Promise<number[]> {
  const took: number[] = [];
  const until = performance.now() + duration * 1_000;
  await Promise.all(
    people.map(async ({ iin, password }) => {
      // Most sign-ins come from a browser in which the person has signed in before.
      const client = new Client(origin);
      await client.signIn({ iin, password });
      client.dropSession();
      const { fields } = await client.get('/sign-in');
      const headers = {
        cookie: client.cookieHeader,
        origin,
        'content-type': 'application/x-www-form-urlencoded',
      };
      const body = new URLSearchParams({ csrf: fields['csrf'] ?? '', iin, password }).toString();
      while (performance.now() < until) {
        const started = performance.now();
        const response = await fetch(`${origin}/sign-in`, {
          method: 'POST',
          headers,
          body,
          redirect: 'manual',
        });
        if (response.status !== 303) throw new Error(`a sign-in answered ${response.status}`);
        took.push(performance.now() - started);
      }
    }),
  );
  return took;
}

/** Opens the page at a steady rate while `work` runs, whether or not earlier ones have come. */
async function readWhile(
  { origin }: MeasuredService,
  person: Person,
  work: () => Promise<unknown>,
): Promise<number[]> {
  const client = new Client(origin);
  await client.signIn(person);
  const headers = { cookie: client.cookieHeader, 'accept-encoding': 'br' };
  const readings: Promise<number>[] = [];
  let done = false;
  const working = work().finally(() => {
    done = true;
  });
  while (!done) {
    readings.push(timed(() => fetch(origin + requisites, { headers, redirect: 'manual' })));
    await pause(1_000 / reading.perSecond);
  }
  await working;
  return Promise.all(readings);
}

async function timed(ask: () => Promise<Response>): Promise<number> {
  const started = performance.now();
  const response = await ask();
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`the page answered ${response.status}`);
  return performance.now() - started;
}

/** How many a second, and milliseconds of CPU for each. */
interface Rate {
  readonly perSecond: number;
  readonly cpu: number;
}

async function bareHashes(core: Core): Promise<Rate> {
  const child = fork(join(root, 'dist/bench/hashes-process.js'), [String(seconds), String(parallel)], {
    ...onCore(core),
  });
  const [rate] = (await once(child, 'message')) as [Rate];
  await once(child, 'exit');
  return rate;
}

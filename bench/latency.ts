import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { root } from '../src/platform/root.ts';
import { parseIin } from '../src/values/iin.ts';
import { percentile, type Row } from './row.ts';
import { Client, startMeasured } from './service.ts';

const pairs = 400;

/** The person that a request names, and what else is typed. */
interface Named {
  readonly iin: string;
  readonly contact: string;
}

type Samples = Record<'known' | 'unknown', number[]>;

/**
 * Checks whether the time of an answer reveals if a person is on file. Sends interleaved pairs over
 * one warm connection. Reports for each route the medians and the AUC: the chance that an answer
 * for a known person takes longer than one for an unknown person. 0.5 means that nothing is
 * revealed. The target is 0.45 to 0.55, with medians within 5 ms.
 */
export async function bench(): Promise<Row[]> {
  const service = await startMeasured({
    CODES_PER_NETWORK_HOUR: '100000',
    CODES_PER_QUARTER_HOUR: '100',
    CODES_PER_DAY: '1000',
    CODE_BREAKER_LEAST: '1000000',
    SIGN_IN_FREE_FAILURES: '100',
    SIGN_IN_IIN_FAILURES: '1000',
  });
  try {
    const known = await peopleWithMobile();
    const unknown = known.map(({ contact }, n) => ({ iin: inventedIin(n), contact }));
    const visit = { origin: service.origin, people: { known, unknown } };
    const asked = await measureAsking(visit, '/recover');
    const rows = [
      ...rowsOf('POST /recover', asked.posts),
      ...rowsOf('GET /recover/confirm, right after', asked.pages),
      ...rowsOf('POST /recover/confirm, wrong code', await measureTries(asked.clients)),
      ...rowsOf('POST /register', (await measureAsking(visit, '/register')).posts),
      ...rowsOf('POST /sign-in, wrong password', await measureSignIn(visit)),
    ];
    return rows;
  } finally {
    await service.close();
  }
}

interface Visit {
  readonly origin: string;
  readonly people: Readonly<Record<'known' | 'unknown', readonly Named[]>>;
}

async function measureAsking({ origin, people }: Visit, start: '/register' | '/recover') {
  const posts: Samples = { known: [], unknown: [] };
  const pages: Samples = { known: [], unknown: [] };
  const clients: Record<'known' | 'unknown', Client[]> = { known: [], unknown: [] };
  for (let pair = 0; pair < pairs; pair += 1) {
    for (const kind of inTurn(pair)) {
      const { iin, contact } = nth(people[kind], pair);
      const client = new Client(origin);
      const { fields } = await client.get(start);
      posts[kind].push(
        await timed(() => client.post(start, { csrf: fields['csrf'] ?? '', iin, contact }), 303),
      );
      pages[kind].push(await timed(() => client.get(`${start}/confirm`), 200));
      clients[kind].push(client);
    }
  }
  // The requests are processed in the background.
  await pause(5_000);
  return { posts, pages, clients };
}

async function measureTries(clients: Record<'known' | 'unknown', readonly Client[]>): Promise<Samples> {
  const samples: Samples = { known: [], unknown: [] };
  for (let pair = 0; pair < pairs; pair += 1) {
    for (const kind of inTurn(pair)) {
      const client = nth(clients[kind], pair);
      const { fields } = await client.get('/recover/confirm');
      samples[kind].push(
        await timed(
          () => client.post('/recover/confirm', { csrf: fields['csrf'] ?? '', code: 'WR0NG000' }),
          422,
        ),
      );
    }
  }
  return samples;
}

async function measureSignIn({ origin, people }: Visit): Promise<Samples> {
  const samples: Samples = { known: [], unknown: [] };
  const client = new Client(origin);
  const { fields } = await client.get('/sign-in');
  for (let pair = 0; pair < pairs; pair += 1) {
    for (const kind of inTurn(pair)) {
      const { iin } = nth(people[kind], pair);
      const form = { csrf: fields['csrf'] ?? '', iin, password: 'not the password' };
      samples[kind].push(await timed(() => client.post('/sign-in', form), 422));
    }
  }
  return samples;
}

async function timed(request: () => Promise<{ readonly status: number }>, wanted: number): Promise<number> {
  const started = performance.now();
  const { status } = await request();
  const took = performance.now() - started;
  if (status !== wanted) throw new Error(`an answer was ${status} instead of ${wanted}`);
  return took;
}

function rowsOf(name: string, { known, unknown }: Samples): Row[] {
  // The first tenth is for warming up.
  const warm = (samples: readonly number[]) => samples.slice(pairs / 10);
  const [one, other] = [warm(known), warm(unknown)];
  const medians = [percentile(one, 0.5), percentile(other, 0.5)];
  const shown = medians.map((median) => median.toFixed(2)).join(' and ');
  return [
    {
      name: `${name}: AUC`,
      value: auc(one, other),
      unit: '',
      note: `medians ${shown} ms, known and unknown`,
    },
  ];
}

/** The share of pairs in which the first takes longer. Ties count half. */
function auc(one: readonly number[], other: readonly number[]): number {
  let longer = 0;
  for (const a of one) for (const b of other) longer += a > b ? 1 : a === b ? 0.5 : 0;
  return longer / (one.length * other.length);
}

/** Each kind comes first in every second pair. */
function inTurn(pair: number): readonly ('known' | 'unknown')[] {
  return pair % 2 === 0 ? ['known', 'unknown'] : ['unknown', 'known'];
}

function nth<Item>(all: readonly Item[], n: number): Item {
  const item = all[n % all.length];
  if (item === undefined) throw new Error('there is nobody to name');
  return item;
}

/** The demonstration people with a mobile number and a password. */
async function peopleWithMobile(): Promise<Named[]> {
  const lines = (await readFile(join(root, 'data/demo-people.jsonl'), 'utf8')).split('\n').filter(Boolean);
  return lines
    .map(
      (line) =>
        JSON.parse(line) as {
          iin: string;
          status?: string;
          password?: string;
          requisites: { mobilePhone: string | null };
        },
    )
    .flatMap(({ iin, status = 'active', password, requisites: { mobilePhone } }) =>
      status === 'active' && password !== undefined && mobilePhone !== null
        ? [{ iin, contact: mobilePhone }]
        : [],
    );
}

/** A valid IIN that no demonstration person has. */
function inventedIin(n: number): string {
  for (let tail = n * 100; ; tail += 1) {
    const iin = `6607153${String(tail).padStart(5, '0')}`;
    if (parseIin(iin).ok) return iin;
  }
}

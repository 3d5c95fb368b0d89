import type { Identity } from 'nca-verify/testing';
import { parse } from 'node-html-parser';
import { openTestNca, signChallenge } from '../test/support/eds.ts';
import { percentile, type Row } from './row.ts';
import { Client, type MeasuredService, peopleWhoSave, startMeasured } from './service.ts';

const path = '/sign-in/eds';
const signInCount = 240;
const atOnce = 8;
const aloneSeconds = 4;
/** Milliseconds between two requests for the other page. */
const pause = 10;

/**
 * Sign-ins by EDS over HTTP (GOST 2015, revocation by a list), and how long other pages take alone
 * and at the same time.
 */
export async function bench(): Promise<Row[]> {
  const nca = openTestNca();
  const service = await startMeasured({
    ...nca.environment,
    SESSIONS_PER_PERSON: '50',
    SIGN_IN_IIN_FAILURES: '1000',
    FLOOD_PER_MINUTE: '1000000',
    // Everything is signed before the clock starts.
    EDS_CHALLENGE_SECONDS: '300',
    LOG_LEVEL: 'warn',
  });
  try {
    const people = (await peopleWhoSave()).slice(0, atOnce);
    const [reader, ...others] = people;
    if (!reader) throw new Error('there is nobody to sign in');
    const keys = others.map((person) => nca.key({ ...person, surname: 'ӨЛШЕУ', name: 'АДАМЫ' }));
    const looking = new Client(service.origin);
    await looking.signIn(reader);

    // The first sign-in starts the threads. Signing is the agent's work and slow here, so
    // everything is signed before the clock starts.
    const [first] = keys;
    if (first) await post(await prepared(service, first));
    const ready: Prepared[] = [];
    for (let i = 0; i < signInCount; i += 1) {
      const key = keys[i % keys.length];
      if (key) ready.push(await prepared(service, key));
    }
    const until = performance.now() + aloneSeconds * 1_000;
    const alone = await look(looking, () => performance.now() < until);

    const took: number[] = [];
    const before = await service.usage();
    const begun = performance.now();
    let running = true;
    const meanwhile = look(looking, () => running);
    try {
      await Promise.all(
        Array.from({ length: atOnce }, async () => {
          for (let next = ready.pop(); next; next = ready.pop()) took.push(await post(next));
        }),
      );
    } finally {
      running = false;
    }
    const seconds = (performance.now() - begun) / 1_000;
    const busy = await meanwhile;
    const cpu = ((await service.usage()).cpu - before.cpu) / took.length / 1_000;
    return [
      {
        name: 'EDS sign-ins',
        value: took.length / seconds,
        unit: '1/s',
        note: `GOST 2015, ${atOnce} in parallel, database and load on the same cores`,
      },
      { name: 'EDS sign-ins: p99', value: percentile(took, 0.99), unit: 'ms' },
      { name: 'EDS sign-ins: CPU of the service', value: cpu, unit: 'ms', note: 'threads included' },
      { name: 'requisites page, alone: p99', value: percentile(alone, 0.99), unit: 'ms' },
      {
        name: 'requisites page, during EDS sign-ins: p99',
        value: percentile(busy, 0.99),
        unit: 'ms',
        note: `median ${percentile(busy, 0.5).toFixed(1)} ms`,
      },
    ];
  } finally {
    await service.close();
    nca.close();
  }
}

interface Prepared {
  readonly client: Client;
  readonly fields: Readonly<Record<string, string>>;
}

/** A browser with a signature that it has not sent yet. */
async function prepared({ origin }: MeasuredService, key: Identity): Promise<Prepared> {
  const client = new Client(origin);
  const page = parse((await client.get(path)).html);
  const csrf = page.querySelector('#eds-form input[name=csrf]')?.getAttribute('value') ?? '';
  const answer = await client.post(`${path}/challenge`, { csrf });
  const { id, data } = JSON.parse(answer.html) as { id: string; data: string };
  return { client, fields: { csrf, id, signature: signChallenge(key, data) } };
}

/** Sends it and returns the time in milliseconds. */
async function post({ client, fields }: Prepared): Promise<number> {
  const from = performance.now();
  const { status, html } = await client.post(path, fields);
  if (status !== 303)
    throw new Error(`an EDS sign-in answered ${status}: ${parse(html).querySelector('.alert')?.text}`);
  return performance.now() - from;
}

/** Requests a page again and again. Returns the milliseconds of each request. */
async function look(client: Client, goOn: () => boolean): Promise<number[]> {
  const took: number[] = [];
  while (goOn()) {
    const from = performance.now();
    await client.get('/services/requisites');
    took.push(performance.now() - from);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return took;
}

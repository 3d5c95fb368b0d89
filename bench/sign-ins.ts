import { availableParallelism } from 'node:os';
import { createPasswordHasher } from '../src/features/passwords/hasher.ts';
import { percentile, type Row } from './row.ts';
import { Client, peopleWhoSave, startMeasured } from './service.ts';

const seconds = 8;
const parallel = 8;

/** Sign-ins over HTTP, compared with bare argon2id with the same parameters. */
export async function bench(): Promise<Row[]> {
  const service = await startMeasured();
  try {
    const people = (await peopleWhoSave()).slice(0, parallel);
    const took: number[] = [];
    const until = performance.now() + seconds * 1_000;
    await Promise.all(
      people.map(async ({ iin, password }) => {
        const client = new Client(service.origin);
        const { fields } = await client.get('/sign-in');
        const visit = client.cookieHeader;
        for (; performance.now() < until; ) {
          const started = performance.now();
          const response = await fetch(`${service.origin}/sign-in`, {
            method: 'POST',
            headers: {
              cookie: visit,
              origin: service.origin,
              'content-type': 'application/x-www-form-urlencoded',
            },
            body: new URLSearchParams({ csrf: fields['csrf'] ?? '', iin, password }).toString(),
            redirect: 'manual',
          });
          if (response.status !== 303) throw new Error(`a sign-in answered ${response.status}`);
          took.push(performance.now() - started);
        }
      }),
    );
    return [
      {
        name: 'sign-ins',
        value: took.length / seconds,
        unit: '1/s',
        note: `${parallel} in parallel, load on the same cores`,
      },
      { name: 'sign-ins: p99', value: percentile(took, 0.99), unit: 'ms' },
      { name: 'bare argon2id (19 MiB, t=2)', value: await bareHashes(), unit: '1/s' },
    ];
  } finally {
    await service.close();
  }
}

async function bareHashes(): Promise<number> {
  const hasher = await createPasswordHasher(availableParallelism());
  const stored = await hasher.hash('a password to measure by');
  const until = performance.now() + seconds * 1_000;
  let count = 0;
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (; performance.now() < until; count++) await hasher.verify(stored, 'a password to measure by');
    }),
  );
  return count / seconds;
}

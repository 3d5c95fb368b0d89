import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '../../src/platform/postgres/database.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { root } from '../../src/platform/root.ts';
import { type FundEffect, startFundServer } from '../support/fund-server.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { bundleNode } from './bundle-node.ts';
import { environment, startNodes } from './nodes.ts';
import { duration, type Outcome, type Progress, spread } from './outcome.ts';
import { startOwnServer } from './own-server.ts';
import { enrolAll, signIn, type Visit } from './sign-in.ts';

const people = 10_000;
const changesEach = 10;
const all = people * changesEach;
/** Changes a second, so that all of them arrive within 15 minutes. */
const leastRate = 110;
const readers = 20;
const seconds = 20;

/**
 * 100,000 changes wait while the fund is down; then it comes back. One node delivers them and
 * serves pages at the same time.
 */
export async function chaos(progress: Progress): Promise<Outcome> {
  await bundleNode();
  const own = await startOwnServer();
  const { database } = own;
  const persons = Array.from({ length: people }, (_, n) => inventPerson(n));
  // Only the people who read pages sign in.
  await enrolAll(
    database,
    persons.map((person, n) => (n < readers ? person : { ...person, password: undefined })),
  );
  let fund = await startFund(persons);
  const { port } = new URL(fund.url);
  const nodes = await startNodes(1, {
    ...environment,
    DATABASE_URL: own.databaseUrl,
    VAR_DIR: own.varDir,
    FUND_URL: fund.url,
    LOG_LEVEL: 'error',
  });
  try {
    const [origin = ''] = nodes.origins();
    const visits: Visit[] = [];
    for (const person of persons.slice(0, readers)) visits.push(await signIn(person, nodes.origins));
    const pages = await startReaders(
      origin,
      visits.map(({ cookies }) => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')),
    );
    const before = await pages.during(() => pause(seconds * 1_000));
    progress(`pages with an empty outbox: ${spread(before)}`);

    await fund.close();
    await queue(database);
    progress(`${all} changes are queued, the fund is away`);
    const away = await pages.during(() => pause(seconds * 1_000));
    progress(`pages while the fund is away: ${spread(away)}`);

    fund = await startFund(persons, Number(port));
    const back = performance.now();
    let delivered = 0;
    const draining = await pages.during(async () => {
      for (let turn = 0; delivered < all; turn += 1) {
        if (performance.now() - back > 1_800_000) throw new Error('not delivered within half an hour');
        await pause(1_000);
        delivered = fund.effects.length;
        if (turn % 30 === 29) progress(`${delivered} have reached the fund`);
      }
    });
    const took = performance.now() - back;
    await pause(1_000);
    pages.stop();
    const rate = all / (took / 1_000);
    const left = await database.first<{ count: number }>(sql`
      select count(*) from cabinet.outbox where lane = 'fund' and delivered_at is null`);
    return {
      figures: [
        ['changes delivered after the fund came back', String(delivered)],
        ['in', duration(took)],
        ['rate', `${Math.round(rate)} a second`],
        ['pages before (median / p99 / longest)', spread(before)],
        ['pages while 100,000 wait', spread(away)],
        ['pages while they are delivered', spread(draining)],
      ],
      wrong: [
        ...disorder(fund.effects),
        ...(rate < leastRate ? [`slower than ${leastRate} a second`] : []),
        ...(left?.count === 0 ? [] : [`${left?.count} are not marked`]),
      ],
    };
  } finally {
    await nodes.stop();
    await fund.close();
    await own.close();
  }
}

async function startFund(persons: readonly PersonLine[], port = 0) {
  const fund = await startFundServer({ port });
  for (const person of persons) fund.enrol(person);
  return fund;
}

/**
 * Queues ten changes of each person, in ten rounds, as if they were saved an hour ago. Each person
 * is notified when such a late change has arrived.
 */
async function queue(database: Database): Promise<void> {
  await database.run(sql`
    insert into cabinet.holder (iin) select iin from fund.person on conflict do nothing`);
  await database.run(sql`
    insert into cabinet.requisites (holder_id, address, apartment, postcode, home_phone, contact_phone, mobile_phone, email)
    select holder_id, r ->> 'address', r ->> 'apartment', r ->> 'postcode', r ->> 'homePhone', r ->> 'contactPhone',
      r ->> 'mobilePhone', r ->> 'email'
    from cabinet.holder join (select iin, requisites as r from fund.person) p using (iin) on conflict do nothing`);
  await database.run(sql`
    with made as (
      insert into cabinet.change (holder_id, number, revision, made_by, proof, entries, request_id)
      select holder_id, 'B' || lpad(round::text, 3, '0') || lpad(row_number() over ()::text, 8, '0'), round + 1, 'holder',
        'password-session', jsonb_build_array(jsonb_build_object('field', 'apartment', 'old', null, 'new', round::text)), 'backlog'
      from generate_series(1, ${changesEach}::int) round, cabinet.holder
      returning change_id, holder_id, revision, entries, made_at)
    insert into cabinet.outbox (holder_id, lane, change_id, created_at, payload)
    select holder_id, 'fund', change_id, now() - interval '1 hour', jsonb_build_object('iin', iin, 'expectedVersion', 0, 'madeAt', made_at,
      'fields', jsonb_build_object('apartment', entries -> 0 ->> 'new'))
    from made join cabinet.holder using (holder_id) order by revision, holder_id`);
}

/** Changes that took effect twice, or after a later change of the same person. */
function disorder(effects: readonly FundEffect[]): string[] {
  const last = new Map<string, number>();
  const wrong = effects.filter(({ iin, sequence }) => {
    const late = sequence <= (last.get(iin) ?? 0);
    last.set(iin, sequence);
    return late;
  });
  return wrong.length === 0 ? [] : [`${wrong.length} changes took effect twice or out of order`];
}

/** Reads pages in a separate process, ten a second. Reports how long each took, in milliseconds. */
async function startReaders(origin: string, cookies: readonly string[]) {
  const child = fork(join(root, 'dist/chaos/reader.js'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.send({ origin, cookies });
  const taken = async (): Promise<number[]> => {
    child.send('taken');
    return (await once(child, 'message'))[0] as number[];
  };
  return {
    async during(work: () => Promise<void>): Promise<number[]> {
      await taken();
      await work();
      return taken();
    },
    stop: () => child.kill(),
  };
}

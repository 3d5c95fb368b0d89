import { expect, test } from 'vitest';
import { fundQueue } from '../../src/features/changes/queue.ts';
import { createHttpFund } from '../../src/fund/http/http.ts';
import { dispatchDue } from '../../src/platform/outbox/dispatcher.ts';
import { openDatabase } from '../../src/platform/postgres/database.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { startFundServer } from '../support/fund-server.ts';
import { inventPerson } from '../support/people.ts';
import { startService } from '../support/service.ts';
import { settings } from '../support/settings.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

const page = '/services/requisites';

test('a worker that wakes after its lease has ended cannot mark the change, which takes effect once and in order', async () => {
  let arrivals = 0;
  let arrived: () => void = () => undefined;
  const firstArrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  let wake: () => void = () => undefined;
  const awake = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const server = await startFundServer({
    // The first worker's request is held up for as long as that worker is paused.
    onChange: async (stage) => {
      if (stage !== 'arrived' || ++arrivals > 1) return;
      arrived();
      await awake;
    },
  });
  const service = await startService({ FUND_URL: server.url }, { work: false });
  const another = openDatabase(service.connection);
  const fund = createHttpFund({ url: new URL(server.url), atOnce: 4 });
  const worker = (database: typeof another) =>
    dispatchDue(database, {
      ...fundQueue({ fund, database, contactSettings: settings.contactSettings }),
      concurrency: 1,
      ready: () => true,
    });
  try {
    const person = inventPerson(0);
    server.enrol(person);
    await service.enrol(person);
    const client = await signedIn(service, person);
    for (const apartment of ['21', '22']) {
      const form = formOf((await client.get(page)).body, page, { apartment });
      expect((await client.post(page, form)).status).toBe(303);
    }

    const paused = worker(service.database);
    await firstArrival;
    expect(await worker(another)).toBe(0);
    await service.database.run(sql`update cabinet.outbox set leased_until = now() - interval '1 second'`);
    expect(await worker(another)).toBe(2);
    const marked = () =>
      service.database.rows(sql`
        select attempts, delivered_at::text as at from cabinet.outbox where lane = 'fund' order by outbox_id`);
    const byTheOther = await marked();

    wake();
    expect(await paused).toBe(0);
    expect(await marked()).toEqual(byTheOther);
    expect(byTheOther).toMatchObject([{ attempts: 2 }, { attempts: 1 }]);
    expect(server.effects.map(({ fields }) => fields['apartment'])).toEqual(['21', '22']);
    expect(server.requisitesOf(person.iin)?.['apartment']).toBe('22');
  } finally {
    wake();
    await fund.close();
    await another.close();
    await service.close();
    await server.close();
  }
});

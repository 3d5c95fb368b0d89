import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { disavow } from '../../src/features/disavowal/disavow.ts';
import { notifyHolder, type SecurityNotice } from '../../src/features/notices/store.ts';
import { unaddressedQueue } from '../../src/features/notices/unaddressed.ts';
import { takeOver } from '../../src/features/requisites/take-over.ts';
import { recordFailedSignIn } from '../../src/features/sign-in/sign-in.ts';
import { createEmbeddedFund } from '../../src/fund/embedded/embedded-fund-store.ts';
import { syncBranchChanges } from '../../src/fund/sync.ts';
import { dispatchDue } from '../../src/platform/outbox/dispatcher.ts';
import type { Database } from '../../src/platform/postgres/database.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { injectClient } from '../support/client.ts';
import { freshDatabase } from '../support/database.ts';
import { openTestNca } from '../support/eds.ts';
import { signInByEds } from '../support/eds-visitor.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { enrol, startService } from '../support/service.ts';
import { settings } from '../support/settings.ts';
import { signedIn } from '../support/signed-in.ts';

// Every notice reaches its person, whatever they have done here before.

let database: Database;
let drop: () => Promise<void>;
let people = 0;

beforeAll(async () => {
  ({ database, drop } = await freshDatabase());
});
afterAll(() => drop());

const { contactSettings } = settings;

/**
 * Processes everything that waits for the fund's answer about a holder, as the background work
 * does.
 */
async function introduceAll(): Promise<void> {
  const fund = createEmbeddedFund(database);
  await dispatchDue(database, unaddressedQueue({ fund, copies: undefined, database, contactSettings }));
}

const follow = () =>
  syncBranchChanges({ fund: createEmbeddedFund(database), database, contactSettings }, (error) => {
    throw error;
  });

/** What was queued for a holder, as `kind channel to`. */
async function queuedNotices(holderId: string): Promise<readonly string[]> {
  const rows = await database.rows<{ text: string }>(sql`
    select concat_ws(' ', payload ->> 'kind', payload ->> 'channel', payload ->> 'to') as text
    from cabinet.outbox where lane = 'notice' and holder_id = ${holderId} order by outbox_id`);
  return rows.map(({ text }) => text);
}

async function holderOf(person: PersonLine): Promise<string> {
  const row = await database.first<{ id: string }>(sql`
    insert into cabinet.holder as h (iin, language) values (${person.iin}, 'kk')
    on conflict (iin) do update set iin = h.iin returning holder_id as id`);
  return row?.id ?? '';
}

const reachedAt = ({ requisites }: PersonLine) => [
  `mobile ${requisites.mobilePhone}`,
  `email ${requisites.email}`,
];

interface Somebody {
  readonly holderId: string;
  /** Where each notice must arrive. */
  readonly reached: readonly string[];
}

/** The kinds of people, by what the service knows about them before the notice. */
const kindsOfPeople: readonly (readonly [string, () => Promise<Somebody>])[] = [
  [
    'imported, with a password, never signed in',
    async () => {
      const person = inventPerson(people++);
      await enrol(database, person);
      return { holderId: await holderOf(person), reached: reachedAt(person) };
    },
  ],
  [
    'registered',
    async () => {
      const person = inventPerson(people++, { password: undefined });
      await enrol(database, person);
      const holderId = await holderOf(person);
      const known = await createEmbeddedFund(database).read(person.iin as never);
      if (known) await takeOver({ database, contactSettings }, holderId, known, 'request');
      return { holderId, reached: reachedAt(person) };
    },
  ],
  [
    'came by EDS at first',
    async () => {
      const person = inventPerson(people++, { password: undefined });
      await enrol(database, person);
      return { holderId: await holderOf(person), reached: reachedAt(person) };
    },
  ],
  [
    'with a mobile that a branch has changed',
    async () => {
      const person = inventPerson(people++, { password: undefined });
      await enrol(database, person);
      const holderId = await holderOf(person);
      const known = await createEmbeddedFund(database).read(person.iin as never);
      if (known) await takeOver({ database, contactSettings }, holderId, known, 'request');
      const mobilePhone = `+7705${String(people).padStart(7, '0')}`;
      await enrol(database, { ...person, requisites: { ...person.requisites, mobilePhone } });
      await follow();
      return { holderId, reached: [`mobile ${mobilePhone}`, ...reachedAt(person)] };
    },
  ],
];

const notices: readonly SecurityNotice[] = [
  'registered',
  'recovered',
  'password-changed',
  'new-device',
  'many-failures',
  'change-accepted',
  'change-refused',
  'change-restored',
  'frozen',
  'locked',
];

describe.each(kindsOfPeople)('a person %s', (_kind, make) => {
  test.each(notices)('is notified of %s on every channel, and only once on each', async (notice) => {
    const { holderId, reached } = await make();
    const before = (await queuedNotices(holderId)).length;
    await notifyHolder(database, holderId, notice, { device: 'Firefox' });
    await introduceAll();
    const sent = (await queuedNotices(holderId)).slice(before);
    expect([...sent].sort()).toEqual(reached.map((channel) => `${notice} ${channel}`).sort());
  });

  test('is notified once "this wasn’t me" was answered', async () => {
    const { holderId, reached } = await make();
    const link = await database.first<{ id: string }>(sql`
      insert into cabinet.disavowal (disavowal_id, holder_id) values (${randomUUID()}, ${holderId}) returning disavowal_id as id`);
    const before = (await queuedNotices(holderId)).length;
    await disavow({ database, disavowalSettings: { days: 7 } }, link?.id ?? '', 'request');
    await introduceAll();
    expect((await queuedNotices(holderId)).slice(before).sort()).toEqual(
      reached.map((channel) => `frozen ${channel}`).sort(),
    );
  });
});

test('a person who never signed in is notified of guesses at their password', async () => {
  const person = inventPerson(people++);
  await enrol(database, person);
  for (let n = 0; n < 10; n += 1) await recordFailedSignIn(database, person.iin as never, 'request');
  await introduceAll();
  expect(await queuedNotices(await holderOf(person))).toEqual(
    reachedAt(person).map((channel) => `many-failures ${channel}`),
  );
});

test('a notice waits for the fund, and one about an unknown person is given up', async () => {
  const person = inventPerson(people++, { password: undefined });
  const holderId = await holderOf(person);
  await notifyHolder(database, holderId, 'new-device');
  await introduceAll();
  expect(
    await database.rows(sql`
      select last_error as error, dead_at is not null as dead from cabinet.outbox where holder_id = ${holderId}`),
  ).toEqual([{ error: 'NOT_AT_FUND', dead: true }]);
});

test('a notice that is queued again keeps its time and device, and leaves no copy of the person', async () => {
  const person = inventPerson(people++, { password: undefined });
  await enrol(database, person);
  const holderId = await holderOf(person);
  await notifyHolder(database, holderId, 'new-device', { device: 'Firefox', at: '2026-11-22T19:31:00.000Z' });
  await introduceAll();
  const rows = await database.rows<{ lane: string; at: string; device: string; link: boolean }>(sql`
    select lane, payload ->> 'at' as at, payload ->> 'device' as device, payload ? 'disavowalId' as link
    from cabinet.outbox where holder_id = ${holderId}`);
  expect(rows).toEqual(
    Array(2).fill({ lane: 'notice', at: '2026-11-22T19:31:00.000Z', device: 'Firefox', link: true }),
  );
});

describe('the whole service', () => {
  test.each(['by password', 'by EDS'] as const)(
    'a person who signed in %s and never opened the form is notified of devices and of changes at a branch',
    async (how) => {
      const nca = openTestNca();
      const service = await startService(nca.environment, { work: false });
      const own = database;
      database = service.database;
      try {
        const person = inventPerson(7000, how === 'by EDS' ? { password: undefined } : {});
        await service.enrol(person);
        const enter = async () => {
          if (how === 'by password') await signedIn(service, person);
          else expect((await signInByEds(injectClient(service.server), nca.key(person))).status).toBe(303);
        };
        await enter();
        await introduceAll();
        const holderId = await holderOf(person);
        await enter();
        const mobilePhone = '+77059999999';
        await service.enrol({ ...person, requisites: { ...person.requisites, mobilePhone } });
        await follow();
        const sent = await queuedNotices(holderId);
        for (const channel of reachedAt(person)) {
          expect(sent).toContain(`new-device ${channel}`);
          expect(sent).toContain(`contact-changed ${channel}`);
        }
        expect(sent).toContain(`contact-added mobile ${mobilePhone}`);
        // A key that opens a cabinet for the first time sends a notice. For a first password, the
        // notice was sent when it was chosen.
        const devices = sent.filter((line) => line.startsWith('new-device email'));
        expect(devices).toHaveLength(how === 'by EDS' ? 2 : 1);
      } finally {
        database = own;
        await service.close();
        nca.close();
      }
    },
  );
});

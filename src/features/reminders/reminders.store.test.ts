import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { identityCard, inventPerson, type PersonLine } from '../../../test/support/people.ts';
import { startService, type TestService } from '../../../test/support/service.ts';
import { settings } from '../../../test/support/settings.ts';
import { formOf, signedIn } from '../../../test/support/signed-in.ts';
import { createEmbeddedFund } from '../../fund/embedded/embedded-fund-store.ts';
import { FundUnavailable } from '../../fund/errors.ts';
import type { Fund } from '../../fund/port.ts';
import { createMessageSender, defaultGatewayLimits } from '../../gateways/message-sender.ts';
import { createKeys } from '../../platform/keys.ts';
import { dispatchDue } from '../../platform/outbox/dispatcher.ts';
import { openDatabase } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { languages } from '../../values/language.ts';
import type { Channel } from '../notices/channel.ts';
import { reminderQueue } from '../notices/queues.ts';
import type { MessageSender, RenderedMessage } from '../notices/sender.ts';
import { smsParts } from '../notices/sms-parts.ts';
import { contactHash } from '../reachability/contact-hash.ts';
import { markContact } from '../reachability/store.ts';
import { type ReminderKind, reminderDays, reminderKinds } from './kinds.ts';
import { queueReminders } from './queue-reminders.ts';

// What ends is aged by SQL; nobody waits. The reminders leave through senders that keep them.

let service: TestService;
let holderId: string;
let person: PersonLine;
let sent: RenderedMessage[];
let absent: readonly Channel[];
let number = 5_000;

beforeAll(async () => {
  service = await startService({ REMINDER_HOURS: '0-24' }, { work: false });
});

afterAll(() => service.close());

beforeEach(() => {
  sent = [];
  absent = [];
});

afterEach(async () => {
  await service.database.run(sql`delete from cabinet.reminder`);
  await service.database.run(sql`delete from cabinet.outbox`);
});

/** A day by the database's clock in Astana, so many days from today. */
async function dayIn(days: number): Promise<string> {
  const row = await service.database.first<{ day: string }>(sql`
    select (((now() at time zone 'UTC') + interval '5 hours')::date + ${days}::int)::text as day`);
  return row?.day ?? '';
}

async function enrol(different: Partial<PersonLine> = {}): Promise<void> {
  number += 1;
  person = inventPerson(number, different);
  await service.enrol(person);
  await (await signedIn(service, person)).get('/services');
  const row = await service.database.first<{ holderId: string }>(
    sql`select holder_id as "holderId" from cabinet.holder where iin = ${person.iin}`,
  );
  holderId = row?.holderId ?? '';
}

/** Something ends in so many days, and a reminder of it is due today. */
async function endsIn(kind: ReminderKind, days: number): Promise<string> {
  const day = await dayIn(days);
  if (kind === 'document') {
    await service.enrol({ ...person, documents: [identityCard(number, { validUntil: day })] });
  }
  await service.database.run(sql`
    insert into cabinet.reminder as r (holder_id, kind, ends_on, next_on)
    values (${holderId}, ${kind}, ${day}::date, ${await dayIn(0)}::date)
    on conflict (holder_id, kind) do update set ends_on = excluded.ends_on, next_on = excluded.next_on`);
  return day;
}

const hours = { hours: [0, 24] } as const;
const goOn = new AbortController().signal;
const queueAll = (database = service.database) => queueReminders({ database, reminderSettings: hours }, goOn);

const queue = (
  reminderSettings: { hours: readonly [number, number] } = hours,
  fund: Fund = createEmbeddedFund(service.database),
) => {
  const sender = (channel: Channel): MessageSender => ({
    channel,
    available: !absent.includes(channel),
    ...(absent.includes(channel) ? { absent: true } : {}),
    send: async (message) => void sent.push(message),
    close: async () => undefined,
  });
  return reminderQueue({
    database: service.database,
    fund,
    keys: createKeys(['k'.repeat(32)]),
    codeSettings: settings.codeSettings,
    origin: 'https://cabinet.example.kz',
    senders: { mobile: sender('mobile'), email: sender('email') },
    reminderSettings,
  });
};

async function remind(): Promise<readonly RenderedMessage[]> {
  await queueAll();
  await dispatchDue(service.database, queue());
  return sent;
}

const nextOn = async (kind: ReminderKind) =>
  (
    await service.database.first<{ day: string | null }>(
      sql`select next_on::text as day from cabinet.reminder where holder_id = ${holderId} and kind = ${kind}`,
    )
  )?.day;

describe.each(reminderKinds)('of a %s that ends', (kind) => {
  const [first, second] = reminderDays[kind];

  describe.each(languages)('in %s', (language) => {
    test.each<[Channel, number, Channel | undefined]>([
      ['email', first, undefined],
      ['mobile', second, undefined],
      ['mobile', first, 'mobile'],
      ['email', second, 'email'],
    ])('by %s, %i days before, with only %s on file', async (channel, days, only) => {
      const { mobilePhone, email } = inventPerson(number + 1).requisites;
      await enrol({
        language,
        requisites: {
          ...inventPerson(number + 1).requisites,
          mobilePhone: only === 'email' ? null : mobilePhone,
          email: only === 'mobile' ? null : email,
        },
      });
      const day = await endsIn(kind, days);
      const [message, another] = await remind();
      expect(another).toBeUndefined();
      expect(message).toMatchObject({ channel, language, urgent: false });
      expect(message?.to).toBe(channel === 'mobile' ? mobilePhone : email);
      expect(message?.text).toContain(day.split('-').toReversed().join('.'));
      if (channel === 'mobile') expect(smsParts(message?.text ?? '').parts).toHaveLength(1);
      expect(message?.text).not.toMatch(/https?:/);
      // The letters to compare it by, and no day in the wording that is kept for that.
      expect(message?.text).toMatch(/(№|Ref |: )[A-Z]{6}$/);
      const kept = await service.database.rows<{ body: string }>(
        sql`select body from cabinet.message_wording`,
      );
      expect(kept.map(({ body }) => body).join()).not.toMatch(/\d\d\.\d\d\.\d{4}/);
    });
  });

  test('comes once for each of its days, however often it is looked for', async () => {
    await enrol();
    await endsIn(kind, first);
    await remind();
    await remind();
    expect(sent).toHaveLength(1);
    expect(await nextOn(kind)).toBe(await dayIn(first - second));
    // As on a later day.
    await service.database.run(sql`update cabinet.outbox set idempotency_key = null`);
    await endsIn(kind, second);
    await remind();
    await remind();
    expect(sent).toHaveLength(2);
    expect(await nextOn(kind)).toBeNull();
  });

  test('is left out when it is late and the next one is due, and when the end is over', async () => {
    await enrol();
    await endsIn(kind, second - 1);
    await remind();
    expect(sent.map(({ channel }) => channel)).toEqual(['mobile']);
    expect(await nextOn(kind)).toBeNull();
    await endsIn(kind, -1);
    await remind();
    expect(sent).toHaveLength(1);
  });

  test.each(['blocked', 'deceased'] as const)('does not go to somebody who is %s', async (status) => {
    await enrol();
    await endsIn(kind, second);
    await queueAll();
    await service.database.run(sql`update fund.person set status = ${status} where iin = ${person.iin}`);
    await dispatchDue(service.database, queue());
    expect(sent).toEqual([]);
  });

  test('does not go to somebody with a locked cabinet, nor to one who has switched it off', async () => {
    await enrol();
    await endsIn(kind, second);
    await queueAll();
    await service.database.run(
      sql`insert into cabinet.freeze (holder_id, locked_at) values (${holderId}, now())`,
    );
    await dispatchDue(service.database, queue());
    await service.database.run(sql`delete from cabinet.freeze`);
    await service.database.run(sql`delete from cabinet.outbox`);
    await endsIn(kind, second);
    await service.database.run(
      sql`insert into cabinet.reminder_off (holder_id, kind) values (${holderId}, ${kind})`,
    );
    await remind();
    expect(sent).toEqual([]);
    expect(await service.database.rows(sql`select from cabinet.outbox where lane = 'reminder'`)).toEqual([]);
  });

  test('is not sent to somebody without a channel, who sees the line', async () => {
    await enrol({ requisites: { ...inventPerson(1).requisites, mobilePhone: null, email: null } });
    const day = await endsIn(kind, second);
    await remind();
    expect(sent).toEqual([]);
    const page = await (await signedIn(service, person)).get('/services');
    expect(page.body).toContain(day.split('-').toReversed().join('.'));
  });

  test('uses the channel that has a gateway', async () => {
    await enrol();
    absent = ['mobile'];
    await endsIn(kind, second);
    expect((await remind()).map(({ channel }) => channel)).toEqual(['email']);
  });
});

test('a key that was renewed in between, and a document, need no reminder', async () => {
  await enrol();
  await endsIn('key', 7);
  await queueAll();
  await service.database.run(sql`update cabinet.reminder set ends_on = ends_on + 365`);
  await dispatchDue(service.database, queue());
  await service.database.run(sql`delete from cabinet.reminder`);
  await endsIn('document', 14);
  await queueAll();
  const renewed = await dayIn(3_650);
  await service.enrol({ ...person, documents: [identityCard(number, { validUntil: renewed })] });
  await dispatchDue(service.database, queue());
  expect(sent).toEqual([]);
  const [row] = await service.database.rows(
    sql`select ends_on::text as ends, next_on::text as next from cabinet.reminder where holder_id = ${holderId}`,
  );
  expect(row).toEqual({ ends: renewed, next: await dayIn(3_590) });
});

test('an end on a leap day is reminded of by the calendar', async () => {
  await enrol();
  await service.database.run(sql`
    delete from cabinet.reminder where holder_id = ${holderId}`);
  const nextDays = async (validUntil: string) => {
    await service.enrol({ ...person, documents: [identityCard(number, { validUntil })] });
    await (await signedIn(service, person)).get('/services');
    return service.database.first(
      sql`select ends_on::text as ends, next_on::text as next from cabinet.reminder where holder_id = ${holderId}`,
    );
  };
  expect(await nextDays('2032-03-01')).toEqual({ ends: '2032-03-01', next: '2032-01-01' });
  expect(await nextDays('2032-02-29')).toEqual({ ends: '2032-02-29', next: '2031-12-31' });
  expect(await nextDays('2032-04-29')).toEqual({ ends: '2032-04-29', next: '2032-02-29' });
});

test('two processes at once queue and send one message, and a killed portion is queued by the next pass', async () => {
  await enrol();
  await endsIn('key', 7);
  const another = openDatabase(service.connection);
  try {
    // Killed before COMMIT.
    await expect(
      service.database.transaction(async (tx) => {
        await queueReminders(
          { database: { ...service.database, transaction: (work) => work(tx) }, reminderSettings: hours },
          goOn,
        );
        throw new Error('killed');
      }),
    ).rejects.toThrow('killed');
    const queued = await Promise.all([queueAll(), queueAll(another), queueAll(), queueAll(another)]);
    const more = await queueAll();
    expect(queued.reduce((sum, one) => sum + one, more)).toBe(1);
    await Promise.all([dispatchDue(service.database, queue()), dispatchDue(another, queue())]);
    expect(sent).toHaveLength(1);
  } finally {
    await another.close();
  }
});

test('while one process queues, another does nothing', async () => {
  await enrol();
  await endsIn('key', 7);
  const another = openDatabase(service.connection);
  try {
    await another.transaction(async (tx) => {
      await tx.run(sql`select pg_advisory_xact_lock(${0x72_65_6d_69})`);
      expect(await queueAll()).toBe(0);
    });
    expect(await queueAll()).toBe(1);
  } finally {
    await another.close();
  }
});

test('the same day of the same thing is never queued twice, whatever the row says', async () => {
  await enrol();
  await endsIn('key', 7);
  expect(await queueAll()).toBe(1);
  await endsIn('key', 7);
  expect(await queueAll()).toBe(0);
});

test('while the fund does not answer a reminder waits, and nobody is reminded unasked', async () => {
  await enrol();
  await endsIn('key', 7);
  await queueAll();
  const working = createEmbeddedFund(service.database);
  const silent = { ...working, read: () => Promise.reject(new FundUnavailable('FUND_HTTP_503')) };
  expect(await dispatchDue(service.database, queue(hours, { ...working, available: false }))).toBe(0);
  expect(await dispatchDue(service.database, queue(hours, silent))).toBe(0);
  expect(sent).toEqual([]);
  await service.database.run(sql`update cabinet.outbox set next_attempt_at = now()`);
  expect(await dispatchDue(service.database, queue())).toBe(1);
  expect(sent).toHaveLength(1);
});

test('a marked contact is passed over', async () => {
  await enrol();
  await endsIn('key', 7);
  const { mobilePhone, email } = person.requisites;
  await markContact(
    service.database,
    { holderId, channel: 'mobile', hash: contactHash(mobilePhone ?? '') },
    'undelivered',
  );
  expect((await remind()).map(({ to }) => to)).toEqual([email]);
});

test('at night nothing is queued, and nothing that waits is sent', async () => {
  await enrol();
  await endsIn('key', 7);
  const hour = (new Date().getUTCHours() + 5) % 24;
  const other = hour < 12 ? ([22, 23] as const) : ([1, 2] as const);
  const night = { hours: other };
  expect(await queueReminders({ database: service.database, reminderSettings: night }, goOn)).toBe(0);
  await queueAll();
  expect(await dispatchDue(service.database, queue(night))).toBe(0);
  expect(await dispatchDue(service.database, queue())).toBe(1);
});

test('reminders that a gateway holds up leave room for codes', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let begun = 0;
  const sender = createMessageSender(
    () => ({
      channel: 'mobile',
      async send({ urgent }, pace) {
        await pace.next();
        if (urgent) return;
        begun += 1;
        await held;
      },
      probe: async () => undefined,
      close: async () => undefined,
    }),
    { ...defaultGatewayLimits, atOnce: 4, perSecond: 10_000 },
  );
  for (let n = 0; n < 6; n += 1) {
    await enrol();
    await endsIn('key', 7);
  }
  await queueAll();
  const reminders = queue();
  const running = dispatchDue(service.database, {
    ...reminders,
    deliver: (message) => reminders.deliver(message).then(() => sender.send({ ...sms, urgent: false })),
  });
  await vi.waitFor(() => expect(begun).toBe(1));
  await sender.send({ ...sms, urgent: true });
  expect(begun).toBeLessThanOrEqual(reminders.concurrency);
  release();
  expect(await running).toBe(6);
  await sender.close();
});

const sms = { id: 'm', channel: 'mobile', to: '+77011234567', text: 'a', language: 'kk' } as const;

test('more than a portion is queued in one pass', async () => {
  await service.database.run(sql`
    with holders as (
      insert into cabinet.holder (iin) select to_char(n, 'FM000000000000') from generate_series(1, 2500) n
      returning holder_id)
    insert into cabinet.reminder (holder_id, kind, ends_on, next_on)
    select holder_id, 'key', ${await dayIn(30)}::date, ${await dayIn(0)}::date from holders`);
  expect(await queueAll()).toBe(2_500);
  expect(await queueAll()).toBe(0);
});

describe('/security', () => {
  test.each(reminderKinds)('switches the reminder of a %s off and on, and records it', async (kind) => {
    await enrol();
    const client = await signedIn(service, person);
    const press = async (): Promise<string> => {
      const { body } = await client.get('/security');
      const form = body.slice(body.indexOf(`id="reminder-${kind}"`));
      const isOn = /name="on" value="0"/.test(form.slice(0, form.indexOf('</form>')));
      const answer = await client.post('/security/reminders', [
        ...formOf(body, '/security/reminders').filter(([name]) => name === 'csrf'),
        ['kind', kind],
        ['on', isOn ? '0' : '1'],
      ]);
      expect([answer.status, answer.headers['location']]).toEqual([303, '/security?done=reminded']);
      return isOn ? 'off' : 'on';
    };
    expect([await press(), await press(), await press()]).toEqual(['off', 'on', 'off']);
    const events = await service.database.rows<{ kind: string }>(sql`
      select kind from cabinet.security_event
      where holder_id = ${holderId} and kind like 'reminder-%' order by event_id`);
    expect(events.map((event) => event.kind)).toEqual(['reminder-off', 'reminder-on', 'reminder-off']);
    await endsIn(kind, reminderDays[kind][1]);
    await remind();
    expect(sent).toEqual([]);
  });
});

describe('/services', () => {
  test.each<[ReminderKind, number, boolean]>([
    ['key', 30, true],
    ['key', 31, false],
    ['key', 0, true],
    ['document', 60, true],
    ['document', 61, false],
    ['document', 0, true],
  ])(
    'a %s that ends in %i days is named: %s, and so is its entry for a calendar',
    async (kind, days, isNamed) => {
      await enrol();
      const day = await endsIn(kind, days);
      const client = await signedIn(service, person);
      const page = await client.get('/services');
      expect(page.body.includes(day.split('-').toReversed().join('.'))).toBe(isNamed);
      expect(page.body.includes(`href="/services/ends/${kind}.ics"`)).toBe(isNamed);
      const file = await client.get(`/services/ends/${kind}.ics`);
      expect(file.status).toBe(200);
      expect(file.headers['content-type']).toBe('text/calendar; charset=utf-8');
      expect(file.body).toContain(`DTSTART;VALUE=DATE:${day.replaceAll('-', '')}\r\n`);
      for (const value of [person.iin, person.surname, person.name]) expect(file.body).not.toContain(value);
    },
  );

  test('a document that has ended is named at sign-in, with what to do', async () => {
    await enrol({ documents: [identityCard(1, { validUntil: '2026-01-01' })] });
    const client = await signedIn(service, person);
    expect((await client.get('/services')).body).toContain('Жарамды құжат жоқ');
    expect((await client.get('/services/ends/document.ics')).status).toBe(404);
    expect((await client.get('/services/ends/passport.ics')).status).toBe(404);
  });
});

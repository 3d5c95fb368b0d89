import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../test/support/database.ts';
import { inventIin } from '../../../test/support/people.ts';
import { readConfig } from '../../config/config.ts';
import type { FundHolder, IdentityDocument } from '../../fund/port.ts';
import { createKeys } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Actor } from '../../platform/session.ts';
import type { Iin } from '../../values/iin.ts';
import type { ChangeEntry } from '../changes/change.ts';
import { countCodeAttempt, findLiveCode, renewCode } from '../codes/store.ts';
import type { Evidence } from '../eds/store.ts';
import { sweep } from '../operations/housekeeping.ts';
import type { Requisites } from '../requisites/fields/fields.ts';
import { loadRequisites } from '../requisites/store.ts';
import { takeOver } from '../requisites/take-over.ts';
import { completeChange } from './complete.ts';
import type { ContactChangeDeps } from './deps.ts';
import type { PendingChange } from './pending-change.ts';
import { proposeOnce } from './propose.ts';
import { cancelChange } from './prove.ts';
import { findPendingChange, proveByCode } from './store.ts';

const waitHours = 72;
const [a, b, c] = ['+77010000001', '+77010000002', '+77010000003'];
const onFile: Requisites = {
  address: null,
  apartment: null,
  postcode: null,
  homePhone: null,
  contactPhone: null,
  mobilePhone: a,
  email: 'a@example.kz',
};
const document: IdentityDocument = {
  id: 'd1',
  type: 'identity-card',
  series: null,
  number: '041234567',
  issuedOn: '2019-09-06',
  validUntil: '2049-09-05',
  issuedBy: 'МВД РК',
};

let database: Database;
let drop: () => Promise<void>;
let people = 0;

beforeAll(async () => {
  ({ database, drop } = await freshDatabase());
});

afterAll(() => drop());

/** A holder in the form in which the fund sends them. */
function fundHolder(iin: string, different: Partial<FundHolder> = {}): FundHolder {
  return {
    iin: iin as Iin,
    surname: 'Сынақова',
    name: 'Айым',
    patronymic: null,
    status: 'active',
    documents: [document],
    accounts: [],
    requisites: onFile,
    mobileSince: null,
    emailSince: null,
    elsewhereVersion: 0,
    changesElsewhere: [],
    ...different,
  };
}

/** A holder whose requisites were read from the fund, and who is signed in. */
async function holder(different: Partial<FundHolder> = {}): Promise<Actor> {
  const iin = inventIin(people);
  people += 1;
  const row = await database.first<{ holderId: string }>(
    sql`insert into cabinet.holder (iin) values (${iin}) returning holder_id as "holderId"`,
  );
  const holderId = row?.holderId ?? '';
  await takeOver(
    { database, contactSettings: deps().contactSettings },
    holderId,
    fundHolder(iin, different),
    'r',
  );
  const sessionHash = randomBytes(32);
  await database.run(sql`
    insert into cabinet.session (session_hash, holder_id, method, short_name, device)
    values (${sessionHash}, ${holderId}, 'password', 'А.', 'd')`);
  return { holderId, iin: iin as Iin, requestId: 'r', language: 'kk', sessionHash };
}

const evidence: Evidence = {
  purpose: 'change',
  content: Buffer.from('content'),
  cms: Buffer.from('message'),
  signature: {
    iin: '',
    certificate: { sha256: 'a'.repeat(64), serial: '01', notAfter: new Date('2030-01-01') },
    revocation: { source: 'crl', asOf: new Date('2026-01-01') },
    ocspResponse: undefined,
    issuers: [],
    lists: [],
    lacksTimeStamp: false,
  },
  challengedAt: new Date('2026-01-01'),
};

function deps(): ContactChangeDeps {
  const config = readConfig({ DEMO: '1', SECRET_KEYS: 'k'.repeat(32) });
  return {
    database,
    keys: createKeys(config.secretKeys),
    contactSettings: {
      ...config.contacts,
      waitHours,
      edsWaitHours: waitHours,
      proofMinutes: 5,
      personsPerMobile: 100,
    },
    codeSettings: { ...config.codes, perQuarterHour: 1_000, perDay: 1_000 },
  };
}

async function propose(actor: Actor, entry: ChangeEntry): Promise<PendingChange> {
  const stored = await loadRequisites(database, actor.holderId);
  const change = {
    formId: randomUUID(),
    formHash: Buffer.from('form'),
    revision: stored?.revision ?? 0,
    document,
    entries: [entry],
    addressSource: null,
  };
  const pending = await proposeOnce(deps(), actor, change, false);
  if (!pending) throw new Error('nothing was proposed');
  return pending;
}

/** Changes the mobile, `hoursLater` hours after the last change. */
async function changeMobile(actor: Actor, value: string | null, hoursLater = 0): Promise<void> {
  await passHours(actor, hoursLater);
  const stored = await loadRequisites(database, actor.holderId);
  const entry = { field: 'mobilePhone', old: stored?.values.mobilePhone ?? null, new: value } as const;
  const outcome = await completeChange(deps(), actor, await propose(actor, entry), evidence);
  if (outcome.kind !== 'saved') throw new Error(outcome.kind);
}

async function passHours({ holderId }: Actor, hours: number): Promise<void> {
  const passed = sql`make_interval(hours => ${hours})`;
  await database.run(sql`
    update cabinet.recovery_contact set usable_from = usable_from - ${passed}, usable_until = usable_until - ${passed}
    where holder_id = ${holderId}`);
}

/** The mobiles that can restore the password `hours` hours from now. */
async function recoveryMobiles({ holderId }: Actor, hours: number): Promise<string[]> {
  const then = sql`now() + make_interval(hours => ${hours})`;
  const rows = await database.rows<{ value: string }>(sql`
    select value from cabinet.recovery_contact
    where holder_id = ${holderId} and channel = 'mobile' and usable_from <= ${then}
      and coalesce(usable_until, 'infinity') > ${then} order by value`);
  return rows.map(({ value }) => value);
}

describe('contacts that restore the password', () => {
  test('a value that the fund has held for long works at once', async () => {
    expect(await recoveryMobiles(await holder(), 0)).toEqual([a]);
  });

  test('a value that is new at the fund waits 72 hours', async () => {
    const actor = await holder({ mobileSince: new Date(Date.now() - 48 * 3_600_000) });
    expect(await recoveryMobiles(actor, 0)).toEqual([]);
    expect(await recoveryMobiles(actor, 23)).toEqual([]);
    expect(await recoveryMobiles(actor, 25)).toEqual([a]);
  });

  test('a new number works after 72 hours, and the old one until then', async () => {
    const actor = await holder();
    await changeMobile(actor, b);
    expect(await recoveryMobiles(actor, 0)).toEqual([a]);
    expect(await recoveryMobiles(actor, 71)).toEqual([a]);
    expect(await recoveryMobiles(actor, 73)).toEqual([b]);
  });

  test('a change undone within the wait: the old number never stops working, and the other never starts', async () => {
    const actor = await holder();
    await changeMobile(actor, b);
    await changeMobile(actor, a, 1);
    for (const hours of [0, 71, 72, 500]) expect(await recoveryMobiles(actor, hours)).toEqual([a]);
  });

  test('a change undone after the wait: the number waits again, and the other works until then', async () => {
    const actor = await holder();
    await changeMobile(actor, b);
    await changeMobile(actor, a, 100);
    expect(await recoveryMobiles(actor, 0)).toEqual([b]);
    expect(await recoveryMobiles(actor, 73)).toEqual([a]);
  });

  test('a third number before the second one works: the first works until the third does', async () => {
    const actor = await holder();
    await changeMobile(actor, b);
    await changeMobile(actor, c, 71);
    expect(await recoveryMobiles(actor, 0)).toEqual([a]);
    expect(await recoveryMobiles(actor, 71)).toEqual([a]);
    expect(await recoveryMobiles(actor, 73)).toEqual([c]);
  });

  test('a removed number works for 72 more hours', async () => {
    const actor = await holder();
    await changeMobile(actor, null);
    expect(await recoveryMobiles(actor, 71)).toEqual([a]);
    expect(await recoveryMobiles(actor, 73)).toEqual([]);
    await changeMobile(actor, a, 80);
    expect(await recoveryMobiles(actor, 71)).toEqual([]);
    expect(await recoveryMobiles(actor, 73)).toEqual([a]);
  });

  test('a number changed at a branch waits like one changed here', async () => {
    const actor = await holder();
    await takeOver(
      { database, contactSettings: deps().contactSettings },
      actor.holderId,
      fundHolder(actor.iin, {
        elsewhereVersion: 1,
        changesElsewhere: [{ version: 1, fields: { mobilePhone: b } }],
      }),
      'r',
    );
    expect(await recoveryMobiles(actor, 71)).toEqual([a]);
    expect(await recoveryMobiles(actor, 73)).toEqual([b]);
  });
});

describe('proofs and the change', () => {
  const entry = { field: 'mobilePhone', old: a, new: b } as const;

  /** A proposed change and the codes sent for it. */
  async function proposed(): Promise<{ actor: Actor; pending: PendingChange; codeIds: string[] }> {
    const actor = await holder();
    const pending = await propose(actor, entry);
    const { holderId } = actor;
    const { changeId } = pending;
    const issued = [
      await renewCode(
        database,
        { holderId, purpose: 'prove-new', channel: 'mobile', destination: b, changeId },
        5,
        5,
      ),
      await renewCode(
        database,
        { holderId, purpose: 'confirm-current', channel: 'mobile', destination: a, changeId },
        5,
        5,
      ),
    ];
    return { actor, pending, codeIds: issued.map(({ codeId }) => codeId) };
  }

  const complete = (actor: Actor, pending: PendingChange) => completeChange(deps(), actor, pending);

  test('one of fifty simultaneous uses of one code gives the proof', async () => {
    const { actor, pending, codeIds } = await proposed();
    const [codeId = ''] = codeIds;
    const given = await Promise.all(
      Array.from({ length: 50 }, () =>
        proveByCode(database, actor.holderId, pending.changeId, 'new', codeId),
      ),
    );
    expect(given.filter(Boolean)).toHaveLength(1);
    expect(await findPendingChange(database, actor.holderId, 5)).toMatchObject({
      newProved: true,
      currentProved: false,
    });
  });

  test('a code of a replaced change does not prove the new one', async () => {
    const { actor, codeIds } = await proposed();
    const newer = await propose(actor, { ...entry, new: c });
    const [codeId = ''] = codeIds;
    expect(await proveByCode(database, actor.holderId, newer.changeId, 'new', codeId)).toBe(false);
  });

  test('each missing, old or outdated proof stops the change under the lock', async () => {
    const { actor, pending, codeIds } = await proposed();
    const [newCode = '', currentCode = ''] = codeIds;
    expect(await complete(actor, pending)).toEqual({ kind: 'proof-gone' });
    await proveByCode(database, actor.holderId, pending.changeId, 'new', newCode);
    expect(await complete(actor, pending)).toEqual({ kind: 'proof-gone' });
    await proveByCode(database, actor.holderId, pending.changeId, 'current', currentCode);
    await database.run(sql`
      update cabinet.pending_change set new_proved_at = new_proved_at - interval '6 minutes'
      where holder_id = ${actor.holderId}`);
    expect(await findPendingChange(database, actor.holderId, 5)).toMatchObject({
      lapsed: true,
      byPasskey: false,
      newProved: false,
    });
    expect(await complete(actor, pending)).toEqual({ kind: 'proof-gone' });
    await database.run(sql`
      update cabinet.pending_change set new_proved_at = now() where holder_id = ${actor.holderId}`);

    await database.run(sql`insert into cabinet.freeze (holder_id) values (${actor.holderId})`);
    expect(await complete(actor, pending)).toEqual({ kind: 'refused' });
    await database.run(sql`delete from cabinet.freeze where holder_id = ${actor.holderId}`);
    expect(await complete(actor, { ...pending, revision: 9 })).toMatchObject({ kind: 'conflict' });
    const saved = await complete(actor, pending);
    expect(saved.kind).toBe('saved');
    expect(await complete(actor, pending)).toEqual(saved);
  });

  test('a cancelled change cannot be completed, and its codes are no longer valid', async () => {
    const { actor, pending, codeIds } = await proposed();
    await cancelChange(deps(), actor.holderId);
    expect(await complete(actor, pending)).toEqual({ kind: 'proof-gone' });
    for (const codeId of codeIds) {
      expect(await countCodeAttempt(database, codeId, actor.holderId, 5)).toBeUndefined();
    }
  });

  test('a proposal leaves a code of recovery alone', async () => {
    const actor = await holder();
    const recovery = await renewCode(
      database,
      {
        holderId: actor.holderId,
        purpose: 'recover',
        channel: 'mobile',
        destination: a,
        changeId: randomUUID(),
      },
      10,
      5,
    );
    await propose(actor, entry);
    expect(await findLiveCode(database, recovery.codeId)).toEqual(recovery);
  });

  test('expired changes are deleted, and others stay', async () => {
    const [old, young] = [await proposed(), await proposed()];
    const count = async ({ holderId }: Actor) =>
      database.first<object>(sql`
        select (select count(*)::int from cabinet.pending_change where holder_id = ${holderId}) as pending,
          (select count(*)::int from cabinet.code where holder_id = ${holderId}) as codes,
          (select count(*)::int from cabinet.disavowal where holder_id = ${holderId}) as links`);
    const { holderId } = old.actor;
    const longAgo = sql`now() - interval '61 days' where holder_id = ${holderId}`;
    await database.run(sql`update cabinet.pending_change set expires_at = ${longAgo}`);
    await database.run(sql`update cabinet.code set expires_at = ${longAgo}`);
    await database.run(sql`update cabinet.disavowal set created_at = ${longAgo}`);
    await sweep(database);
    expect(await count(old.actor)).toEqual({ pending: 0, codes: 0, links: 0 });
    expect(await count(young.actor)).toEqual({ pending: 1, codes: 2, links: 2 });
  });
});

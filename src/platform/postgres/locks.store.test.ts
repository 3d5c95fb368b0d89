import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { inventIin } from '../../../test/support/people.ts';
import { settings } from '../../../test/support/settings.ts';
import { appCode } from '../../../test/support/step-visitor.ts';
import { watchDatabase } from '../../../test/support/watched-database.ts';
import { completeRequest } from '../../features/account-request/choose-password.ts';
import { sendToRecipient } from '../../features/account-request/process.ts';
import { compareCode } from '../../features/account-request/try-code.ts';
import { recordProof } from '../../features/assurance/prove.ts';
import { sealAppSecret } from '../../features/authenticator/sealed-secret.ts';
import { beginSetup, confirmSetup, removeAuthenticator } from '../../features/authenticator/set-up.ts';
import { spendBackupCode } from '../../features/backup-codes/consume.ts';
import { writeCodeSet } from '../../features/backup-codes/renew.ts';
import { restoreChanges } from '../../features/changes/reconcile.ts';
import { codeOf } from '../../features/codes/code.ts';
import { renewCode } from '../../features/codes/store.ts';
import { completeChange } from '../../features/contact-change/complete.ts';
import type { PendingChange } from '../../features/contact-change/pending-change.ts';
import { proposeOnce } from '../../features/contact-change/propose.ts';
import { cancelChange } from '../../features/contact-change/prove.ts';
import { proveByCode, proveByPasskeyInstead } from '../../features/contact-change/store.ts';
import { disavow } from '../../features/disavowal/disavow.ts';
import { lockCabinet } from '../../features/disavowal/lock.ts';
import { unfreeze } from '../../features/disavowal/unfreeze.ts';
import type { Evidence } from '../../features/eds/store.ts';
import { openPhoneSession, stopByPhone } from '../../features/egov-mobile/enter.ts';
import { recordSigner } from '../../features/egov-mobile/take-signature.ts';
import { keepPasskey } from '../../features/passkeys/add-passkey.ts';
import { refuseCopy } from '../../features/passkeys/check-assertion.ts';
import { removePasskey } from '../../features/passkeys/remove-passkey.ts';
import { writeNewPassword } from '../../features/passwords/change.ts';
import { confirmContacts } from '../../features/reachability/confirm.ts';
import { saveChange } from '../../features/requisites/save.ts';
import { takeOver } from '../../features/requisites/take-over.ts';
import { resetSecondStep } from '../../features/second-step/reset.ts';
import { changeSmsStep } from '../../features/second-step/sms-step.ts';
import { recordWrong } from '../../features/second-step/try-step.ts';
import { endOthers } from '../../features/security/sessions.ts';
import { writeStep } from '../../features/sign-in/begin-step.ts';
import { completeStep } from '../../features/sign-in/complete-step.ts';
import { openSession } from '../../features/sign-in/open-session.ts';
import { endAllSessions } from '../../features/sign-in/sessions.ts';
import { openEdsSession } from '../../features/sign-in/sign-in-by-eds.ts';
import { openPasskeySession } from '../../features/sign-in/sign-in-by-passkey.ts';
import type { Fund, FundHolder } from '../../fund/port.ts';
import type { Iin } from '../../values/iin.ts';
import { createKeys, tokenHash } from '../keys.ts';
import type { Actor } from '../session.ts';
import { type Database, openDatabase } from './database.ts';
import { type Sql, sql } from './sql.ts';

// Every use case that locks more than one row is run beside every other one on the same person,
// statement by statement in turn, so that each holds what its first statements lock when the other
// wants it. No pair may end in a deadlock.

/** What both use cases of a pair are about. */
interface Scene {
  readonly holderId: string;
  readonly iin: Iin;
  readonly actor: Actor;
  readonly sessions: readonly [Buffer, Buffer];
  /** The secret of the second of them. */
  readonly otherToken: string;
  /** The secret of a sign-in that waits for its second step. */
  readonly stepToken: string;
  /** An account request whose code was right, and one whose code waits. */
  readonly proved: Buffer;
  readonly open: { readonly hash: Buffer; readonly code: string };
  readonly pending: PendingChange;
  readonly proofCode: string;
  readonly disavowalId: string;
  /** The id of a passkey. */
  readonly passkey: Buffer;
  /** The set of backup codes. */
  readonly codesSince: string;
  /** Attempts to sign in with a phone: one that is being judged, and one that is signed. */
  readonly attempts: { readonly checking: Buffer; readonly done: Buffer };
}

type UseCase = (database: Database, scene: Scene) => Promise<unknown>;

const mobile = '+77015550101';
const evidence = {
  purpose: 'change' as const,
  content: Buffer.from('x'),
  cms: Buffer.from('y'),
  signature: {
    iin: '' as Iin,
    certificate: { sha256: 'a'.repeat(64), serial: '01', notAfter: new Date('2030-01-01') },
    revocation: { source: 'crl' as const, asOf: new Date('2026-01-01') },
    issuers: [],
    lists: [],
    lacksTimeStamp: false,
  },
  challengedAt: new Date('2026-01-01'),
} as unknown as Evidence;

const contactDeps = (database: Database) => ({
  database,
  keys,
  contactSettings,
  codeSettings: { ...codeSettings, perQuarterHour: 100, perDay: 100 },
});

const newChange = ({ actor }: Scene) => ({
  ...actor,
  formId: randomUUID(),
  formHash: Buffer.from('form'),
  revision: 1,
  document: null,
  addressSource: null,
});
const address = { field: 'apartment' as const, old: null, new: '7' };
const person = { surname: 'Сапарова', name: 'Айгерім' };
const forget = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const sessionSettings = { ...settings.sessionSettings, perPerson: 2 };
const keys = createKeys(['k'.repeat(32)]);
const setupSecret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const { accountRequestSettings, codeSettings, contactSettings } = settings;
const ofCode = { purpose: 'recover', channel: 'mobile', destination: mobile } as const;
const browserWith = (formerToken?: string) => ({
  device: undefined,
  formerToken,
  userAgent: 'd',
  network: '127.0.0.0/24',
  requestId: 'r',
});
const byPassword = { method: 'password', step: null, restricted: null } as const;
const signIn = (database: Database, { holderId }: Scene, formerToken?: string) =>
  database.transaction((transaction) =>
    openSession(
      transaction,
      { holderId, way: byPassword, person, forget },
      browserWith(formerToken),
      sessionSettings,
    ),
  );

const useCases: Readonly<Record<string, UseCase>> = {
  'a save': (database, scene) =>
    saveChange(
      { database },
      {
        ...newChange(scene),
        number: randomBytes(6).toString('hex'),
        proof: 'password-session',
        entries: [address],
      },
    ),
  'taking over what a branch changed': (database, { holderId }) =>
    takeOver(
      { database, contactSettings },
      holderId,
      {
        requisites: {},
        mobileSince: null,
        emailSince: null,
        elsewhereVersion: 1,
        changesElsewhere: [{ version: 1, fields: { email: 'new@example.kz' } }],
      } as unknown as FundHolder,
      'r',
    ),
  'a lost change recorded again': (database, { iin }) =>
    restoreChanges(
      { database, contactSettings, fund: {} as Fund },
      {
        missing: [
          {
            ...{ changeId: randomUUID(), iin, sequence: 1, madeAt: new Date(), appliedAt: new Date() },
            fields: { email: 'restored@example.kz' },
          },
        ],
        ...{ listed: 1, unread: 0, highest: 1 },
      },
      'reason',
    ),
  'a proposed change': (database, scene) =>
    proposeOnce(
      contactDeps(database),
      scene.actor,
      { ...newChange(scene), entries: [{ field: 'mobilePhone', old: mobile, new: '+77015550102' }] },
      false,
    ),
  'a proof of a change': (database, { holderId, pending, proofCode }) =>
    proveByCode(database, holderId, pending.changeId, 'new', proofCode),
  'a code for a change': (database, { holderId, pending }) =>
    renewCode(
      database,
      {
        holderId,
        purpose: 'prove-new',
        channel: 'mobile',
        destination: '+77015550109',
        changeId: pending.changeId,
      },
      5,
      5,
    ),
  'a change made by a signature': (database, { actor, pending }) =>
    completeChange(contactDeps(database), actor, pending, evidence),
  'a change given up': (database, { holderId }) => cancelChange({ database }, holderId),
  '"this wasn\'t me"': (database, { disavowalId }) =>
    disavow({ database, disavowalSettings: { days: 10 } }, disavowalId, 'r'),
  'an operator who lifts a stop': (database, { iin }) => unfreeze(database, iin, 'reason'),
  'a new password in a session': (database, { actor }) =>
    writeNewPassword(database, actor, {
      hash: 'new',
      sufficesAlone: true,
      former: 'former',
      nextSession: randomBytes(32),
      failures: Buffer.alloc(32, 2),
    }),
  'the end of other sessions': (database, { holderId, sessions }) =>
    endOthers(database, { holderId, hash: sessions[1], requestId: 'r' }),
  'the end of all sessions': (database, { holderId }) => endAllSessions(database, holderId, 'blocked'),
  'a sign-in': (database, scene) => signIn(database, scene),
  'a sign-in over a session': (database, scene) => signIn(database, scene, scene.otherToken),
  'a sign-in by EDS': (database, { iin }) =>
    openEdsSession(
      { database, sessionSettings },
      { iin, language: 'kk', person, evidence: { ...evidence, purpose: 'sign-in' } },
      browserWith(),
    ),
  'a signature by a phone': (database, { iin, attempts }) =>
    recordSigner(
      { database },
      { attemptId: attempts.checking, language: 'kk' },
      { iin, evidence: { ...evidence, purpose: 'sign-in' } },
      'r',
    ),
  'a sign-in by a phone': (database, { holderId, attempts, otherToken }) =>
    openPhoneSession(
      { database, sessionSettings },
      { attemptId: attempts.done, holderId, person, stepOf: null },
      { ...browserWith(otherToken), browser: attempts.done },
    ),
  'a second step by a phone': (database, { holderId, attempts, stepToken, otherToken }) =>
    openPhoneSession(
      { database, sessionSettings },
      { attemptId: attempts.done, holderId, person, stepOf: tokenHash(stepToken) },
      { ...browserWith(otherToken), browser: attempts.done },
    ),
  'a sign-in by a phone stopped': (database, { attempts }) => stopByPhone({ database }, attempts.done),
  'a second step begun': (database, { holderId }) =>
    writeStep(database, { holderId, hash: randomBytes(32), forget }),
  'a wrong second step': (database, { holderId }) => recordWrong(database, { holderId, requestId: 'r' }),
  'a second step taken': (database, { holderId, stepToken, otherToken }) =>
    completeStep(
      { database, sessionSettings },
      { holderId, way: byPassword, person, forget: [], trust: true },
      { ...browserWith(otherToken), stepToken },
    ),
  'a fresh proof in a session': (database, { actor }) =>
    recordProof(
      database,
      { ...actor, restricted: 'phone', browser: { device: undefined, userAgent: '' } },
      'eds',
      { ...evidence, purpose: 'prove' },
    ),
  'a passkey added': (database, { actor }) =>
    keepPasskey(database, actor, {
      credentialId: randomBytes(16),
      publicKey: Buffer.from('key'),
      counter: 0,
      transports: [],
      backedUp: false,
      name: 'new',
      byEds: false,
    }),
  'a passkey removed': (database, { actor, passkey }) => removePasskey(database, actor, passkey),
  'a copied passkey': (database, { holderId, passkey }) =>
    refuseCopy(database, { holderId, credentialId: passkey, requestId: 'r' }),
  'a passkey for a change': (database, { holderId, pending, passkey }) =>
    proveByPasskeyInstead(database, holderId, pending.changeId, { credentialId: passkey, waitHours: 0 }),
  'a sign-in by a passkey': (database, { holderId, passkey, otherToken }) =>
    openPasskeySession(
      { database, sessionSettings },
      { holderId, way: { ...byPassword, method: 'passkey' }, person, forget: [] },
      passkey,
      browserWith(otherToken),
    ),
  'codes by SMS allowed': (database, { actor }) => changeSmsStep({ database, contactSettings }, actor, true),
  'an app about to be added': async (database, { actor, holderId }) => {
    await database.run(
      sql`update cabinet.authenticator_setup set expires_at = now() where holder_id = ${holderId}`,
    );
    await beginSetup({ database, keys }, actor);
  },
  'an app added': (database, { actor }) =>
    confirmSetup({ database, keys }, actor, appCode(setupSecret), false),
  'an app removed': (database, { actor }) => removeAuthenticator({ database }, actor),
  'new backup codes': (database, { actor, codesSince }) =>
    writeCodeSet(database, actor, codesSince, [{ label: 'NE', hash: 'new' }]),
  'a backup code used': (database, { holderId }) =>
    spendBackupCode(database, { holderId, requestId: 'r' }, { label: 'AA', hash: 'a' }),
  'an operator who removes every second step': (database, { iin }) =>
    resetSecondStep(database, iin, 'reason'),
  'a confirmation of what is on file': (database, { actor }) => confirmContacts(database, actor, 1),
  'a lock by its holder': (database, { holderId }) => lockCabinet(database, { holderId, requestId: 'r' }),
  'a code typed for a password': (database, { open }) =>
    compareCode({ database, keys, accountRequestSettings }, 'recover', open.hash, [open.code]),
  'a chosen password': (database, { proved }) =>
    completeRequest(database, proved, 'recover', {
      hash: 'chosen',
      sufficesAlone: true,
      requestId: 'r',
      failures: forget,
    }),
  'an account request processed': (database, { holderId, open }) =>
    database.transaction((transaction) =>
      sendToRecipient(
        transaction,
        codeSettings,
        { hash: open.hash, id: randomUUID(), kind: 'recover', language: 'kk', again: false },
        {
          holderId,
          standing: { hasPassword: true, frozen: false, language: 'kk', contacts: [] },
          contact: { channel: 'mobile', value: mobile },
        },
      ),
    ),
};

let fresh: FreshDatabase;
let pools: readonly [Database, Database];
let watch: Database;
let deadlocks = 0;

beforeAll(async () => {
  fresh = await freshDatabase();
  pools = [openDatabase(fresh.connection, { max: 2 }), openDatabase(fresh.connection, { max: 2 })];
  watch = openDatabase(fresh.connection, { max: 1 });
});

afterAll(async () => {
  await Promise.all([...pools, watch].map((pool) => pool.close()));
  await fresh.drop();
});

let persons = 0;

async function prepare(frozen: boolean): Promise<Scene> {
  const { database } = fresh;
  const iin = inventIin(persons++) as Iin;
  const row = await database.first<{ holderId: string }>(sql`
    insert into cabinet.holder (iin, language) values (${iin}, 'kk') returning holder_id as "holderId"`);
  const holderId = row?.holderId ?? '';
  const otherToken = randomUUID();
  const stepToken = randomUUID();
  const sessions = [randomBytes(32), tokenHash(otherToken)] as const;
  const proved = randomBytes(32);
  const open = randomBytes(32);
  const change = randomUUID();
  const formId = randomUUID();
  const formHash = Buffer.from('pending');
  const entries = [{ field: 'mobilePhone' as const, old: mobile, new: '+77015550109' }];
  await database.run(sql`insert into cabinet.requisites (holder_id, mobile_phone, email, mobile_since, email_since, elsewhere_version)
    values (${holderId}, ${mobile}, 'a@example.kz', to_timestamp(0), to_timestamp(0), 0)`);
  await database.run(
    sql`insert into cabinet.credential (holder_id, password_hash, suffices_alone) values (${holderId}, 'former', true)`,
  );
  await database.run(sql`insert into cabinet.session (session_hash, holder_id, method, short_name, device)
    select unnest(${[...sessions]}::bytea[]), ${holderId}, 'password', 'А.', 'd'`);
  await database.run(sql`insert into cabinet.sign_in_step (step_hash, holder_id, expires_at)
    values (${tokenHash(stepToken)}, ${holderId}, now() + interval '5 minutes')`);
  await database.run(sql`insert into cabinet.failure (key, failures, allowed, expires_at)
    select unnest(${[Buffer.alloc(32, 1), Buffer.alloc(32, 2)]}::bytea[]), 1, true, now() + interval '1 hour' on conflict do nothing`);
  const codes = await database.rows<{ id: string }>(sql`
    insert into cabinet.code (holder_id, purpose, channel, destination, change_id, expires_at)
    select ${holderId}, purpose, 'mobile', ${mobile}, ${change}, now() + interval '5 minutes'
    from unnest(array['recover', 'prove-new', 'confirm-current']) as purpose returning code_id as id`);
  const [recover = { id: '' }, prove = { id: '' }] = codes;
  await database.run(sql`insert into cabinet.pending_change (holder_id, change_id, form_id, form_hash, revision, document, entries, expires_at)
    values (${holderId}, ${change}, ${formId}, ${formHash}, 1, 'null', ${JSON.stringify(entries)}, now() + interval '30 minutes')`);
  await database.run(sql`insert into cabinet.entry (entry_hash, kind, asked, language, network, holder_id, proved_at, expires_at)
    values (${proved}, 'recover', '', 'kk', '', ${holderId}, now(), now() + interval '10 minutes')`);
  await database.run(sql`insert into cabinet.entry (entry_hash, kind, asked, language, network, holder_id, code_id, code_until, expires_at)
    values (${open}, 'recover', '', 'kk', '', ${holderId}, ${recover.id}, now() + interval '5 minutes', now() + interval '10 minutes')`);
  const app = sealAppSecret(keys, holderId, setupSecret);
  await database.run(sql`insert into cabinet.authenticator (holder_id, secret, sealed_by, by_eds, confirmed_at)
    values (${holderId}, ${app.secret}, ${app.sealedBy}, false, now())`);
  await database.run(sql`insert into cabinet.authenticator_setup (holder_id, secret, expires_at, session_started)
    select ${holderId}, ${app.secret}, now() + interval '5 minutes', started_at
    from cabinet.session where session_hash = ${sessions[0]}`);
  const set = await database.first<{ since: string }>(sql`
    insert into cabinet.backup_code (holder_id, label, code_hash) values (${holderId}, 'AA', 'a')
    returning created_at::text as since`);
  const link = await database.first<{ id: string }>(sql`
    insert into cabinet.disavowal (holder_id) values (${holderId}) returning disavowal_id as id`);
  const passkey = randomBytes(16);
  await database.run(
    sql`insert into cabinet.passkey_user (holder_id, user_handle) values (${holderId}, ${randomBytes(32)})`,
  );
  await database.run(sql`
    insert into cabinet.passkey (credential_id, holder_id, public_key, counter, backed_up, name, by_eds)
    values (${passkey}, ${holderId}, '', 0, false, 'p', true)`);
  const attempts = { checking: randomBytes(8), done: randomBytes(8) };
  await database.run(sql`insert into cabinet.phone_attempt
      (attempt_id, browser, language, device, network, digits, expires_at, state, holder_id)
    values (${attempts.checking}, ${attempts.checking}, 'kk', 'd', 'n', 10,
        now() + interval '3 minutes', 'checking', null),
      (${attempts.done}, ${attempts.done}, 'kk', 'd', 'n', 10, now() + interval '3 minutes', 'done', ${holderId})`);
  if (frozen) await database.run(sql`insert into cabinet.freeze (holder_id) values (${holderId})`);
  return {
    holderId,
    iin,
    actor: { holderId, iin, requestId: 'r', language: 'kk', sessionHash: sessions[0] },
    sessions,
    otherToken,
    stepToken,
    proved,
    open: { hash: open, code: codeOf(keys, { ...ofCode, codeId: recover.id, holderId, changeId: change }) },
    pending: {
      changeId: change,
      formId,
      formHash,
      revision: 1,
      document: null,
      entries,
      addressSource: null,
      via: null,
      currentProved: false,
      byPasskey: false,
      newProved: false,
      lapsed: false,
      byEds: false,
    },
    proofCode: prove.id,
    disavowalId: link?.id ?? '',
    passkey,
    codesSince: set?.since ?? '',
    attempts,
  };
}

interface Run {
  steps: number;
  done: boolean;
}

/**
 * Lets two runs take turns: after each statement one waits until the other has made as many, waits
 * for a lock, or is done.
 */
function turns() {
  const state: readonly [Run, Run] = [
    { steps: 0, done: false },
    { steps: 0, done: false },
  ];
  const isWaiting = async () => {
    const row = await watch.first<{ waiting: boolean }>(sql`
      select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waiting`);
    return row?.waiting ?? false;
  };
  return {
    async step(me: 0 | 1) {
      const mine = state[me];
      const other = state[me === 0 ? 1 : 0];
      mine.steps += 1;
      while (!other.done && other.steps < mine.steps && !(await isWaiting())) await pause(1);
    },
    finish(me: 0 | 1) {
      state[me].done = true;
    },
  };
}

function stepwise(database: Database, me: 0 | 1, { step }: ReturnType<typeof turns>): Database {
  return watchDatabase(database, async (_statement, run) => {
    try {
      return await run();
    } catch (error) {
      if ((error as { code?: string }).code === '40P01') deadlocks += 1;
      throw error;
    } finally {
      await step(me);
    }
  });
}

/** Runs two use cases on one person in turns; gives how many deadlocks PostgreSQL broke. */
async function against(one: UseCase, other: UseCase, frozen = false): Promise<number> {
  const scene = await prepare(frozen);
  const turn = turns();
  const before = deadlocks;
  await Promise.allSettled(
    [one, other].map(async (useCase, index) => {
      const me = index === 0 ? 0 : 1;
      try {
        await useCase(stepwise(pools[me], me, turn), scene);
      } finally {
        turn.finish(me);
      }
    }),
  );
  return deadlocks - before;
}

const names = Object.keys(useCases);

test('two that lock in opposite order are found out', async () => {
  const lock = (database: Database, first: Sql, second: Sql) =>
    database.transaction(
      async (transaction) => {
        await transaction.run(first);
        await transaction.run(second);
      },
      { retry: false },
    );
  const holder = (holderId: string) =>
    sql`select from cabinet.holder where holder_id = ${holderId} for update`;
  const requisites = (holderId: string) =>
    sql`select from cabinet.requisites where holder_id = ${holderId} for update`;
  expect(
    await against(
      (database, { holderId }) => lock(database, holder(holderId), requisites(holderId)),
      (database, { holderId }) => lock(database, requisites(holderId), holder(holderId)),
    ),
  ).toBe(1);
});

/** What each gives when nobody is beside it: a use case that did nothing would lock nothing. */
const outcomes: Readonly<Record<string, unknown>> = {
  'a save': { kind: 'saved' },
  'taking over what a branch changed': { revision: 2 },
  'a proposed change': { currentProved: false },
  'a proof of a change': true,
  'a code for a change': { purpose: 'prove-new' },
  'a change made by a signature': { kind: 'saved' },
  'a sign-in': { replaced: 1 },
  'a sign-in over a session': { replaced: 0 },
  'a sign-in by EDS': { replaced: 1 },
  'the end of all sessions': 2,
  'an operator who lifts a stop': true,
  'a new password in a session': 'changed',
  'a chosen password': 'recovered',
  'a code typed for a password': { ok: true },
  'a second step taken': { replaced: 0 },
  'codes by SMS allowed': true,
  'an app added': { ok: true },
  'an app removed': true,
  'new backup codes': undefined,
  'a backup code used': true,
  'an operator who removes every second step': true,
};

test.each(names)('%s does its work when nobody is beside it', async (name) => {
  const { database } = fresh;
  const scene = await prepare(name === 'an operator who lifts a stop');
  const count = async () => {
    const row = await database.first<{ state: string }>(sql`
      select md5(string_agg(row_text, ' ' order by row_text)) as state from (
        select s::text as row_text from cabinet.session s where holder_id = ${scene.holderId}
        union all select c::text from cabinet.code c where holder_id = ${scene.holderId}
        union all select e::text from cabinet.entry e where holder_id = ${scene.holderId}
        union all select p::text from cabinet.pending_change p where holder_id = ${scene.holderId}
        union all select f::text from cabinet.freeze f where holder_id = ${scene.holderId}
        union all select w::text from cabinet.sign_in_step w where holder_id = ${scene.holderId}
        union all select g::text from cabinet.authenticator_setup g where holder_id = ${scene.holderId}
        union all select a::text from cabinet.phone_attempt a
        where attempt_id in (${scene.attempts.checking}, ${scene.attempts.done})
        union all select v::text from cabinet.security_event v where holder_id = ${scene.holderId}
        union all select r::text from cabinet.requisites r where holder_id = ${scene.holderId}) as rows`);
    return row?.state;
  };
  const before = await count();
  const outcome = await useCases[name]?.(database, scene);
  expect(await count()).not.toBe(before);
  const expected = outcomes[name];
  if (typeof expected === 'object') expect(outcome).toMatchObject(expected as object);
  else if (expected !== undefined) expect(outcome).toBe(expected);
});

describe('no deadlock', () => {
  test.each(names.map((name, index) => [name, names.slice(index)] as const))(
    'between %s and any other',
    async (name, others) => {
      const found: string[] = [];
      for (const other of others) {
        const [one, two] = [useCases[name], useCases[other]];
        if (!one || !two) throw new Error(other);
        const count =
          (await against(one, two, [name, other].includes('an operator who lifts a stop'))) +
          (await against(two, one, false));
        if (count > 0) found.push(`${other}: ${count}`);
      }
      expect(found).toEqual([]);
    },
  );
});

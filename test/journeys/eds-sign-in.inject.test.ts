import type { Identity } from 'nca-verify/testing';
import { cmsPem, signCms } from 'nca-verify/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createChallenge } from '../../src/features/eds/challenge.ts';
import { tokenHash } from '../../src/platform/keys.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { injectClient } from '../support/client.ts';
import { brokenResponder, openTestNca, signChallenge, type TestNca } from '../support/eds.ts';
import { beginEds, edsForm, edsPath, formAgain, postEds, signInByEds } from '../support/eds-visitor.ts';
import { startFundServer } from '../support/fund-server.ts';
import { inventIin, inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf } from '../support/signed-in.ts';

// Signing in by EDS over HTTP: what our own page would send, and what must be refused.

const person = inventPerson(9_300);
const path = edsPath;

let nca: TestNca;
let service: TestService;
let key: Identity;

beforeAll(async () => {
  nca = openTestNca();
  service = await startService(nca.environment);
  await service.enrol(person);
  key = nca.key(person);
});

afterAll(async () => {
  await service.close();
  nca.close();
});

const begin = (of: TestService = service) => beginEds(injectClient(of.server));
const post = postEds;
const signInWith = (identity: Identity, of: TestService = service) =>
  signInByEds(injectClient(of.server), identity);

async function sessions(iin: string): Promise<number> {
  const row = await service.database.first<{ n: number }>(sql`
    select count(*) as n from cabinet.session join cabinet.holder using (holder_id) where iin = ${iin}`);
  return row?.n ?? 0;
}

test('a signature opens a session marked EDS, and its evidence is stored', async () => {
  const begun = await begin();
  const text = Buffer.from(begun.data, 'base64').toString();
  expect(text).toMatch(
    /^БЖЗҚ жеке кабинеті, localhost:3000: кіру, .* \/ Личный кабинет ЕНПФ, localhost:3000: вход, /,
  );
  expect(text.match(/nonce: (.*)/)?.[1]).toHaveLength(43);
  const answer = await post(begun, begun.id, signChallenge(key, begun.data));
  expect([answer.status, answer.headers['location']]).toEqual([303, '/services']);
  expect((await begun.client.get('/services')).status).toBe(200);
  expect((await begun.client.get('/security')).body).toContain('Сертификаттың сериялық нөмірі');
  const row = await service.database.first<Record<string, unknown>>(sql`
    select s.method, e.purpose, e.content, e.revocation_source as source, e.number, v.detail ->> 'method' as noted
    from cabinet.holder h join cabinet.session s using (holder_id) join cabinet.eds_evidence e using (holder_id)
    join cabinet.security_event v using (holder_id) where iin = ${person.iin}`);
  expect(row).toEqual({
    method: 'eds',
    purpose: 'sign-in',
    content: Buffer.from(begun.data, 'base64'),
    source: 'crl',
    number: null,
    noted: 'eds',
  });
});

test('the last day of the latest key is kept, whichever key is used afterwards', async () => {
  const end = (days: number) => new Date(Date.now() + days * 86_400_000);
  const kept = async () =>
    (
      await service.database.first<{ days: number }>(sql`
        select ends_on - ((now() at time zone 'UTC') + interval '5 hours')::date as days, next_on
        from cabinet.reminder join cabinet.holder using (holder_id) where iin = ${other.iin} and kind = 'key'`)
    )?.days;
  const other = inventPerson(9_305);
  await service.enrol(other);
  const [old, renewed] = [20, 380].map((days) => nca.key(other, { notAfter: end(days) }));
  if (!old || !renewed) throw new Error('two keys are needed');
  const first = injectClient(service.server);
  expect((await signInByEds(first, old)).status).toBe(303);
  expect(await kept()).toBe(20);
  expect((await first.get('/services')).body).toContain('ЭЦҚ кілтінің соңғы күні');
  const second = injectClient(service.server);
  expect((await signInByEds(second, renewed)).status).toBe(303);
  expect((await second.get('/services')).body).not.toContain('ЭЦҚ кілтінің соңғы күні');
  expect((await signInWith(old)).status).toBe(303);
  expect(await kept()).toBe(380);
});

test('a person known to the fund and new here gets a cabinet', async () => {
  const newcomer = inventPerson(9_301);
  await service.enrol(newcomer);
  await service.database.run(
    sql`delete from cabinet.credential where holder_id in (select holder_id from cabinet.holder where iin = ${newcomer.iin})`,
  );
  await service.database.run(sql`delete from cabinet.holder where iin = ${newcomer.iin}`);
  expect((await signInWith(nca.key(newcomer))).status).toBe(303);
  expect(await sessions(newcomer.iin)).toBe(1);
});

test('an RSA key for authentication signs in', async () => {
  expect((await signInWith(nca.key(person, { rsa: true, profile: 'authentication' }))).status).toBe(303);
});

describe('refuses', () => {
  const expired = { notBefore: new Date('2024-01-01'), notAfter: new Date('2025-01-01') };
  test.each<[string, () => Identity, string]>([
    ['an expired key', () => nca.key(person, expired), 'қолданылу мерзімі өткен'],
    ['the key of an organisation', () => nca.key(person, { profile: 'head' }), 'ұйымның'],
    ['the key of an information system', () => nca.key(person, { profile: 'informationSystem' }), 'ұйымның'],
    ['a person unknown to the fund', () => nca.key({ ...person, iin: inventIin(9_399) }), 'шот ашылмаған'],
  ])('%s', async (_who, make, words) => {
    const before = await sessions(person.iin);
    const answer = await signInWith(make());
    expect(answer.status).toBe(422);
    expect(answer.body).toContain(words);
    expect(await sessions(person.iin)).toBe(before);
  });

  test('a revoked key, from the moment it is on the list', async () => {
    const lost = nca.key(person);
    expect((await signInWith(lost)).status).toBe(303);
    nca.revoke(lost);
    const answer = await signInWith(lost);
    expect(answer.status).toBe(422);
    expect(answer.body).toContain('кері қайтарып алынған');
  });

  test.each(['blocked', 'deceased'] as const)('a %s person, with the same words', async (status) => {
    const inactive = inventPerson(status === 'blocked' ? 9_302 : 9_303, { status });
    await service.enrol(inactive);
    const answer = await signInWith(nca.key(inactive));
    expect(answer.status).toBe(422);
    expect(answer.body).toContain('Кабинетке кіру жабық');
  });

  test('a key of another authority with the same names', async () => {
    const other = openTestNca();
    const answer = await signInWith(other.key(person));
    other.close();
    expect(answer.status).toBe(422);
    expect(answer.body).toContain('Ұлттық куәландырушы орталығы бермеген');
  });

  test('a signature over other bytes, a shortened and an empty one', async () => {
    for (const change of [
      (data: string) => signChallenge(key, Buffer.from(`${Buffer.from(data, 'base64')}x`).toString('base64')),
      (data: string) => signChallenge(key, data).replace(/\n.{64}\n/, '\n'),
      () => '',
      () => 'not base64 at all',
      () => 'A'.repeat(10_000),
    ]) {
      const begun = await begin();
      const answer = await post(begun, begun.id, change(begun.data));
      expect(answer.status).toBe(422);
      expect(answer.body).toContain('Қолтаңба жарамсыз');
    }
  });

  test('a challenge used before', async () => {
    const begun = await begin();
    const signature = signChallenge(key, begun.data);
    expect((await post(begun, begun.id, signature)).status).toBe(303);
    const again = injectClient(service.server);
    expect((await post({ client: again }, begun.id, signature)).body).toContain('қолданылып қойған');
  });

  test('a challenge used for a wrong signature', async () => {
    const begun = await begin();
    expect((await post(begun, begun.id, signChallenge(nca.key(person, expired), begun.data))).status).toBe(
      422,
    );
    expect((await post(begun, begun.id, signChallenge(key, begun.data))).body).toContain('қолданылып қойған');
  });

  /** A challenge that was given to this browser earlier, or for another purpose. */
  async function given(by: Date, purpose: 'sign-in' | 'change' = 'sign-in', binding?: Buffer) {
    const begun = await begin();
    const visit = begun.client.cookies.get('visit') ?? '';
    const asked = { purpose, binding: binding ?? tokenHash(visit), site: 'http://localhost:3000' };
    const { id, content } = createChallenge(service.keys, asked, by);
    return { ...begun, id, data: content.toString('base64') };
  }
  const databaseTime = async (secondsAgo: number) => {
    const row = await service.database.first<{ at: Date }>(sql`
      select now() - make_interval(secs => ${secondsAgo}) as at`);
    return row?.at ?? new Date(0);
  };

  test("a challenge that is too old by the database's clock", async () => {
    const inTime = await given(await databaseTime(60));
    expect((await post(inTime, inTime.id, signChallenge(key, inTime.data))).status).toBe(303);
    const begun = await given(await databaseTime(121));
    const answer = await post(begun, begun.id, signChallenge(key, begun.data));
    expect(answer.status).toBe(422);
    expect(answer.body).toContain('қолданылып қойған');
  });

  test('a challenge of another browser, and one for another purpose', async () => {
    const one = await begin();
    const other = await begin();
    const crossed = await given(await databaseTime(0), 'change');
    for (const [who, { id, data }] of [
      [other, one],
      [crossed, crossed],
    ] as const) {
      const answer = await post(who, id, signChallenge(key, data));
      expect([answer.status, answer.body.includes('қолданылып қойған')]).toEqual([422, true]);
    }
  });

  test('a challenge of ours with a changed time, random bits or seal', async () => {
    for (const change of [
      (id: string) => id.replace(/^./, (first) => (first === 'z' ? 'y' : 'z')),
      (id: string) => id.replace(/\../, (two) => (two === '.A' ? '.B' : '.A')),
      (id: string) =>
        id.replace(/\.([\w-])[^.]*$/, (end, first) => end.replace(first, first === 'A' ? 'B' : 'A')),
      (id: string) => id.slice(0, id.lastIndexOf('.')),
    ]) {
      const begun = await begin();
      expect(change(begun.id)).not.toBe(begun.id);
      const answer = await post(begun, change(begun.id), signChallenge(key, begun.data));
      expect([answer.status, answer.body.includes('қолданылып қойған')]).toEqual([422, true]);
    }
  });

  test.each(['', 'x', '0'.repeat(36), "' or 1=1 --"])('the id "%s"', async (id) => {
    const begun = await begin();
    expect((await post(begun, id, signChallenge(key, begun.data))).status).toBe(422);
  });
});

test('a detached signature over exactly these bytes is accepted', async () => {
  const begun = await begin();
  const signature = cmsPem(signCms(key, Buffer.from(begun.data, 'base64'), { detached: true }));
  expect((await post(begun, begun.id, signature)).status).toBe(303);
});

test('one of twenty simultaneous posts of one signature opens a session', async () => {
  const begun = await begin();
  const before = await sessions(person.iin);
  const page = await begun.client.get(path);
  const form = edsForm(page.body, begun.id, signChallenge(key, begun.data));
  const answers = await Promise.all(Array.from({ length: 20 }, () => begun.client.post(path, form)));
  expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
  expect(await sessions(person.iin)).toBe(before + 1);
});

test('twelve simultaneous signatures of one person open twelve sessions', async () => {
  const busy = inventPerson(9_304);
  await service.enrol(busy);
  const own = nca.key(busy);
  const all = await Promise.all(Array.from({ length: 12 }, () => begin()));
  const answers = await Promise.all(
    all.map((begun) => post(begun, begun.id, signChallenge(own, begun.data))),
  );
  expect(answers.map(({ status }) => status)).toEqual(all.map(() => 303));
  expect(await sessions(busy.iin)).toBe(12);
});

test('a new key in a known browser is reported to the channels on file', async () => {
  const client = injectClient(service.server);
  const notices = async () => {
    const row = await service.database.first<{ n: number }>(sql`
      select count(*) as n from cabinet.outbox join cabinet.holder using (holder_id)
      where iin = ${person.iin} and lane = 'notice' and payload ->> 'kind' = 'new-device'`);
    return row?.n ?? 0;
  };
  const enter = async (identity: Identity) => {
    const page = await client.get(path);
    const csrf = edsForm(page.body).slice(0, 1);
    const { id, data } = JSON.parse((await client.post(`${path}/challenge`, csrf)).body);
    expect((await post({ client }, id, signChallenge(identity, data))).status).toBe(303);
    // The channels are taken over from the fund when the requisites are first shown.
    await client.get('/services/requisites');
    await client.post('/sign-out', formOf((await client.get('/services')).body, '/sign-out'));
  };
  await enter(key);
  const told = await notices();
  await enter(key);
  expect(await notices()).toBe(told);
  await enter(nca.key(person));
  // By SMS and by e-mail.
  expect(await notices()).toBe(told + 2);
});

describe('the responder of the authority', () => {
  test('is asked and its answer stored, alone suffices to refuse a revoked key, and is spared when broken', async () => {
    const responder = await nca.startResponder();
    const alone = await startService({
      EDS_TRUST: nca.environment['EDS_TRUST'] ?? '',
      EDS_CRL_DIR: '/nonexistent',
      EDS_OCSP_URL: responder.url,
    });
    await alone.enrol(person);
    const lost = nca.key(person);
    expect((await signInWith(lost, alone)).status).toBe(303);
    const kept = await alone.database.first<{ source: string; length: number }>(sql`
      select revocation_source as source, length(ocsp_response) as length from cabinet.eds_evidence`);
    expect(kept?.source).toBe('ocsp');
    expect(kept?.length).toBeGreaterThan(500);
    nca.revoke(lost);
    const answer = await signInWith(lost, alone);
    expect([answer.status, answer.body.includes('кері қайтарып алынған')]).toEqual([422, true]);
    expect(responder.asked()).toBe(2);

    await responder.close();
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) statuses.push((await signInWith(key, alone)).status);
    expect(statuses).toEqual(Array.from({ length: 6 }, () => 503));
    expect(alone.logLines.filter((line) => line.includes('CircuitOpen'))).toHaveLength(1);
    await alone.close();
  });
});

describe('revocation cannot be checked', () => {
  test.each(['error', 'garbage', 'silence'] as const)(
    'the responder gives %s and there is no list: 503, and the password is offered',
    async (how) => {
      const responder = await brokenResponder(how);
      const alone = await startService({
        EDS_TRUST: nca.environment['EDS_TRUST'] ?? '',
        EDS_CRL_DIR: '/nonexistent',
        EDS_OCSP_URL: responder.url,
      });
      await alone.enrol(person);
      const answer = await signInWith(key, alone);
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBeDefined();
      expect(answer.body).toContain('құпиясөзбен кіріңіз');
      expect(answer.body).toContain('href="/sign-in"');
      await alone.close();
      await responder.close();
    },
  );
});

test('nobody is let in while the fund cannot say whether they may come in', async () => {
  const fund = await startFundServer();
  const away = await startService({ ...nca.environment, FUND_URL: fund.url }, { work: false });
  fund.enrol(person);
  fund.behave('failing');
  const client = injectClient(away.server);
  const refused = await signInByEds(client, key);
  expect([refused.status, refused.headers['retry-after']]).toEqual([503, '10']);
  expect(refused.body).toContain('Қордың жүйесі қазір жауап бермей тұр');
  fund.behave('none');
  const again = await client.post(path, formAgain(refused.body));
  expect([again.status, 'the very signature that was refused']).toEqual([
    303,
    'the very signature that was refused',
  ]);
  await away.close();
  await fund.close();
});

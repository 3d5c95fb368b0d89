import { createSign, type KeyObject } from 'node:crypto';
import { makeCertificate, makeRsaKey, nameOf } from 'nca-verify/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/features/codes/code.ts';
import type { IssuedCode } from '../../src/features/codes/store.ts';
import { createPasskeyChallenge } from '../../src/features/passkeys/challenge.ts';
import { openPasskeySession } from '../../src/features/sign-in/sign-in-by-passkey.ts';
import { tokenHash } from '../../src/platform/keys.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { openTestNca, signChallenge, type TestNca } from '../support/eds.ts';
import { edsForm, signInByEds } from '../support/eds-visitor.ts';
import { readPage } from '../support/page.ts';
import { makePasskey, type Oddity, type TestPasskey } from '../support/passkey.ts';
import {
  addPasskey,
  askAt,
  passkeyForm,
  passkeyPath,
  passkeysPath,
  proveByPassword,
  signInByPasskey,
} from '../support/passkey-visitor.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { settings } from '../support/settings.ts';
import { formOf, signIn } from '../support/signed-in.ts';
import { holderOf, leadsTo, seen, stepPath as step } from '../support/step-visitor.ts';

// What a passkey opens and what it does not, with an authenticator in software that also answers as
// no honest one does. The same in a browser: test/journeys/passkeys.test.ts.

const t = textsOf('kk');
const prove = '/security/prove';
const form = '/services/requisites';
const confirm = `${form}/confirm`;
const origin = 'http://localhost:3000';

let nca: TestNca;
let service: TestService;
/** A second process beside the same database. */
let beside: TestService['server'];
let people = 9_700;

beforeAll(async () => {
  nca = openTestNca();
  service = await startService(nca.environment);
  beside = await service.anotherProcess();
});

afterAll(async () => {
  await service.close();
  nca.close();
});

const visitor = () => injectClient(service.server);

interface Owner {
  readonly person: PersonLine;
  readonly client: Client;
  readonly passkey: TestPasskey;
}

/** Somebody who has signed in by password and proved who they are. */
async function proved(different: Partial<PersonLine> = {}) {
  const person = inventPerson(people++, different);
  await service.enrol(person);
  const client = visitor();
  await signIn(client, person);
  await client.get(form);
  await proveByPassword(client);
  return { person, client };
}

/** Somebody with a passkey, and the session in which it was added. */
async function owner(oddity: Oddity = {}): Promise<Owner> {
  const { person, client } = await proved();
  const { passkey, answer } = await addPasskey(client, oddity);
  expect(leadsTo(answer)).toBe(`${passkeysPath}?done=added`);
  return { person, client, passkey };
}

async function noticesOf(person: PersonLine, kind: string): Promise<number> {
  const rows = await service.database.rows(sql`
    select from cabinet.outbox where holder_id = ${holderOf(person)} and payload ->> 'kind' = ${kind}`);
  return rows.length;
}

async function eventsOf(person: PersonLine, kind: string): Promise<readonly { detail: object }[]> {
  return service.database.rows<{ detail: object }>(sql`
    select detail from cabinet.security_event where holder_id = ${holderOf(person)} and kind = ${kind}
    order by event_id`);
}

/** Makes the password of a person long enough without a second step. */
function lengthen(person: PersonLine): Promise<number> {
  return service.database.run(
    sql`update cabinet.credential set suffices_alone = true where holder_id = ${holderOf(person)}`,
  );
}

/** Makes the passkeys of a person this much older. */
function age(person: PersonLine, hours: number): Promise<number> {
  return service.database.run(sql`
    update cabinet.passkey set created_at = created_at - make_interval(hours => ${hours})
    where holder_id = ${holderOf(person)}`);
}

/** A browser after the right password of somebody with a passkey. */
async function afterPassword(person: PersonLine): Promise<Client> {
  const client = visitor();
  await signIn(client, person);
  expect((await client.get(step)).status).toBe(200);
  return client;
}

/** Answers at the second step. */
async function takeStep(client: Client, passkey: TestPasskey, oddity: Oddity = {}): Promise<Answered> {
  const { page, options } = await askAt(client, step, `${step}/passkey/challenge`);
  return client.post(`${step}/passkey`, passkeyForm(page, passkey.answer(options, oddity)));
}

describe('adding a passkey', () => {
  test('needs a fresh proof, ends other sessions, and tells every channel', async () => {
    const person = inventPerson(people++);
    await service.enrol(person);
    const client = visitor();
    await signIn(client, person);
    await client.get(form);
    const other = visitor();
    await signIn(other, person);
    expect(leadsTo(await client.get(passkeysPath))).toBe(`${prove}?to=${encodeURIComponent(passkeysPath)}`);
    const csrf = edsForm((await client.get(prove)).body).slice(0, 1);
    const early = await client.post(`${passkeysPath}/challenge`, csrf);
    expect([early.status, JSON.parse(early.body)]).toEqual([403, { error: 'prove' }]);

    await proveByPassword(client);
    const { passkey, answer } = await addPasskey(client);
    expect(leadsTo(answer)).toBe(`${passkeysPath}?done=added`);
    expect(leadsTo(await other.get('/services'))).toMatch(/^\/sign-in/);
    expect(await noticesOf(person, 'factor-added')).toBe(2);
    expect(await eventsOf(person, 'passkey-added')).toHaveLength(1);
    const page = await client.get(passkeysPath);
    expect(seen(page)).toContain(t.passkeys.notUsed);
    // The handle is random: 32 bytes in which nothing of the person is.
    expect(Buffer.from(passkey.userHandle, 'base64url')).toHaveLength(32);
    expect(Buffer.from(passkey.userHandle, 'base64url').toString('latin1')).not.toContain(person.iin);
  });

  test('asks the browser for a passkey that says who it is, and for a finger or a PIN; without the IIN', async () => {
    const { person, client, passkey } = await owner();
    const { options } = await askAt(client, passkeysPath);
    expect(options).toMatchObject({
      rp: { id: 'localhost' },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: [{ id: passkey.id, type: 'public-key' }],
      user: { id: passkey.userHandle },
    });
    expect(JSON.stringify(options)).not.toContain(person.iin);
  });

  test.each<[string, Oddity]>([
    ['another site', { origin: 'https://cabinet.example.kz' }],
    ['another name', { rpId: 'example.kz' }],
    ['nobody was asked for a finger or a PIN', { unverified: true }],
    ['an answer of another kind', { type: 'webauthn.get' }],
    [
      'an attestation with a certificate of its maker',
      { statement: { format: 'packed', values: withCertificate } },
    ],
    ['an attestation of another format', { statement: { format: 'fido-u2f', values: () => ({}) } }],
  ])('%s: refused, and nothing is stored', async (_what, oddity) => {
    const { person, client } = await proved();
    const { answer } = await addPasskey(client, oddity);
    expect([answer.status, seen(answer).includes(t.passkeys.notAdded)]).toEqual([422, true]);
    expect(
      await service.database.rows(sql`select from cabinet.passkey where holder_id = ${holderOf(person)}`),
    ).toEqual([]);
  });

  test('a statement that the new key itself has signed is accepted', async () => {
    const { client } = await proved();
    const { answer } = await addPasskey(client, {
      statement: { format: 'packed', values: signedByItself },
    });
    expect(leadsTo(answer)).toBe(`${passkeysPath}?done=added`);
  });

  test('a challenge of another session, another purpose, a used or an old one is over', async () => {
    const { client } = await proved();
    const { client: stranger } = await proved();
    const { page, options } = await askAt(client, passkeysPath);
    const others = await askAt(stranger, passkeysPath);
    const ofSignIn = await askAt(visitor(), passkeyPath);
    for (const challenge of [others.options.challenge, ofSignIn.options.challenge]) {
      const made = makePasskey({ ...options, challenge }, origin);
      const answer = await client.post(`${passkeysPath}/add`, passkeyForm(page, made.made));
      expect(seen(answer)).toContain(t.passkey.reasons.challengeOver);
    }
    const first = makePasskey(options, origin);
    const second = makePasskey(options, origin);
    expect((await client.post(`${passkeysPath}/add`, passkeyForm(page, first.made))).status).toBe(303);
    const again = await client.post(`${passkeysPath}/add`, passkeyForm(page, second.made));
    expect(seen(again)).toContain(t.passkey.reasons.challengeOver);
  });

  test('of somebody else, and an eleventh one, are refused', async () => {
    const { client, passkey } = await owner();
    const { client: thief } = await proved();
    const { page, options } = await askAt(thief, passkeysPath);
    // The same id, with a key of the thief.
    const copy = JSON.parse(makePasskey(options, origin).made);
    expect(copy.id).not.toBe(passkey.id);
    await service.database.run(sql`
      insert into cabinet.passkey (credential_id, holder_id, public_key, counter, backed_up, name, by_eds)
      select ${Buffer.from(copy.id, 'base64url')}, holder_id, public_key, 0, false, 'x', false
      from cabinet.passkey where credential_id = ${Buffer.from(passkey.id, 'base64url')}`);
    const refused = await thief.post(`${passkeysPath}/add`, passkeyForm(page, JSON.stringify(copy)));
    expect(refused.status).toBe(422);

    for (let more = 2; more < 10; more += 1) {
      await proveAgain(client);
      expect((await addPasskey(client)).answer.status).toBe(303);
    }
    const full = await client.get(passkeysPath);
    expect(seen(full)).toContain(t.passkeys.tooMany);
    expect(readPage(full.body).querySelector('#passkey-form')).toBeNull();
  });
});

/** Makes the last proof in a session new again, without the passkey that it would need. */
async function proveAgain(client: Client): Promise<void> {
  expect(client.cookies.get('session')).toBeDefined();
  await service.database.run(sql`update cabinet.session set proved_at = now() where proved_at is not null`);
}

/** A statement with a certificate as makers of devices have them. The library would accept it. */
function withCertificate(signed: Buffer) {
  const key = makeRsaKey();
  const subject = nameOf(
    ['2.5.4.6', Buffer.from('\x13\x02KZ')],
    ['2.5.4.10', text('Maker')],
    ['2.5.4.11', text('Authenticator Attestation')],
    ['2.5.4.3', text('Device')],
  );
  const certificate = makeCertificate({
    subject,
    key,
    issuer: null,
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 86_400_000),
    keyUsage: [],
    // Basic constraints: no authority.
    extraExtensions: [Buffer.from('3009060355041304023000', 'hex')],
    digest: 'sha256',
  });
  return { alg: -257, sig: Buffer.from(key.sign(signed, 'sha256')), x5c: [Buffer.from(certificate)] };
}

/** A UTF8String. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([0x0c, value.length]), Buffer.from(value)]);
}

/** A statement that the new key itself has signed, as devices without a certificate send it. */
function signedByItself(signed: Buffer, own: KeyObject) {
  return { alg: -7, sig: createSign('sha256').update(signed).sign(own) };
}

describe('signing in', () => {
  test('with a passkey alone: it says who it is, and the history and the sessions name it', async () => {
    const { person, passkey } = await owner();
    const client = visitor();
    const answer = await signInByPasskey(client, passkey);
    expect([answer.status, leadsTo(answer)]).toEqual([303, '/services']);
    const security = await client.get('/security');
    expect(seen(security)).toContain(t.security.passkey);
    const signedIn = await eventsOf(person, 'signed-in');
    expect(signedIn.at(-1)?.detail).toMatchObject({ method: 'passkey', device: '—' });
    expect(seen(await client.get('/history'))).toContain(t.security.passkey);
    // The browser is new to the holder.
    expect(await noticesOf(person, 'new-device')).toBeGreaterThan(0);
    expect(seen(await client.get(form))).not.toContain(t.prove.restrictedTitle);
  });

  test('leads where the person wanted to go, and nowhere else', async () => {
    const { passkey } = await owner();
    for (const [to, target] of [
      ['/history', '/history'],
      ['https://example.kz', '/services'],
    ]) {
      const client = visitor();
      const query = `?to=${encodeURIComponent(to ?? '')}`;
      const { options } = await askAt(client, passkeyPath);
      const { body } = await client.get(passkeyPath + query);
      const sent = passkeyForm(body, passkey.answer(options));
      expect(leadsTo(await client.post(passkeyPath + query, sent))).toBe(target);
    }
  });

  test.each<[string, Oddity, keyof typeof t.passkey.reasons]>([
    ['another site', { origin: 'https://cabinet.example.kz' }, 'refused'],
    ['another name', { rpId: 'example.kz' }, 'refused'],
    ['nobody was asked for a finger or a PIN', { unverified: true }, 'refused'],
    ['another key', { otherKey: true }, 'refused'],
    ['an answer of another kind', { type: 'webauthn.create' }, 'refused'],
    ['no handle', { userHandle: undefined }, 'refused'],
    ['the handle of nobody', { userHandle: Buffer.alloc(32).toString('base64url') }, 'refused'],
    ['an invented challenge', { challenge: Buffer.alloc(96).toString('base64url') }, 'challengeOver'],
  ])('%s: refused', async (_what, oddity, reason) => {
    const { passkey } = await owner();
    const client = visitor();
    const answer = await signInByPasskey(client, passkey, oddity);
    expect([answer.status, seen(answer).includes(t.passkey.reasons[reason])]).toEqual([422, true]);
    expect(leadsTo(await client.get('/services'))).toMatch(/^\/sign-in/);
  });

  test.each([
    '',
    '{}',
    'null',
    '[]',
    '{"id":1}',
    JSON.stringify({ id: 'a', rawId: 'a', type: 'public-key', response: { clientDataJSON: 'e30' } }),
    JSON.stringify({
      id: 'a',
      rawId: 'a',
      type: 'public-key',
      response: { clientDataJSON: 'bnVsbA', authenticatorData: 'a', signature: 'a' },
    }),
  ])('what is no answer is refused: %s', async (answer) => {
    const client = visitor();
    const { page } = await askAt(client, passkeyPath);
    const refused = await client.post(passkeyPath, passkeyForm(page, answer));
    expect([refused.status, seen(refused).includes(t.passkey.reasons.refused)]).toEqual([422, true]);
  });

  test('the same answer opens one session, however often it is sent', async () => {
    const { passkey } = await owner();
    const client = visitor();
    const { page, options } = await askAt(client, passkeyPath);
    const sent = passkeyForm(page, passkey.answer(options));
    const copies = [1, 2, 3, 4].map(() => injectClient(service.server, undefined, client.cookies));
    const answers = await Promise.all(copies.map((copy) => copy.post(passkeyPath, sent)));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(seen(answers.find(({ status }) => status === 422) as Answered)).toContain(
      t.passkey.reasons.challengeOver,
    );
  });

  test('a challenge is good in its browser alone, for five minutes, and for signing in alone', async () => {
    const { client: session, passkey } = await owner();
    const one = visitor();
    const { options } = await askAt(one, passkeyPath);
    const thief = visitor();
    const page = await thief.get(passkeyPath);
    const stolen = await thief.post(passkeyPath, passkeyForm(page.body, passkey.answer(options)));
    expect(seen(stolen)).toContain(t.passkey.reasons.challengeOver);

    const ofProof = await askAt(session, prove, `${prove}/passkey/challenge`);
    const other = await one.get(passkeyPath);
    const misused = await one.post(passkeyPath, passkeyForm(other.body, passkey.answer(ofProof.options)));
    expect(seen(misused)).toContain(t.passkey.reasons.challengeOver);

    const asked = {
      purpose: 'sign-in',
      binding: tokenHash(one.cookies.get('visit') ?? ''),
      site: origin,
    } as const;
    const late = await one.get(passkeyPath);
    for (const [age, status] of [
      [301, 422],
      [295, 303],
    ] as const) {
      const challenge = createPasskeyChallenge(service.keys, asked, new Date(Date.now() - age * 1_000));
      const answer = await one.post(passkeyPath, passkeyForm(late.body, passkey.answer({ challenge })));
      expect([age, answer.status]).toEqual([age, status]);
    }
  });

  test('a challenge that one process gave out is answered at another', async () => {
    const { passkey } = await owner();
    const client = visitor();
    const { page, options } = await askAt(client, passkeyPath);
    const other = injectClient(beside, undefined, client.cookies);
    const answer = await other.post(passkeyPath, passkeyForm(page, passkey.answer(options)));
    expect(leadsTo(answer)).toBe('/services');
    const again = await client.post(passkeyPath, passkeyForm(page, passkey.answer(options)));
    expect(seen(again)).toContain(t.passkey.reasons.challengeOver);
  });

  test('a removed passkey opens nothing, also when it is removed while it answers', async () => {
    const { person, client, passkey } = await owner();
    await lengthen(person);
    await proveAgain(client);
    const page = await client.get(passkeysPath);
    const removed = await client.post(`${passkeysPath}/remove`, formOf(page.body, `${passkeysPath}/remove`));
    expect(leadsTo(removed)).toBe(`${passkeysPath}?done=removed`);
    const answer = await signInByPasskey(visitor(), passkey);
    expect([answer.status, seen(answer).includes(t.passkey.reasons.unknownKey)]).toEqual([422, true]);

    const row = await service.database.first<{ holderId: string }>(sql`
      select holder_id as "holderId" from cabinet.holder where iin = ${person.iin}`);
    const way = { method: 'passkey', step: null, restricted: null } as const;
    const opened = await openPasskeySession(
      { database: service.database, sessionSettings: settings.sessionSettings },
      { holderId: row?.holderId ?? '', way, person: { surname: '', name: '' }, forget: [] },
      Buffer.from(passkey.id, 'base64url'),
      { device: undefined, formerToken: undefined, userAgent: '', network: '', requestId: 'r' },
    );
    expect(opened).toBeUndefined();
  });

  test.each([
    ['blocked', t.eds.reasons.notActive],
    ['deceased', t.eds.reasons.notActive],
  ] as const)('a person who is %s does not come in', async (status, words) => {
    const { person, passkey } = await owner();
    await service.enrol({ ...person, status });
    const answer = await signInByPasskey(visitor(), passkey);
    expect([answer.status, seen(answer).includes(words)]).toEqual([422, true]);
  });

  test('a locked cabinet stays locked, and says so as after a right password', async () => {
    const { client, passkey } = await owner();
    const lock = await client.get('/security/lock');
    await client.post('/security/lock', formOf(lock.body, '/security/lock'));
    const answer = await signInByPasskey(visitor(), passkey);
    expect([answer.status, seen(answer).includes(t.signIn.locked)]).toEqual([422, true]);
  });

  test('who sends no cookie gets no challenge', async () => {
    const client = visitor();
    const { body } = await client.get(passkeyPath);
    const answer = await client.post(
      `${passkeyPath}/challenge`,
      passkeyForm(body).filter(([name]) => name === 'csrf'),
      { cookie: undefined },
    );
    expect(answer.status).toBe(403);
  });
});

describe('the count of signatures', () => {
  test('0 is normal, and so is one that rises', async () => {
    const none = await owner();
    const rising = await owner({ counter: 5 });
    for (const { passkey } of [none, none, rising, rising])
      expect((await signInByPasskey(visitor(), passkey)).status).toBe(303);
  });

  test.each([
    ['a falling one', 4],
    ['the same again', 6],
    ['none where there was one', 0],
  ])('%s is refused, with an event and a notice to every channel, once a day', async (_what, counter) => {
    const { person, passkey } = await owner({ counter: 5 });
    expect((await signInByPasskey(visitor(), passkey)).status).toBe(303);
    for (let round = 0; round < 2; round += 1) {
      const answer = await signInByPasskey(visitor(), passkey, { counter });
      expect([answer.status, seen(answer).includes(t.passkey.reasons.copied)]).toEqual([422, true]);
    }
    expect(await eventsOf(person, 'passkey-copied')).toHaveLength(2);
    expect(await noticesOf(person, 'passkey-copied')).toBe(2);
    // The holder's own goes on.
    expect((await signInByPasskey(visitor(), passkey, { counter: 7 })).status).toBe(303);
  });

  test('of two copies that answer at the same time, one is believed', async () => {
    const { passkey } = await owner({ counter: 5 });
    const answers = await Promise.all([1, 2].map(() => signInByPasskey(visitor(), passkey, { counter: 9 })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([303, 422]);
  });
});

describe('as the second step', () => {
  test('comes first, and its session may do what a password and a passkey may', async () => {
    const { person, passkey } = await owner();
    const client = await afterPassword(person);
    const page = await client.get(step);
    expect(seen(page)).toContain(t.passkey.stepLead);
    expect(page.body).not.toContain('name="code"');
    const answer = await takeStep(client, passkey);
    expect([answer.status, leadsTo(answer)]).toEqual([303, '/services']);
    expect((await eventsOf(person, 'signed-in')).at(-1)?.detail).toMatchObject({
      method: 'password',
      step: 'passkey',
    });
  });

  test('names only the passkeys of the person whose password was right', async () => {
    const { person, passkey } = await owner();
    const client = await afterPassword(person);
    const { options } = await askAt(client, step, `${step}/passkey/challenge`);
    expect(options.allowCredentials?.map(({ id }) => id)).toEqual([passkey.id]);
  });

  test('the passkey of another person, whatever handle it sends, is refused', async () => {
    const { person, passkey } = await owner();
    const stranger = await owner();
    for (const userHandle of [stranger.passkey.userHandle, passkey.userHandle, undefined]) {
      const client = await afterPassword(person);
      const answer = await takeStep(client, stranger.passkey, { userHandle });
      expect([answer.status, seen(answer).includes(t.passkey.reasons.otherPerson)]).toEqual([422, true]);
      expect(leadsTo(await client.get('/services'))).toMatch(/^\/sign-in/);
    }
  });

  test('needs the right password before it, and an answer to a challenge of this sign-in', async () => {
    const { person, passkey } = await owner();
    const nobody = visitor();
    const csrf = passkeyForm((await nobody.get(passkeyPath)).body).filter(([name]) => name === 'csrf');
    expect((await nobody.post(`${step}/passkey/challenge`, csrf)).status).toBe(403);
    expect(leadsTo(await nobody.post(`${step}/passkey`, [...csrf, ['answer', '{}']]))).toBe(
      '/sign-in?ended=step',
    );
    const one = await afterPassword(person);
    const other = await afterPassword(person);
    const { options } = await askAt(one, step, `${step}/passkey/challenge`);
    const page = await other.get(step);
    const answer = await other.post(`${step}/passkey`, passkeyForm(page.body, passkey.answer(options)));
    expect(seen(answer)).toContain(t.passkey.reasons.challengeOver);
  });

  test('without an answer by the finger or the PIN, the step is not taken', async () => {
    const { person, passkey } = await owner();
    const client = await afterPassword(person);
    const answer = await takeStep(client, passkey, { unverified: true });
    expect(seen(answer)).toContain(t.passkey.reasons.refused);
  });

  test('is left out in a browser that is trusted, if its holder wants that', async () => {
    const { person, passkey } = await owner();
    const client = await afterPassword(person);
    const { page, options } = await askAt(client, step, `${step}/passkey/challenge`);
    await client.post(`${step}/passkey`, [...passkeyForm(page, passkey.answer(options)), ['trust', '1']]);
    const device = [...client.cookies].filter(([name]) => name === 'device');
    const again = injectClient(service.server, undefined, device);
    await signIn(again, person);
    expect((await again.get('/services')).status).toBe(200);
  });

  test('is asked of whoever knows the password alone, and EDS needs none', async () => {
    const { person } = await owner();
    const thief = await afterPassword(person);
    const answer = await thief.post(step, [
      ...formOf((await thief.get('/sign-in')).body, '/sign-in').filter(([name]) => name === 'csrf'),
      ['code', '123456'],
    ]);
    expect(answer.status).toBe(422);
    expect(leadsTo(await signInByEds(visitor(), nca.key(person)))).toBe('/services');
  });
});

describe('as a fresh proof', () => {
  async function answerProof(client: Client, passkey: TestPasskey): Promise<Answered> {
    const { page, options } = await askAt(client, prove, `${prove}/passkey/challenge`);
    return client.post(
      `${prove}/passkey?to=${encodeURIComponent(passkeysPath)}`,
      passkeyForm(page, passkey.answer(options)),
    );
  }

  test('allows what needs one, with a new secret for the session', async () => {
    const { person, client, passkey } = await owner();
    await service.database.run(
      sql`update cabinet.session set proved_at = null where holder_id = ${holderOf(person)}`,
    );
    expect(leadsTo(await client.get(passkeysPath))).toMatch(/^\/security\/prove/);
    const copied = injectClient(service.server, undefined, client.cookies);
    const answer = await answerProof(client, passkey);
    expect(leadsTo(answer)).toBe(passkeysPath);
    expect((await client.get(passkeysPath)).status).toBe(200);
    expect(leadsTo(await copied.get('/services'))).toMatch(/^\/sign-in/);
  });

  test('takes no answer to a challenge of another purpose, in the same session either', async () => {
    const { person, client, passkey } = await owner();
    const ofNew = await askAt(client, passkeysPath);
    await service.database.run(
      sql`update cabinet.session set proved_at = null where holder_id = ${holderOf(person)}`,
    );
    const page = await client.get(prove);
    const answer = await client.post(
      `${prove}/passkey`,
      passkeyForm(page.body, passkey.answer({ challenge: ofNew.options.challenge })),
    );
    expect(seen(answer)).toContain(t.passkey.reasons.challengeOver);
    expect(leadsTo(await client.get(passkeysPath))).toMatch(/^\/security\/prove/);
  });

  test('of another person proves nothing', async () => {
    const { person, client } = await owner();
    const stranger = await owner();
    await service.database.run(
      sql`update cabinet.session set proved_at = null where holder_id = ${holderOf(person)}`,
    );
    const answer = await answerProof(client, stranger.passkey);
    expect([answer.status, seen(answer).includes(t.passkey.reasons.otherPerson)]).toEqual([422, true]);
    expect(leadsTo(await client.get(passkeysPath))).toMatch(/^\/security\/prove/);
  });

  test('lifts the restriction of a session that only reads', async () => {
    const { person, client, passkey } = await owner();
    await service.database.run(sql`
      update cabinet.session set restricted = 'fresh-mobile'
      where holder_id = ${holderOf(person)} and ended_at is null`);
    expect((await client.get(form)).body).not.toContain('name="address"');
    expect((await answerProof(client, passkey)).status).toBe(303);
    expect((await client.get(form)).body).toContain('name="address"');
  });
});

describe('naming and removing', () => {
  test('a name is one line of at most 40 characters, and shown as text', async () => {
    const { client } = await owner();
    const page = await client.get(passkeysPath);
    const name = '  <b>Үйдегі</b>\nтелефон \u200b';
    const renamed = await client.post(
      `${passkeysPath}/rename`,
      formOf(page.body, `${passkeysPath}/rename`, { name }),
    );
    expect(leadsTo(renamed)).toBe(`${passkeysPath}?done=renamed`);
    const shown = await client.get(passkeysPath);
    expect(shown.body).toContain('&lt;b>Үйдегі');
    expect(readPage(shown.body).querySelector('#passkey-1-heading')?.text).toBe('<b>Үйдегі</b> телефон');
    await client.post(
      `${passkeysPath}/rename`,
      formOf(shown.body, `${passkeysPath}/rename`, { name: 'Ә'.repeat(90) }),
    );
    expect(readPage((await client.get(passkeysPath)).body).querySelector('#passkey-1-heading')?.text).toBe(
      'Ә'.repeat(40),
    );
  });

  test('is done to one’s own alone', async () => {
    const { client } = await owner();
    const other = await owner();
    const page = await client.get(passkeysPath);
    for (const action of ['rename', 'remove']) {
      const path = `${passkeysPath}/${action}`;
      const own = formOf(page.body, path).filter(([name]) => name !== 'passkey');
      await client.post(path, [...own, ['passkey', other.passkey.id]]);
    }
    const left = await service.database.rows<{ name: string }>(sql`
      select name from cabinet.passkey where holder_id = ${holderOf(other.person)}`);
    expect(left).toEqual([{ name: '—' }]);
  });

  test('a removal ends other sessions and tells every channel', async () => {
    const { person, client, passkey } = await owner();
    const other = visitor();
    await signInByPasskey(other, passkey);
    await lengthen(person);
    await proveAgain(client);
    const page = await client.get(passkeysPath);
    await client.post(`${passkeysPath}/remove`, formOf(page.body, `${passkeysPath}/remove`));
    expect(leadsTo(await other.get('/services'))).toMatch(/^\/sign-in/);
    expect(await noticesOf(person, 'factor-removed')).toBe(2);
    expect(await eventsOf(person, 'passkey-removed')).toHaveLength(1);
    // The password alone is enough again.
    const plain = visitor();
    await signIn(plain, person);
    expect((await plain.get('/services')).status).toBe(200);
  });
});

describe('the last strong step', () => {
  test('stays while the password is short, and one of two goes', async () => {
    const { person, client } = await owner();
    await proveAgain(client);
    await addPasskey(client);
    const remove = async () => {
      const page = await client.get(passkeysPath);
      return client.post(`${passkeysPath}/remove`, formOf(page.body, `${passkeysPath}/remove`));
    };
    expect(leadsTo(await remove())).toBe(`${passkeysPath}?done=removed`);
    const answer = await remove();
    expect([answer.status, seen(answer).includes(t.authenticator.passwordShort)]).toEqual([422, true]);
    expect(await eventsOf(person, 'passkey-removed')).toHaveLength(1);
    const left = await service.database.rows(
      sql`select from cabinet.passkey where holder_id = ${holderOf(person)}`,
    );
    expect(left).toHaveLength(1);
    await lengthen(person);
    expect(leadsTo(await remove())).toBe(`${passkeysPath}?done=removed`);
  });
});

describe('for a change of contacts', () => {
  let mobiles = 10;
  /** A mobile that nobody has. Each gets only so many codes in a day. */
  const mobile = () => `+7 (702) 111-33-${mobiles++}`;

  async function propose(client: Client, values: Record<string, string>): Promise<void> {
    const page = await client.get(form);
    const fields = formOf(page.body, form, values).filter(([name]) => name !== 'proof');
    expect(leadsTo(await client.post(form, fields))).toBe(confirm);
  }

  async function agree(client: Client, passkey: TestPasskey, oddity: Oddity = {}): Promise<Answered> {
    const { page, options } = await askAt(client, confirm, `${confirm}/passkey/challenge`);
    return client.post(`${confirm}/passkey`, passkeyForm(page, passkey.answer(options, oddity)));
  }

  async function newCode(person: PersonLine): Promise<string> {
    const code = await service.database.first<IssuedCode>(sql`
      select code_id as "codeId", holder_id as "holderId", purpose, channel, destination, change_id as "changeId"
      from cabinet.code where holder_id = ${holderOf(person)} and purpose = 'prove-new'
      order by created_at desc limit 1`);
    if (!code) throw new Error('no code was sent');
    return codeOf(service.keys, code);
  }

  async function sendNewCode(client: Client, person: PersonLine): Promise<Answered> {
    const page = await client.get(confirm);
    return client.post(confirm, [
      ...edsForm(page.body).slice(0, 1),
      ['newMobileCode', await newCode(person)],
    ]);
  }

  async function proofOf(person: PersonLine): Promise<string | undefined> {
    const row = await service.database.first<{ proof: string }>(sql`
      select proof from cabinet.change where holder_id = ${holderOf(person)} order by change_id desc limit 1`);
    return row?.proof;
  }

  test('stands for the code to the contact on file; the new value needs its own; the receipt says so', async () => {
    const { person, client, passkey } = await owner();
    await age(person, 72);
    await propose(client, { mobilePhone: mobile() });
    const agreed = await agree(client, passkey);
    expect(leadsTo(agreed)).toBe(confirm);
    expect(await proofOf(person)).toBeUndefined();
    const done = await sendNewCode(client, person);
    expect(leadsTo(done)).toMatch(/^\/receipts\//);
    expect(await proofOf(person)).toBe('passkey');
    const receipt = await client.get(leadsTo(done));
    expect(seen(receipt)).toContain(t.proofs.passkey);
  });

  test('after the code to the new value, it completes the change', async () => {
    const { person, client, passkey } = await owner();
    await age(person, 72);
    await propose(client, { mobilePhone: mobile() });
    await sendNewCode(client, person);
    expect(leadsTo(await agree(client, passkey))).toMatch(/^\/receipts\//);
  });

  test('the receipt says codes when a code to the contact on file came after it', async () => {
    const { person, client, passkey } = await owner();
    await age(person, 72);
    await propose(client, { mobilePhone: mobile() });
    await agree(client, passkey);
    // A code, as the former release stores its proof.
    await service.database.run(sql`
      update cabinet.pending_change set current_proved_at = now() + interval '1 second'
      where holder_id = ${holderOf(person)}`);
    await sendNewCode(client, person);
    expect(await proofOf(person)).toBe('codes');
  });

  test('added without EDS, it helps only 72 hours later, and the page says from when', async () => {
    const { person, client, passkey } = await owner();
    await age(person, 71);
    await propose(client, { mobilePhone: mobile() });
    const page = await client.get(confirm);
    expect(readPage(page.body).querySelector('#passkey-form')).toBeNull();
    expect(seen(page)).toContain(t.passkey.changeLater.split('{')[0]);
    const csrf = edsForm(page.body).slice(0, 1);
    expect((await client.post(`${confirm}/passkey/challenge`, csrf)).status).toBe(409);
    // As if a second passkey, which may help, had been asked for.
    const change = await service.database.first<{ id: string; now: Date }>(sql`
      select change_id as id, now() from cabinet.pending_change where holder_id = ${holderOf(person)}`);
    const asked = {
      purpose: 'change',
      binding: tokenHash(client.cookies.get('session') ?? ''),
      site: origin,
      changeId: change?.id ?? '',
    } as const;
    const given = { challenge: createPasskeyChallenge(service.keys, asked, change?.now ?? new Date(0)) };
    const formId = readPage(page.body).querySelector('#page-form [name=formId]')?.getAttribute('value') ?? '';
    const answer = await client.post(`${confirm}/passkey`, [
      ...csrf,
      ['formId', formId],
      ['answer', passkey.answer(given)],
    ]);
    expect([answer.status, seen(answer).includes(t.passkey.reasons.tooYoung)]).toEqual([422, true]);
    await sendNewCode(client, person);
    expect(await proofOf(person)).toBeUndefined();
    await age(person, 1);
    expect(leadsTo(await agree(client, passkey))).toMatch(/^\/receipts\//);
  });

  test('added after a signature, it helps at once', async () => {
    const person = inventPerson(people++);
    await service.enrol(person);
    const client = visitor();
    await signInByEds(client, nca.key(person));
    await client.get(form);
    const page = await client.get(prove);
    const given = JSON.parse(
      (await client.post(`${prove}/eds/challenge`, edsForm(page.body).slice(0, 1))).body,
    );
    await client.post(
      `${prove}/eds`,
      edsForm(page.body, given.id, signChallenge(nca.key(person), given.data)),
    );
    const { passkey } = await addPasskey(client);
    await propose(client, { mobilePhone: mobile() });
    expect(leadsTo(await agree(client, passkey))).toBe(confirm);
  });

  test('a session that a passkey opened is no proof of the change', async () => {
    const { person, passkey } = await owner();
    await age(person, 72);
    const client = visitor();
    await signInByPasskey(client, passkey);
    await propose(client, { mobilePhone: mobile() });
    await sendNewCode(client, person);
    expect(await proofOf(person)).toBeUndefined();
  });

  test('of another person, of another change, or of another purpose, it proves nothing', async () => {
    const { person, client, passkey } = await owner();
    const stranger = await owner();
    await age(person, 72);
    await age(stranger.person, 72);
    await propose(client, { mobilePhone: mobile() });
    const other = await agree(client, stranger.passkey);
    expect(seen(other)).toContain(t.passkey.reasons.otherPerson);

    const former = await askAt(client, confirm, `${confirm}/passkey/challenge`);
    const ofProof = await askAt(client, prove, `${prove}/passkey/challenge`);
    await propose(client, { mobilePhone: mobile() });
    const page = await client.get(confirm);
    for (const { options } of [former, ofProof]) {
      const answer = await client.post(`${confirm}/passkey`, passkeyForm(page.body, passkey.answer(options)));
      expect(seen(answer)).toContain(t.passkey.reasons.challengeOver);
    }
  });

  test('does not overcome a stop, as a signature would', async () => {
    const { person, client, passkey } = await owner();
    await age(person, 72);
    await propose(client, { mobilePhone: mobile() });
    const { page, options } = await askAt(client, confirm, `${confirm}/passkey/challenge`);
    await service.database.run(sql`
      update cabinet.credential set recovered_at = now(), recovered_via = 'email'
      where holder_id = ${holderOf(person)}`);
    const answer = await client.post(`${confirm}/passkey`, passkeyForm(page, passkey.answer(options)));
    expect(answer.status).toBe(303);
    expect(await proofOf(person)).toBeUndefined();
    const csrf = passkeyForm(page).filter(([name]) => name === 'csrf');
    expect((await client.post(`${confirm}/passkey/challenge`, csrf)).status).toBe(409);
  });

  test('without a contact on file that could confirm, it is not offered', async () => {
    const nothing = { ...inventPerson(0).requisites, mobilePhone: null, email: null };
    const { person, client } = await proved({ requisites: nothing });
    await addPasskey(client);
    await age(person, 72);
    await propose(client, { mobilePhone: mobile() });
    const page = await client.get(confirm);
    expect(readPage(page.body).querySelector('#passkey-form')).toBeNull();
  });
});

describe('under a public name', () => {
  test('they are bound to its host, and answer no other page', async () => {
    const site = 'https://cabinet.example.kz';
    const server = await service.anotherProcess({ PUBLIC_URL: site });
    const person = inventPerson(people++);
    await service.enrol(person);
    const client = injectClient(server, site);
    await signIn(client, person);
    await client.get(form);
    await proveByPassword(client);
    const { page, options } = await askAt(client, passkeysPath);
    expect(options.rp?.id).toBe('cabinet.example.kz');
    const passkey = makePasskey(options, site);
    const added = await client.post(`${passkeysPath}/add`, passkeyForm(page, passkey.made));
    expect(leadsTo(added)).toBe(`${passkeysPath}?done=added`);
    for (const [from, status] of [
      ['https://cabinet.example.kz.example', 422],
      ['http://cabinet.example.kz', 422],
      ['https://mail.cabinet.example.kz', 422],
      [site, 303],
    ] as const) {
      const answer = await signInByPasskey(injectClient(server, site), passkey, { origin: from });
      expect([from, answer.status]).toEqual([from, status]);
    }
  });

  test('that is no name, nothing is offered', async () => {
    const site = 'https://10.0.0.7';
    const client = injectClient(await service.anotherProcess({ PUBLIC_URL: site }), site);
    const page = await client.get(passkeyPath);
    expect(seen(page)).toContain(t.passkey.elsewhere);
    expect(seen(page)).toContain(t.passkey.otherWays);
    expect(readPage(page.body).querySelector('#passkey-form')).toBeNull();
  });
});

describe('on an address of digits', () => {
  test('they are not offered, and the right address is shown', async () => {
    const { person } = await owner();
    const client = injectClient(service.server, 'http://127.0.0.1:3000');
    const page = await client.get(passkeyPath);
    expect(readPage(page.body).querySelector('#passkey-form')).toBeNull();
    expect(readPage(page.body).querySelector('a[href="http://localhost:3000"]')).not.toBeNull();
    await signIn(client, person);
    const atStep = await client.get(step);
    expect(seen(atStep)).toContain(t.passkey.elsewhere);
    const csrf = formOf((await client.get('/sign-in')).body, '/sign-in').filter(([name]) => name === 'csrf');
    expect((await client.post(`${passkeyPath}/challenge`, csrf)).status).toBe(409);
  });

  test('an answer that says it comes from there is refused', async () => {
    const { passkey } = await owner();
    const answer = await signInByPasskey(visitor(), passkey, { origin: 'http://127.0.0.1:3000' });
    expect(seen(answer)).toContain(t.passkey.reasons.refused);
  });
});

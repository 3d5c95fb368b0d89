import type { Identity } from 'nca-verify/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyKindOf, type Mode, type PhoneRun } from '../../packages/egov-mobile-double/src/index.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import type { Client } from '../support/client.ts';
import { openTestNca, type TestNca } from '../support/eds.ts';
import { readPage, visibleText } from '../support/page.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { codeOn, type ListeningService, playCode, scanByHand } from '../support/phone-visitor.ts';
import { startService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// Signing a change of mobile or e-mail with the phone: the same text as for NCALayer, which the
// phone shows, and the same evidence.

const form = '/services/requisites';
const confirm = '/services/requisites/confirm';
const path = `${confirm}/phone`;
const t = textsOf('kk');

let nca: TestNca;
let at: ListeningService;
let people = 9_700;

beforeAll(async () => {
  nca = openTestNca();
  const service = await startService(nca.environment);
  at = { service, origin: await service.listen() };
});

afterAll(async () => {
  await at.service.close();
  nca.close();
});

interface Holder {
  readonly person: PersonLine;
  readonly client: Client;
  readonly key: Identity;
}

async function holder(): Promise<Holder> {
  const person = inventPerson(people);
  people += 1;
  await at.service.enrol(person);
  return { person, client: await signedIn(at.service, person, at.origin), key: nca.key(person) };
}

/** Proposes a new mobile, and asks for a code to sign it. */
async function begin({ client }: Holder, mobilePhone = '+7 705 111 22 33'): Promise<string> {
  const page = await client.get(form);
  const proposed = await client.post(form, formOf(page.body, form, { mobilePhone }));
  expect(proposed.headers['location']).toBe(confirm);
  const asked = await client.post(path, formOf((await client.get(confirm)).body, path));
  expect(asked.headers['location']).toBe(path);
  return codeOn((await client.get(path)).body);
}

/** What is on file: the mobile, and how the last change was proved. */
async function onFile({ person }: Holder) {
  return at.service.database.first<{ mobile: string; proof: string | null; evidence: number }>(sql`
    select mobile_phone as mobile,
      (select proof from cabinet.change c where c.holder_id = h.holder_id and made_by = 'holder'
        order by made_at desc limit 1) as proof,
      (select count(*)::int from cabinet.eds_evidence e where e.holder_id = h.holder_id) as evidence
    from cabinet.requisites join cabinet.holder h using (holder_id) where iin = ${person.iin}`);
}

const shownOn = async ({ client }: Holder) => visibleText(readPage((await client.get(path)).body));

test('the phone shows the change, signs it, and the receipt has the evidence', async () => {
  const of = await holder();
  const run = await playCode(await begin(of), of.key);
  const [document] = run.shown?.documents ?? [];
  expect(document?.nameKz).toBe(t.eds.change.title);
  const lines = document?.shown?.split('\n') ?? [];
  expect(lines[0]).toContain('деректемелерді өзгертуге қол қою');
  expect(lines).toContain(`Ұялы телефон: "${of.person.requisites.mobilePhone}" -> "+77051112233"`);
  expect(run.calls.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(await onFile(of)).toEqual({ mobile: '+77051112233', proof: 'eds', evidence: 1 });

  const led = await of.client.get(path);
  expect(led.headers['location']).toMatch(/^\/receipts\/[0-9A-Z]{12}$/);
  const receipt = String(led.headers['location']);
  const signed = await of.client.get(`${receipt}.cms`);
  expect(signed.status).toBe(200);
  expect(signed.bytes.includes(document?.content ?? 'none')).toBe(true);
  expect(new URL(run.backUrl ?? '').pathname).toBe(path);
});

test('the same signature again gets the same answer, and makes no second change', async () => {
  const of = await holder();
  const phone = await scanByHand(await begin(of), of.key);
  const answers = await Promise.all([phone.put(), phone.put()]);
  expect([...answers, await phone.put()].map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await onFile(of))?.evidence).toBe(1);
});

describe('refused, and nothing changes', () => {
  const keyFor = (mode: Mode, { person, key }: Holder): Identity => {
    switch (keyKindOf(mode)) {
      case 'stranger':
        return nca.key({ iin: '880808301002', surname: 'БЕЙТАНЫС', name: 'АДАМ' });
      case 'firm':
        return nca.key(person, { profile: 'head' });
      case 'authentication':
        return nca.key(person, { profile: 'authentication' });
      default:
        return key;
    }
  };

  test.each<[Mode, number, string]>([
    ['auth-key', 403, t.eds.reasons.wrongKeyUsage],
    ['wrong-key', 403, t.eds.reasons.otherPerson],
    ['firm', 403, t.eds.reasons.notIndividual],
    ['tampered', 403, t.phone.badMessage],
    ['detached-for-attached', 403, t.phone.badMessage],
    ['garbage', 403, t.phone.badMessage],
  ])('%s: %d', async (mode, status, words) => {
    const of = await holder();
    const run = await playCode(await begin(of), keyFor(mode, of), mode);
    expect([run.status, run.message]).toEqual([status, words]);
    expect(await shownOn(of)).toContain(words);
    expect(await onFile(of)).toEqual({ mobile: of.person.requisites.mobilePhone, proof: null, evidence: 0 });
  });

  const over = async (of: Holder, run: Promise<Response | PhoneRun>) => {
    const answer = await run;
    expect(answer.status).toBe(403);
    expect(await onFile(of)).toMatchObject({ mobile: of.person.requisites.mobilePhone, evidence: 0 });
  };

  test('the change was cancelled meanwhile', async () => {
    const of = await holder();
    const phone = await scanByHand(await begin(of), of.key);
    const page = (await of.client.get(confirm)).body;
    await of.client.post(confirm, [
      ...formOf(page, confirm).filter(([name]) => name === 'csrf'),
      ['action', 'cancel'],
    ]);
    await over(of, phone.put());
    expect(await shownOn(of)).toContain(t.phone.changeOver);
  });

  test('the change was replaced by another one meanwhile', async () => {
    const of = await holder();
    const phone = await scanByHand(await begin(of), of.key);
    const page = await of.client.get(form);
    await of.client.post(form, formOf(page.body, form, { mobilePhone: '+7 705 999 99 99' }));
    await over(of, phone.put());
  });

  test('the session that asked has ended meanwhile', async () => {
    const of = await holder();
    const phone = await scanByHand(await begin(of), of.key);
    await of.client.post('/sign-out', formOf((await of.client.get('/services')).body, '/sign-out'));
    await over(of, phone.put());
  });
});

test('a signed change opens no session, and its page belongs to its holder', async () => {
  const of = await holder();
  const code = await begin(of);
  await playCode(code, of.key);
  const csrf = formOf((await of.client.get('/services')).body, '/sign-out').slice(0, 1);
  await of.client.post('/sign-out', csrf);
  expect((await of.client.get(path)).headers['location']).toContain('/sign-in');
  const guest = formOf((await of.client.get('/')).body, '/sign-in/phone').slice(0, 1);
  const entered = await of.client.post('/sign-in/phone/enter', [...guest, ['action', 'read']]);
  expect(entered.headers['location']).toBe('/sign-in/phone');
  expect((await of.client.get('/services')).status).toBe(303);
});

test('a session that only reads signs no change', async () => {
  const of = await holder();
  await begin(of);
  await at.service.database.run(sql`
    update cabinet.session set restricted = 'phone'
    where holder_id = (select holder_id from cabinet.holder where iin = ${of.person.iin})`);
  const csrf = formOf((await of.client.get('/services')).body, '/sign-out').slice(0, 1);
  const answer = await of.client.post(path, csrf);
  expect(String(answer.headers['location'])).toContain('/security/prove');
});

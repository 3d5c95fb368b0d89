import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Identity, signCms } from 'nca-verify/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createChallenge } from '../../src/features/eds/challenge.ts';
import { tokenHash } from '../../src/platform/keys.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { root } from '../../src/platform/root.ts';
import type { Client } from '../support/client.ts';
import { openTestNca, signChallenge, type TestNca } from '../support/eds.ts';
import { edsChangeForm } from '../support/eds-visitor.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// Signing a change of mobile or e-mail, without codes.

const form = '/services/requisites';
const path = '/services/requisites/confirm';

let nca: TestNca;
let service: TestService;
let people = 9_320;

beforeAll(async () => {
  nca = openTestNca();
  service = await startService(nca.environment);
});

afterAll(async () => {
  await service.close();
  nca.close();
});

interface Holder {
  readonly person: PersonLine;
  readonly client: Client;
  readonly key: Identity;
}

async function holder(different: Partial<PersonLine> = {}): Promise<Holder> {
  const person = inventPerson(people, different);
  people += 1;
  await service.enrol(person);
  return { person, client: await signedIn(service, person), key: nca.key(person) };
}

/** Fills in the form and sends it. With `proof`, uses the button that continues by EDS. */
async function propose({ client }: Holder, values: Readonly<Record<string, string>>, proof?: 'eds') {
  const page = await client.get(form);
  const fields = formOf(page.body, form, values).filter(([name]) => name !== 'proof');
  return client.post(form, proof ? [...fields, ['proof', proof]] : fields);
}

async function challenge({ client }: Holder) {
  const page = await client.get(path);
  expect(page.status).toBe(200);
  const csrf = edsChangeForm(page.body).filter(([name]) => name === 'csrf');
  const answer = await client.post(`${path}/challenge`, csrf);
  expect(answer.status).toBe(200);
  return { page: page.body, ...(JSON.parse(answer.body) as { id: string; data: string }) };
}

async function signWith(of: Holder, key: Identity) {
  const { page, id, data } = await challenge(of);
  return of.client.post(path, edsChangeForm(page, id, signChallenge(key, data)));
}

async function requisites({ person }: Holder) {
  const row = await service.database.first<{ mobile: string | null; email: string | null }>(sql`
    select mobile_phone as mobile, email from cabinet.requisites join cabinet.holder using (holder_id) where iin = ${person.iin}`);
  return row;
}

test("a signed change is made at once, and its text says what changed in the person's language", async () => {
  const of = await holder();
  expect((await propose(of, { mobilePhone: '+7 705 111 22 33' })).headers['location']).toBe(path);
  const { page, id, data } = await challenge(of);
  const lines = Buffer.from(data, 'base64').toString().split('\n');
  expect(lines[0]).toContain('деректемелерді өзгертуге қол қою');
  expect(lines[1]).toBe('purpose: change');
  expect(lines.slice(5, 9)).toEqual([
    'Деректемелерге өзгеріс енгізу',
    `Құжат: Жеке куәлік, ${of.person.documents[0]?.number}`,
    `Ұялы телефон: "${of.person.requisites.mobilePhone}" -> "+77051112233"`,
    'Деректемелердің нұсқасы: 1',
  ]);
  const answer = await of.client.post(path, edsChangeForm(page, id, signChallenge(of.key, data)));
  expect(answer.headers['location']).toMatch(/^\/receipts\/[0-9A-Z]{12}$/);
  expect((await requisites(of))?.mobile).toBe('+77051112233');
  // A second post of the same page finds what the first one did.
  const again = await of.client.post(path, edsChangeForm(page, id, signChallenge(of.key, data)));
  expect(again.headers['location']).toBe(answer.headers['location']);
});

test('the evidence is downloaded with the receipt and verified by the command, and fails with one byte changed', async () => {
  const of = await holder();
  await propose(of, { email: 'jana@example.kz' });
  const receipt = String((await signWith(of, of.key)).headers['location']);
  expect((await of.client.get(receipt)).body).toContain(`${receipt}.cms`);
  const message = await of.client.get(`${receipt}.cms`);
  expect(message.status).toBe(200);
  const folder = mkdtempSync(join(tmpdir(), 'kabinet-cms-'));
  const verify = (bytes: Uint8Array): string => {
    const file = join(folder, 'change.cms');
    writeFileSync(file, bytes);
    const trust = nca.environment['EDS_TRUST'] ?? '';
    const parameters = [file, '--trust', trust, '--crl', join(trust, 'gost.crl'), '--json'];
    try {
      return execFileSync(
        process.execPath,
        [join(root, 'packages/nca-verify/bin/nca-verify.js'), ...parameters],
        { encoding: 'utf8' },
      );
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };
  expect(JSON.parse(verify(message.bytes))).toMatchObject({ ok: true, signer: { iin: of.person.iin } });
  const altered = Buffer.from(message.bytes);
  altered.write('jbna', altered.indexOf('jana'));
  expect(JSON.parse(verify(altered))).toMatchObject({ ok: false, reason: 'contentMismatch' });
  rmSync(folder, { recursive: true });

  const other = await holder();
  expect((await other.client.get(`${receipt}.cms`)).status).toBe(404);
  await propose(other, { apartment: '99' });
  const history = await other.client.get('/history');
  const unsigned = /\/receipts\/[0-9A-Z]{12}/.exec(history.body)?.[0] ?? '';
  expect((await other.client.get(unsigned)).status).toBe(200);
  expect((await other.client.get(`${unsigned}.cms`)).status).toBe(404);
});

describe('refuses', () => {
  let of: Holder;
  beforeAll(async () => {
    of = await holder();
    await propose(of, { mobilePhone: '+7 705 111 22 44' });
  });

  const untouched = async () => expect((await requisites(of))?.mobile).toBe(of.person.requisites.mobilePhone);

  test("another person's key", async () => {
    const answer = await signWith(of, (await holder()).key);
    expect(answer.status).toBe(422);
    expect(answer.body).toContain('Сертификаттағы ЖСН сәйкес келмейді');
    await untouched();
  });

  test('a key that can only sign in', async () => {
    const answer = await signWith(of, nca.key(of.person, { rsa: true, profile: 'authentication' }));
    expect(answer.status).toBe(422);
    expect(answer.body).toContain('AUTH_RSA кілті тек кіруге арналған');
    await untouched();
  });

  test('a signature with one byte changed', async () => {
    const { page, id, data } = await challenge(of);
    const signed = Buffer.from(signCms(of.key, Buffer.from(data, 'base64')));
    signed.write('9', signed.indexOf('+77051112244') + 5);
    const answer = await of.client.post(path, edsChangeForm(page, id, signed.toString('base64')));
    expect(answer.status).toBe(422);
    expect(answer.body).toContain('Қолтаңба жарамсыз');
    await untouched();
  });

  test('a challenge for signing in, and one of a change that was replaced', async () => {
    const { page, data } = await challenge(of);
    const own = tokenHash(of.client.cookies.get('session') ?? '');
    const asked = { purpose: 'sign-in', binding: own, site: 'http://localhost:3000' } as const;
    const signIn = createChallenge(service.keys, asked, new Date());
    for (const bytes of [signIn.content.toString('base64'), data]) {
      const crossed = await of.client.post(
        path,
        edsChangeForm(page, signIn.id, signChallenge(of.key, bytes)),
      );
      expect([crossed.status, crossed.body.includes('қолданылып қойған')]).toEqual([422, true]);
    }

    const former = await challenge(of);
    await propose(of, { mobilePhone: '+7 705 111 22 55' });
    const newer = await challenge(of);
    const answer = await of.client.post(
      path,
      edsChangeForm(newer.page, former.id, signChallenge(of.key, former.data)),
    );
    expect([answer.status, answer.body.includes('қолданылып қойған')]).toEqual([422, true]);
    await untouched();
  });

  test('a challenge of another session of the same person', async () => {
    const { id, data } = await challenge(of);
    const elsewhere = { ...of, client: await signedIn(service, of.person) };
    const { page } = await challenge(elsewhere);
    const answer = await elsewhere.client.post(path, edsChangeForm(page, id, signChallenge(of.key, data)));
    expect([answer.status, answer.body.includes('қолданылып қойған')]).toEqual([422, true]);
    await untouched();
  });

  test('half of a signature', async () => {
    const { page, id } = await challenge(of);
    const fields = edsChangeForm(page, id, '').filter(([name]) => name !== 'signature');
    expect((await of.client.post(path, fields)).status).toBe(400);
  });

  test('a challenge when no change waits', async () => {
    const idle = await holder();
    const page = await idle.client.get('/services');
    const csrf = formOf(page.body, '/sign-out').filter(([name]) => name === 'csrf');
    expect((await idle.client.post(`${path}/challenge`, csrf)).status).toBe(409);
  });
});

describe('changes that codes cannot make and EDS can', () => {
  test('both channels at once: the form says so, one button continues, and no code completes it', async () => {
    const of = await holder();
    const both = { mobilePhone: '+7 705 111 33 44', email: 'ekeui@example.kz' };
    const refused = await propose(of, both);
    expect(refused.status).toBe(422);
    expect(refused.body).toContain('value="eds"');
    expect((await propose(of, both, 'eds')).headers['location']).toBe(path);
    const page = await of.client.get(path);
    expect(page.body).not.toContain('name="newMobileCode"');
    const sent = await service.database.first<{ n: number }>(sql`
      select count(*) as n from cabinet.code join cabinet.holder using (holder_id) where iin = ${of.person.iin}`);
    expect(sent?.n).toBe(0);
    expect((await signWith(of, of.key)).headers['location']).toMatch(/^\/receipts\//);
    expect(await requisites(of)).toEqual({ mobile: '+77051113344', email: 'ekeui@example.kz' });
    const waits = await service.database.rows<{ channel: string; hours: number }>(sql`
      select channel, round(extract(epoch from usable_from - now()) / 3600)::int as hours
      from cabinet.recovery_contact join cabinet.holder using (holder_id)
      where iin = ${of.person.iin} and usable_until is null order by channel`);
    expect(waits).toEqual([
      { channel: 'email', hours: 24 },
      { channel: 'mobile', hours: 24 },
    ]);
  });

  test('a person without a channel', async () => {
    const of = await holder({
      requisites: { ...inventPerson(people).requisites, mobilePhone: null, email: null },
    });
    await propose(of, { mobilePhone: '+7 705 111 44 55' });
    expect((await signWith(of, of.key)).headers['location']).toMatch(/^\/receipts\//);
    expect((await requisites(of))?.mobile).toBe('+77051114455');
  });

  test('a freeze by "this wasn\'t me" ends with the signature', async () => {
    const of = await holder();
    await of.client.get(form);
    await service.database.run(sql`
      insert into cabinet.freeze (holder_id) select holder_id from cabinet.holder where iin = ${of.person.iin}`);
    expect((await propose(of, { mobilePhone: '+7 705 111 55 66' })).status).toBe(422);
    await propose(of, { mobilePhone: '+7 705 111 55 66' }, 'eds');
    expect((await signWith(of, of.key)).headers['location']).toMatch(/^\/receipts\//);
    const frozen = await service.database.rows(sql`
      select from cabinet.freeze join cabinet.holder using (holder_id) where iin = ${of.person.iin}`);
    expect(frozen).toEqual([]);
    expect((await of.client.get('/history')).body).toContain('ЭЦҚ арқылы расталып, шектеу алынды');
  });

  test('a channel that was signed for may confirm other changes after a day', async () => {
    const of = await holder();
    await propose(of, { email: 'bir@example.kz' });
    await signWith(of, of.key);
    const choices = async () => {
      await propose(of, { mobilePhone: '+7 705 111 66 77' });
      return (await of.client.get(path)).body.includes('value="email"');
    };
    expect(await choices()).toBe(false);
    await service.database.run(sql`
      update cabinet.requisites set email_since = email_since - interval '25 hours'
      where holder_id = (select holder_id from cabinet.holder where iin = ${of.person.iin})`);
    expect(await choices()).toBe(true);
  });

  test('a button with another value is answered with 400', async () => {
    const of = await holder();
    const page = await of.client.get(form);
    const fields = formOf(page.body, form, { apartment: '5' });
    expect((await of.client.post(form, [...fields, ['proof', 'codes']])).status).toBe(400);
  });
});

describe('signing a change of the address', () => {
  test('is offered only to a person who signed in by EDS', async () => {
    const of = await holder();
    expect((await of.client.get(form)).body).not.toContain('name="proof"');
    await service.database.run(sql`
      update cabinet.session set method = 'eds'
      where holder_id = (select holder_id from cabinet.holder where iin = ${of.person.iin})`);
    expect((await of.client.get(form)).body).toContain('name="proof"');
  });

  test('waits for its signature, notifies nobody, ends no session, and is stored with its evidence', async () => {
    const of = await holder();
    const elsewhere = await signedIn(service, of.person);
    expect((await propose(of, { apartment: '77' }, 'eds')).headers['location']).toBe(path);
    const row = () =>
      service.database.first<{ apartment: string; notices: number }>(sql`
        select apartment, (select count(*)::int from cabinet.outbox o
          where o.holder_id = h.holder_id and lane = 'notice' and payload ->> 'kind' like 'contact%') as notices
        from cabinet.requisites join cabinet.holder h using (holder_id) where iin = ${of.person.iin}`);
    expect(await row()).toEqual({ apartment: '12', notices: 0 });
    const receipt = String((await signWith(of, of.key)).headers['location']);
    expect(await row()).toEqual({ apartment: '77', notices: 0 });
    expect((await of.client.get(`${receipt}.cms`)).status).toBe(200);
    expect((await elsewhere.get('/services')).status).toBe(200);
  });
});

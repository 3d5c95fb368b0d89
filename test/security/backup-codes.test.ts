import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resetSecondStep } from '../../src/features/second-step/reset.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import type { Iin } from '../../src/values/iin.ts';
import { injectClient } from '../support/client.ts';
import type { PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf } from '../support/signed-in.ts';
import {
  afterPassword,
  appCode,
  appPath,
  arrive,
  codesOn,
  codesPath,
  createCodes,
  csrfOf,
  eventsOf,
  forgetTries,
  giveApp,
  holderOf,
  leadsTo,
  noticesOf,
  seen,
  sendPassword,
  sendProof,
  sendStep,
  stepPath,
} from '../support/step-visitor.ts';

// Codes on paper: they are shown once, each works once, and they stand only beside a strong step.

const t = textsOf('kk');

let service: TestService;
let people = 9_600;

beforeAll(async () => {
  service = await startService();
});

afterAll(() => service.close());

async function withCodes(different?: Partial<PersonLine>) {
  const { person, owner } = await arrive(service, people++, different);
  const secret = await giveApp(service, person);
  await sendProof(owner, { code: appCode(secret) });
  return { person, owner, secret, codes: await createCodes(owner) };
}

const codeOf = (codes: readonly string[], n: number) => codes[n] ?? '';

/** The code with another last character. */
function wrong(code: string): string {
  return code.slice(0, -1) + (code.endsWith('7') ? '8' : '7');
}

async function storedCodes(person: PersonLine) {
  return service.database.rows<{ label: string; hash: string; used: boolean }>(sql`
    select label, code_hash as hash, used_at is not null as used from cabinet.backup_code
    where holder_id = ${holderOf(person)}`);
}

describe('a set', () => {
  test('has ten codes, shown in the answer alone that made them, and stored hashed', async () => {
    const { person, owner, codes } = await withCodes();
    expect(codes).toHaveLength(10);
    expect(new Set(codes.map((code) => code.slice(0, 2))).size).toBe(10);
    const rows = await storedCodes(person);
    for (const { label, hash } of rows) {
      expect(hash).toMatch(/^\$argon2id\$/);
      const code = codes.find((one) => one.startsWith(label)) ?? '';
      expect(hash).not.toContain(code.replace('-', '').slice(2));
    }
    const later = await owner.get(codesPath);
    expect(codesOn(later)).toEqual([]);
    expect(seen(later)).toContain('10');
    expect(seen(await owner.get('/security'))).toContain(t.security.backupCodesLeft.replace('{count}', '10'));
    expect(await eventsOf(service, person)).toContain('backup-codes-created');
    expect(service.logLines.filter((line) => codes.some((code) => line.includes(code)))).toEqual([]);
  });

  test('is shown in an answer that no browser keeps', async () => {
    const { owner } = await withCodes();
    const page = await owner.get(codesPath);
    const answer = await owner.post(codesPath, formOf(page.body, codesPath));
    expect(String(answer.headers['cache-control'])).toContain('no-store');
  });

  test('ends with the next one, and a form that is sent twice does not end the one on paper', async () => {
    const { person, owner, codes } = await withCodes();
    const page = await owner.get(codesPath);
    const form = formOf(page.body, codesPath);
    const answers = await Promise.all([owner.post(codesPath, form), owner.post(codesPath, form)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const [fresh = []] = answers.map(codesOn).filter((one) => one.length > 0);
    const client = await afterPassword(service, person);
    expect((await sendStep(client, codeOf(codes, 0))).status).toBe(422);
    expect((await sendStep(client, codeOf(fresh, 0))).status).toBe(303);
  });

  test('is not made without an app or a passkey', async () => {
    const { person, owner } = await arrive(service, people++);
    await sendProof(owner, { password: person.password ?? '' });
    expect(seen(await owner.get(codesPath))).toContain(t.backupCodes.notOffered);
    const answer = await owner.post(codesPath, [...(await csrfOf(owner)), ['since', '']]);
    expect(answer.status).toBe(422);
    expect(await storedCodes(person)).toEqual([]);
  });

  test('ends when the last strong step is removed, and not before', async () => {
    const { person, owner } = await withCodes();
    await service.database.run(
      sql`update cabinet.credential set suffices_alone = true where holder_id = ${holderOf(person)}`,
    );
    await service.database.run(sql`
      insert into cabinet.passkey (credential_id, holder_id, public_key, counter, backed_up, name, by_eds)
      values (${Buffer.from(person.iin)}, ${holderOf(person)}, '', 0, true, 'key', false)`);
    const remove = async () => {
      const page = await owner.get(appPath);
      return owner.post(`${appPath}/remove`, formOf(page.body, `${appPath}/remove`));
    };
    expect(leadsTo(await remove())).toBe('/security?done=factors');
    expect(await storedCodes(person)).toHaveLength(10);
    await service.database.run(sql`delete from cabinet.passkey where holder_id = ${holderOf(person)}`);
    await giveApp(service, person);
    await remove();
    expect(await storedCodes(person)).toEqual([]);
  });
});

describe('a code', () => {
  test('opens the session once, in whichever way it is typed; it is recorded and every channel is told', async () => {
    const { person, owner, codes } = await withCodes();
    const client = await afterPassword(service, person);
    const page = await client.get(stepPath);
    expect(seen(page)).toContain(t.step.backupHint);
    const code = codeOf(codes, 3);
    const typed = ` ${code.toLowerCase().replace('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `;
    expect(leadsTo(await sendStep(client, typed))).toBe('/services');
    expect(await eventsOf(service, person)).toContain('backup-code-used');
    expect(await noticesOf(service, person, 'backup-code-used')).toBe(2);
    expect(seen(await owner.get('/security'))).toContain(t.security.backupCodesLeft.replace('{count}', '9'));

    const again = await afterPassword(service, person);
    expect((await sendStep(again, code)).status).toBe(422);
    expect((await sendStep(again, codeOf(codes, 4))).status).toBe(303);
  });

  test('opens one session when many send it at once, in two processes', async () => {
    const { person, codes } = await withCodes();
    const servers = [service, { server: await service.anotherProcess() }];
    const clients = await Promise.all(
      [0, 1, 2, 3].map((n) => afterPassword(servers[n % 2] ?? service, person)),
    );
    const answers = await Promise.all(clients.map((client) => sendStep(client, codeOf(codes, 0))));
    expect(answers.filter((answer) => leadsTo(answer) === '/services')).toHaveLength(1);
    expect(await noticesOf(service, person, 'backup-code-used')).toBe(2);
  });

  test('proves a holder in a session', async () => {
    const { person, owner, codes } = await withCodes();
    await service.database.run(
      sql`update cabinet.session set proved_at = null where holder_id = ${holderOf(person)}`,
    );
    expect(leadsTo(await owner.get(appPath))).toMatch(/^\/security\/prove/);
    expect(leadsTo(await sendProof(owner, { code: codeOf(codes, 0) }))).toBe(appPath);
    expect((await sendProof(owner, { code: codeOf(codes, 0) })).status).toBe(422);
  });

  test('stands beside a passkey alone, and the page asks for it', async () => {
    const { person, codes } = await withCodes();
    await service.database.run(sql`
      insert into cabinet.passkey (credential_id, holder_id, public_key, counter, backed_up, name, by_eds)
      values (${Buffer.from(person.iin)}, ${holderOf(person)}, '', 0, true, 'key', false)`);
    await service.database.run(sql`delete from cabinet.authenticator where holder_id = ${holderOf(person)}`);
    const client = await afterPassword(service, person);
    expect(seen(await client.get(stepPath))).toContain(t.step.backupOnly);
    expect((await sendStep(client, '123456')).status).toBe(422);
    expect(leadsTo(await sendStep(client, codeOf(codes, 0)))).toBe('/services');
  });

  test('of somebody else does not fit', async () => {
    const { person } = await withCodes();
    const { codes } = await withCodes();
    const client = await afterPassword(service, person);
    expect((await sendStep(client, codeOf(codes, 0))).status).toBe(422);
  });

  test('guesses in parallel: five are compared, whatever their labels, and then the right one must wait', async () => {
    const { person, codes } = await withCodes();
    const stranger = await afterPassword(service, person);
    const page = await stranger.get(stepPath);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        stranger.post(
          stepPath,
          formOf(page.body, stepPath, { code: n % 2 === 0 ? wrong(codeOf(codes, 0)) : 'ZZZZZ-ZZZZZ' }),
        ),
      ),
    );
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(5);
    expect((await sendStep(stranger, codeOf(codes, 0))).status).toBe(429);
    await forgetTries(service);
    expect((await sendStep(stranger, codeOf(codes, 0))).status).toBe(303);
  });

  test('a text that is no code of any kind uses no try', async () => {
    const { person } = await withCodes();
    const client = await afterPassword(service, person);
    for (let n = 0; n < 7; n += 1) {
      const answer = await sendStep(client, 'қолхат');
      expect([answer.status, seen(answer)]).toEqual([422, expect.stringContaining(t.reasons.codeOfNoForm)]);
    }
  });
});

describe('a person who has lost everything', () => {
  test('gets it removed by an operator, with the reason, and is told', async () => {
    const { person, owner } = await withCodes();
    await service.database.run(sql`
      insert into cabinet.second_step (holder_id, sms_allowed_at) values (${holderOf(person)}, now())`);
    const waiting = await afterPassword(service, person);
    const { database } = service;
    expect(await resetSecondStep(database, person.iin as Iin, 'ticket 4711')).toBe(true);
    expect(await resetSecondStep(database, person.iin as Iin, 'ticket 4711')).toBe(false);

    expect(leadsTo(await owner.get('/services'))).toMatch(/^\/sign-in/);
    expect(leadsTo(await waiting.get(stepPath))).toMatch(/ended=step/);
    expect(await storedCodes(person)).toEqual([]);
    expect(await noticesOf(service, person, 'factor-removed')).toBe(2);
    const back = injectClient(service.server);
    expect(leadsTo(await sendPassword(back, person))).toBe('/services');
    const history = seen(await back.get('/history'));
    expect(history).toContain(t.events['second-step-reset']);
    expect(history).toContain('ticket 4711');
  });

  test('nobody gets anything removed without a second step, or with an unknown IIN', async () => {
    const { person } = await arrive(service, people++);
    expect(await resetSecondStep(service.database, person.iin as Iin, 'r')).toBe(false);
    expect(await resetSecondStep(service.database, '000000000000' as Iin, 'r')).toBe(false);
    expect(await eventsOf(service, person)).not.toContain('second-step-reset');
  });
});

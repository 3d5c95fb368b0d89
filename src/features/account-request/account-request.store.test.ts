import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accountRequestDeps, processAll } from '../../../test/support/account-request-deps.ts';
import { inventIin, inventPerson, type PersonLine } from '../../../test/support/people.ts';
import { startService, type TestService } from '../../../test/support/service.ts';
import { tokenHash } from '../../platform/keys.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Iin } from '../../values/iin.ts';
import { codeOf, maxTries } from '../codes/code.ts';
import { consumeCode } from '../codes/consume.ts';
import { type IssuedCode, renewCode } from '../codes/store.ts';
import type { CodePurpose } from '../notices/payload.ts';
import type { AccountRequestDeps, AccountRequestKind } from './account-request.ts';
import { choosePassword } from './choose-password.ts';
import { beginAccountRequest, findAccountRequest, resendCode } from './request.ts';
import { findOrCreateHolder } from './store.ts';
import { tryCode } from './try-code.ts';
import { processDueRequests } from './worker.ts';

/** Only the fund and the tables of this service are used. The test calls the worker itself. */
let service: TestService;
let deps: AccountRequestDeps;
let people = 5_000;

beforeAll(async () => {
  service = await startService({}, { work: false });
  deps = await accountRequestDeps(service.database);
});

afterAll(() => service.close());

async function enrol(different: Partial<PersonLine> = {}): Promise<PersonLine> {
  const person = inventPerson(people, different);
  people += 1;
  await service.enrol(person);
  return person;
}

async function begin(
  of: AccountRequestDeps,
  kind: AccountRequestKind,
  { iin, requisites }: Pick<PersonLine, 'iin' | 'requisites'>,
  network = '198.18.0.0/24',
): Promise<string> {
  const begun = await beginAccountRequest(of, {
    kind,
    typed: { iin: iin as Iin, contact: { channel: 'mobile', value: requisites.mobilePhone ?? '' } },
    language: 'kk',
    network,
    before: undefined,
  });
  if (!begun.ok) throw new Error(begun.reason);
  return begun.value;
}

function work(of: AccountRequestDeps = deps): Promise<number> {
  return processAll(of);
}

/** The code row of a request, and its code. */
async function codeFor(token: string): Promise<IssuedCode & { readonly code: string }> {
  const issued = await service.database.first<IssuedCode>(sql`
    select c.code_id as "codeId", c.holder_id as "holderId", purpose, channel, destination, change_id as "changeId"
    from cabinet.code c join cabinet.entry e using (code_id) where e.entry_hash = ${tokenHash(token)}`);
  if (!issued) throw new Error('this request has no code');
  return { ...issued, code: codeOf(deps.keys, issued) };
}

function count(what: ReturnType<typeof sql>): Promise<number> {
  return service.database
    .first<{ n: number }>(sql`select count(*)::int as n from ${what}`)
    .then((row) => row?.n ?? 0);
}

const visitor = (token: string) => ({ token, network: '198.18.0.0/24', requestId: 'TEST' });
const chosen = { password: 'тау бөктеріндегі көк үй', again: 'тау бөктеріндегі көк үй' };

describe('tries', () => {
  test('exactly one of fifty simultaneous right codes succeeds', async () => {
    const token = await begin(deps, 'register', await enrol({ password: undefined }));
    await work();
    const { code } = await codeFor(token);
    const tried = await Promise.all(Array.from({ length: 50 }, () => tryCode(deps, 'register', token, code)));
    expect(tried.filter(({ ok }) => ok)).toHaveLength(1);
  });

  test('five of two hundred simultaneous wrong codes are compared, then the right one is refused', async () => {
    const other = await accountRequestDeps(service.database);
    const token = await begin(deps, 'recover', await enrol());
    await work();
    const { code, codeId } = await codeFor(token);
    const compared = () => count(sql`cabinet.code_outcome, generate_series(1, compared)`);
    const before = await compared();
    const tried = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        tryCode(n % 2 === 0 ? deps : other, 'recover', token, `WR${String(n).padStart(6, '0')}`),
      ),
    );
    const reasons = tried.map((one) => (one.ok ? 'right' : one.reason));
    expect(reasons.filter((reason) => reason === 'codeWrong')).toHaveLength(maxTries);
    expect(reasons.filter((reason) => reason === 'codeTries')).toHaveLength(200 - maxTries);
    expect((await compared()) - before).toBe(maxTries);
    expect(await tryCode(deps, 'recover', token, code)).toMatchObject({ ok: false, reason: 'codeTries' });
    expect(
      await count(sql`cabinet.code where code_id = ${codeId} and attempts = ${maxTries} and used_at is null`),
    ).toBe(1);
  });

  test('no code is right before the request is processed, and none is compared after its time', async () => {
    const token = await begin(deps, 'recover', await enrol());
    expect(await tryCode(deps, 'recover', token, 'AAAAAAAA')).toMatchObject({ reason: 'codeWrong' });
    await work();
    const { code } = await codeFor(token);
    await service.database.run(sql`
      update cabinet.entry set code_until = now() - interval '1 second' where entry_hash = ${tokenHash(token)}`);
    expect(await tryCode(deps, 'recover', token, code)).toMatchObject({ reason: 'codeExpired' });
  });

  test('a code is right only in its own request', async () => {
    const person = await enrol();
    const [one, other] = [await begin(deps, 'recover', person), await begin(deps, 'recover', person)];
    await work();
    const [codeOfOne, codeOfOther] = [await codeFor(one), await codeFor(other)];
    expect(codeOfOne.code).not.toBe(codeOfOther.code);
    expect((await tryCode(deps, 'recover', other, codeOfOne.code)).ok).toBe(false);
    expect((await tryCode(deps, 'register', one, codeOfOne.code)).ok).toBe(false);
    expect((await tryCode(deps, 'recover', one, codeOfOne.code)).ok).toBe(true);
  });

  test('a code is wrong for another purpose, person, value or change', async () => {
    const holderIds = await Promise.all(
      [await enrol(), await enrol()].map(({ iin }) => findOrCreateHolder(service.database, iin, 'kk')),
    );
    const [holderId = '', otherHolder = ''] = holderIds;
    const purposes: readonly CodePurpose[] = ['register', 'recover', 'prove-new', 'confirm-current'];
    const changeId = '11111111-1111-4111-8111-111111111111';
    const base = { holderId, channel: 'mobile', destination: '+77015550000', changeId } as const;
    const codes = [
      ...purposes.map((purpose) => ({ ...base, purpose })),
      { ...base, purpose: 'recover', destination: '+77015550001' } as const,
      { ...base, purpose: 'recover', changeId: '22222222-2222-4222-8222-222222222222' } as const,
      { ...base, purpose: 'recover', holderId: otherHolder } as const,
    ];
    const { database } = deps;
    for (const wanted of codes) {
      for (const given of codes) {
        if (wanted === given) continue;
        const target = await renewCode(database, wanted, 10, maxTries);
        const typed = codeOf(deps.keys, await renewCode(database, given, 10, maxTries));
        // Two different codes of six digits can be equal by chance, once in a million.
        if (typed === codeOf(deps.keys, target)) continue;
        const checked = await consumeCode({ keys: deps.keys, database }, target, [typed]);
        expect(checked.ok).toBe(false);
      }
    }
    const target = await renewCode(database, { ...base, purpose: 'recover' }, 10, maxTries + 100);
    const right = codeOf(deps.keys, target);
    expect(
      (await consumeCode({ keys: deps.keys, database }, { ...target, holderId: otherHolder }, [right])).ok,
    ).toBe(false);
  });
});

describe('the choice of a password', () => {
  test('needs the right code, happens once, and ends other unfinished requests', async () => {
    const person = await enrol();
    const [token, other] = [await begin(deps, 'recover', person), await begin(deps, 'recover', person)];
    await work();
    expect(await choosePassword(deps, 'recover', visitor(token), chosen)).toMatchObject({ reason: 'gone' });
    const { code } = await codeFor(token);
    const otherCode = await codeFor(other);
    await tryCode(deps, 'recover', token, code);
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => choosePassword(deps, 'recover', visitor(token), chosen)),
    );
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await findAccountRequest(deps, 'recover', other)).toBeUndefined();
    expect(await tryCode(deps, 'recover', other, otherCode.code)).toMatchObject({ reason: 'gone' });
    expect(
      await count(
        sql`cabinet.security_event where kind = 'password-recovered' and holder_id = ${otherCode.holderId}`,
      ),
    ).toBe(1);
  });

  test('is refused when the person has answered "this wasn\'t me" in the meantime', async () => {
    const token = await begin(deps, 'recover', await enrol());
    await work();
    const { code, holderId } = await codeFor(token);
    await tryCode(deps, 'recover', token, code);
    await service.database.run(sql`insert into cabinet.freeze (holder_id) values (${holderId})`);
    expect(await choosePassword(deps, 'recover', visitor(token), chosen)).toMatchObject({ reason: 'gone' });
  });

  test('must be made within 15 minutes', async () => {
    const token = await begin(deps, 'recover', await enrol());
    await work();
    await tryCode(deps, 'recover', token, (await codeFor(token)).code);
    await service.database.run(sql`
      update cabinet.entry set expires_at = expires_at - interval '15 minutes' where entry_hash = ${tokenHash(token)}`);
    expect(await choosePassword(deps, 'recover', visitor(token), chosen)).toMatchObject({ reason: 'gone' });
  });
});

describe('which contacts restore a password', () => {
  const processOne = async (token: string) => {
    await work();
    return count(sql`cabinet.entry where entry_hash = ${tokenHash(token)} and code_id is not null`);
  };

  test('a contact changed at a branch waits 72 hours, and the former one works until then', async () => {
    const person = await enrol();
    await begin(deps, 'recover', person);
    await work();
    const moved = { ...person, requisites: { ...person.requisites, mobilePhone: '+77017770001' } };
    await service.enrol(moved);
    expect(await processOne(await begin(deps, 'recover', moved))).toBe(0);
    expect(await processOne(await begin(deps, 'recover', person))).toBe(1);
    await service.database.run(sql`
      update cabinet.recovery_contact set usable_from = usable_from - interval '72 hours',
        usable_until = usable_until - interval '72 hours'
      where holder_id = (select holder_id from cabinet.holder where iin = ${person.iin})`);
    expect(await processOne(await begin(deps, 'recover', moved))).toBe(1);
    expect(await processOne(await begin(deps, 'recover', person))).toBe(0);
  });

  test('an old value on file that is not a Kazakh mobile number gets no code', async () => {
    const { requisites } = inventPerson(people);
    const person = await enrol({ requisites: { ...requisites, mobilePhone: '+79161234567' } });
    expect(await processOne(await begin(deps, 'recover', person))).toBe(0);
  });
});

describe('limits', () => {
  test('fifty requests from fifty networks send three codes to one number', async () => {
    const person = await enrol({ password: undefined });
    for (let n = 0; n < 50; n += 1) await begin(deps, 'register', person, `198.19.${n}.0/24`);
    await work();
    expect(
      await count(
        sql`cabinet.outbox where lane = 'code' and payload ->> 'to' = ${person.requisites.mobilePhone}`,
      ),
    ).toBe(3);
  });

  test('a resend counts against both the sending and the asking quota', async () => {
    const strict = await accountRequestDeps(service.database, { CODES_PER_NETWORK_HOUR: '3' });
    const person = await enrol();
    const network = '198.20.0.0/24';
    const token = await begin(strict, 'recover', person, network);
    await work(strict);
    const again = () => resendCode(strict, 'recover', { token, language: 'kk', network });
    expect(await again()).toMatchObject({ ok: true });
    expect(await again()).toMatchObject({ ok: true });
    expect(await again()).toMatchObject({ ok: false, reason: 'limited' });
  });

  test('a person whose codes are used up takes nothing more from the quota of all', async () => {
    const strict = await accountRequestDeps(service.database, { CODES_PER_HOUR: '1000000' });
    const person = await enrol();
    const all = deps.keys.sign('allowance', 'all ');
    const used = async () =>
      (
        await service.database.first<{ used: number }>(
          sql`select used from cabinet.allowance where key = ${all}`,
        )
      )?.used ?? 0;
    // Processes what earlier tests have left.
    await work();
    const before = await used();
    for (let n = 0; n < 20; n += 1) {
      await begin(strict, 'recover', person, `198.21.${n}.0/24`);
      await work(strict);
    }
    expect((await used()) - before).toBe(3);
  });

  test('no limit is passed by 10,000 requests from 500 networks', async () => {
    await service.database.run(sql`truncate cabinet.allowance`);
    await service.database.run(sql`delete from cabinet.outbox`);
    const mostInAll = 150;
    const strict = await accountRequestDeps(service.database, {
      CODES_PER_HOUR: String(mostInAll),
      CODES_PER_NETWORK_HOUR: '15',
    });
    const known: Pick<PersonLine, 'iin' | 'requisites'>[] = [];
    for (let n = 0; n < 80; n += 1) known.push(await enrol({ password: n % 2 === 0 ? undefined : 'x' }));
    let begun = 0;
    let limited = 0;
    for (let start = 0; start < 10_000; start += 100) {
      await Promise.all(
        Array.from({ length: 100 }, async (_, n) => {
          const number = start + n;
          // One request in ten is for a known person. Each network asks twenty times.
          const person = known[(number / 10) % known.length] ?? {
            iin: inventIin(number % 9_000),
            requisites: inventPerson(number % 9_000).requisites,
          };
          const outcome = await beginAccountRequest(strict, {
            kind: number % 3 === 0 ? 'register' : 'recover',
            typed: {
              iin: person.iin as Iin,
              contact: { channel: 'mobile', value: person.requisites.mobilePhone ?? '' },
            },
            language: 'kk',
            network: `10.${number % 500}.0.0/24`,
            before: undefined,
          });
          if (outcome.ok) begun += 1;
          else limited += 1;
        }),
      );
      await work(strict);
    }
    expect(begun).toBe(500 * 15);
    expect(limited).toBe(500 * 5);
    const sent = await service.database.rows<{ to: string; n: number }>(sql`
      select payload ->> 'to' as to, count(*)::int as n from cabinet.outbox where lane <> 'fund' group by 1`);
    expect(Math.max(...sent.map(({ n }) => n))).toBeLessThanOrEqual(3);
    const all = sent.reduce((sum, { n }) => sum + n, 0);
    expect(all).toBeLessThanOrEqual(mostInAll);
    expect(all).toBeGreaterThan(mostInAll * 0.9);
  }, 180_000);
});

describe('guessing codes across the whole population', () => {
  test('makes codes cost work, raises one alert, and ends without an operator', async () => {
    const person = await enrol();
    const guess = sql`
      insert into cabinet.code_outcome (minute, compared, failed) values (date_trunc('minute', now()), 15000, 15000)
      on conflict (minute) do update set compared = 15000, failed = 15000`;
    await service.database.run(guess);
    await deps.attackSwitch.look();
    expect(deps.attackSwitch.open).toBe(true);
    await deps.attackSwitch.look();
    expect(await count(sql`cabinet.alert where kind = 'code-guessing' and ended_at is null`)).toBe(1);
    const begun = beginAccountRequest(deps, {
      kind: 'recover',
      typed: {
        iin: person.iin as Iin,
        contact: { channel: 'mobile', value: person.requisites.mobilePhone ?? '' },
      },
      language: 'kk',
      network: '198.18.0.0/24',
      before: undefined,
    });
    // All failures fall in this minute, and a minute counts for ten minutes.
    expect(await begun).toEqual({ ok: false, reason: 'stopped', detail: expect.stringMatching(/^(9|10)$/) });

    await service.database.run(sql`update cabinet.code_outcome set minute = minute - interval '11 minutes'`);
    await deps.attackSwitch.look();
    expect(deps.attackSwitch.open).toBe(false);
    expect(await count(sql`cabinet.alert where kind = 'code-guessing' and ended_at is null`)).toBe(0);
  });
});

test('a request is put back while the fund does not answer, and processed once it does', async () => {
  const person = await enrol();
  const errors: Error[] = [];
  const silent = {
    ...deps,
    fund: { ...deps.fund, read: () => Promise.reject(new Error('no answer')) },
  };
  const token = await begin(deps, 'recover', person);
  await service.database.run(
    sql`update cabinet.entry set leased_until = null where entry_hash = ${tokenHash(token)}`,
  );
  expect(await processDueRequests(silent, (error) => errors.push(error))).toBe(0);
  expect(errors).toHaveLength(1);
  expect(await processDueRequests(deps, (error) => errors.push(error))).toBe(0);
  await service.database.run(
    sql`update cabinet.entry set leased_until = null where entry_hash = ${tokenHash(token)}`,
  );
  expect(await work()).toBe(1);
  expect((await codeFor(token)).code).toHaveLength(8);
});

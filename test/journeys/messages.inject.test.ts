import { parse } from 'node-html-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fields } from '../../src/features/requisites/fields/fields.ts';
import { paths } from '../../src/paths.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import { injectClient } from '../support/client.ts';
import { identityCard, inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// What pages say about errors and results, in every language.

let service: TestService;
let nextPerson = 9_700;

beforeAll(async () => {
  service = await startService();
});

afterAll(() => service.close());

async function someone(different: Partial<PersonLine> = {}) {
  nextPerson += 1;
  const person = inventPerson(nextPerson, different);
  await service.enrol(person);
  return { person, client: await signedIn(service, person) };
}

/** The fields of the confirmation, whichever of its buttons is pressed. */
const codesOf = (html: string, values: Readonly<Record<string, string>> = {}) =>
  formOf(html, paths.confirmChange, values).filter(([name]) => name !== 'via' && name !== 'action');

const lines = (html: string): string[] =>
  parse(html)
    .querySelectorAll('#error-summary li')
    .map(({ text }) => text.trim());

describe.each(languages)('in %s', (language) => {
  const t = textsOf(language);
  const cookie = (client: { cookies: ReadonlyMap<string, string> }) => ({
    cookie: [...client.cookies, ['language', language]].map(([name, value]) => `${name}=${value}`).join('; '),
  });

  /** Signed in once for all tests that save nothing. */
  let reader: Awaited<ReturnType<typeof someone>>;

  beforeAll(async () => {
    reader = await someone();
  });

  async function propose() {
    const { client, person } = await someone();
    const shown = await client.get(paths.requisites);
    await client.post(
      paths.requisites,
      formOf(shown.body, paths.requisites, { mobilePhone: `+7 (702) 111-${nextPerson}` }),
    );
    const page = await client.get(paths.confirmChange, cookie(client));
    const chosen = await client.post(
      paths.confirmChange,
      [...codesOf(page.body), ['via', 'email'], ['action', 'via']],
      cookie(client),
    );
    return { client, person, page: chosen.body };
  }

  test('no line of the error summary names its field twice, and no two are the same', async () => {
    const { client } = reader;
    const shown = await client.get(paths.requisites, cookie(client));
    const wrong = Object.fromEntries(fields.map(({ name }) => [name, 'wrong*']));
    const answer = await client.post(
      paths.requisites,
      formOf(shown.body, paths.requisites, wrong),
      cookie(client),
    );
    expect(answer.status).toBe(422);
    const said = lines(answer.body);
    expect(said).toHaveLength(fields.length);
    expect(new Set(said).size).toBe(said.length);
    for (const [index, { name }] of fields.entries()) {
      const label = t.requisites[name].toLowerCase();
      expect(said[index]?.toLowerCase().split(label).length).toBeLessThanOrEqual(2);
      if (!name.endsWith('Phone')) expect(said[index]).not.toContain(`${t.requisites[name]}: `);
    }
  });

  test('of two wrong codes, each line says which one', async () => {
    const { client, page } = await propose();
    const answer = await client.post(
      paths.confirmChange,
      [...codesOf(page, { newMobileCode: '000000', currentCode: '000000' }), ['via', 'email']],
      cookie(client),
    );
    expect(answer.status).toBe(422);
    expect(lines(answer.body)).toEqual([
      `${t.confirm.newMobileCode}: ${t.reasons.codeWrong}`,
      `${t.confirm.currentCode}: ${t.reasons.codeWrong}`,
    ]);
  });

  test('a code is said to be valid until a time, and no longer once that is over', async () => {
    const { client, page } = await propose();
    const hint = (html: string) => parse(html).querySelector('#currentCode-description')?.text ?? '';
    expect(hint(page)).toMatch(/\d{2}:\d{2}/);
    await service.database.run(sql`update cabinet.code set expires_at = now() where used_at is null`);
    const later = (await client.get(paths.confirmChange, cookie(client))).body;
    expect(hint(later)).toBe(t.confirm.codeGone);
  });

  test('leaving with unsaved changes can be declined, without a script', async () => {
    const { client } = reader;
    const shown = await client.get(paths.requisites, cookie(client));
    const answer = await client.post(
      paths.cancelRequisites,
      formOf(shown.body, paths.cancelRequisites, { apartment: '77' }),
      cookie(client),
    );
    const page = parse(answer.body);
    const links = page.querySelectorAll('.alert a');
    expect(links.map((a) => [a.text, a.getAttribute('href')])).toEqual([
      [t.requisites.leaveNo, '#page-form'],
      [t.requisites.leaveYes, paths.services],
    ]);
    expect(page.querySelector('form#page-form #apartment')?.getAttribute('value')).toBe('77');
  });

  test('the answer to an action takes the focus, as screen readers skip a status that is there at load', async () => {
    const { client } = reader;
    const shown = await client.get(paths.requisites, cookie(client));
    const unchanged = await client.post(
      paths.requisites,
      formOf(shown.body, paths.requisites),
      cookie(client),
    );
    const searched = await client.post(
      paths.searchAddresses,
      formOf(shown.body, paths.searchAddresses, { address: 'Ъъъъъ', apartment: '', postcode: '' }),
      cookie(client),
    );
    for (const [html, words] of [
      [unchanged.body, t.requisites.nothingChanged],
      [searched.body, t.requisites.nothingFound],
    ] as const) {
      const focused = parse(html).querySelectorAll('[autofocus]');
      expect(focused.map((one) => [one.getAttribute('tabindex'), one.text.includes(words)])).toEqual([
        ['-1', true],
      ]);
    }
  });

  test('the notices under mobile and e-mail are read with their fields', async () => {
    const { client } = reader;
    const page = parse((await client.get(paths.requisites, cookie(client))).body);
    for (const [name, notice] of [
      ['mobilePhone', t.requisites.mobileNotice],
      ['email', t.requisites.emailNotice],
    ] as const) {
      const ids = page.querySelector(`#${name}`)?.getAttribute('aria-describedby')?.split(' ') ?? [];
      expect(ids.map((id) => page.getElementById(id)?.text)).toContain(notice);
    }
  });

  test('the meaning of an account’s letters is text that everybody can reach', async () => {
    const { client, person } = reader;
    const page = parse((await client.get(paths.requisites, cookie(client))).body);
    expect(page.querySelectorAll('[title]')).toEqual([]);
    const names: Readonly<Record<string, string>> = t.accountKindNames;
    for (const { kind } of person.accounts) {
      expect(page.querySelector('#accounts-block')?.text).toContain(names[kind]);
    }
  });

  test('without a valid document there are facts instead of fields', async () => {
    const { client, person } = await someone({ documents: [identityCard(2, { validUntil: '2020-01-01' })] });
    const page = parse((await client.get(paths.requisites, cookie(client))).body);
    expect(page.querySelectorAll('main input:not([type=hidden])')).toEqual([]);
    expect(page.querySelector('main')?.text).toContain(person.requisites.address);
    // The language switch needs a form of its own.
    expect(page.querySelectorAll('button[form=page-form]')).toEqual([]);
    expect(page.querySelector('main .button-row a')?.getAttribute('href')).toBe(paths.services);
  });

  test('what was typed before the document became invalid stays', async () => {
    const { client, person } = await someone();
    const shown = await client.get(paths.requisites, cookie(client));
    await service.enrol({ ...person, documents: [identityCard(2, { validUntil: '2020-01-01' })] });
    const answer = await client.post(
      paths.requisites,
      formOf(shown.body, paths.requisites, { apartment: '78' }),
      cookie(client),
    );
    expect(parse(answer.body).querySelector('#apartment')?.getAttribute('value')).toBe('78');
  });

  test('"this wasn’t me" says that signing in by EDS lifts the block', () => {
    const lifts = { kk: 'ЭЦҚ арқылы кіріңіз', ru: 'войдите с помощью ЭЦП', en: 'sign in with EDS' };
    for (const text of [t.notMe.text, t.notMe.doneText, t.security.frozenHelp, t.reasons.contactFrozen]) {
      expect(text.toLowerCase()).toContain(lifts[language].toLowerCase());
    }
  });

  test('an overloaded service promises no turn and no place, as it keeps no queue', () => {
    const said = Object.values(t.outages.busy).join(' ') + t.outages.byItself;
    expect(said.toLowerCase()).not.toMatch(/кезек|очеред|queue|turn|[0-9{]/);
  });

  test('the page of EDS explains itself until its script runs', async () => {
    const client = injectClient(service.server);
    const page = parse((await client.get(paths.signInByEds, cookie(client))).body);
    expect(page.querySelector('#eds-sign .until-script')?.text).toBe(t.eds.noScript);
  });

  test('the sessions name this one beside its device, and their buttons need no title', async () => {
    const { client } = reader;
    const page = parse((await client.get(paths.security, cookie(client))).body);
    expect(page.querySelector('#sessions tbody th')?.text).toContain(t.security.thisOne);
    const titles = page.querySelectorAll('#sessions td').map((cell) => cell.getAttribute('data-label'));
    expect(titles).toEqual([t.security.started, t.security.seen, undefined]);
  });
});

test('a form sent in the background learns where to go, and only the page of its errors counts', async () => {
  const { client } = await someone();
  const form = (html: string, values = {}) => formOf(html, paths.requisites, values);
  const background = { accept: 'application/json' };
  const { body } = await client.get(paths.requisites);
  const outcomes = () => service.logLines.filter((line) => line.includes('"action":"save"')).length;
  const before = outcomes();
  const wrong = form(body, { postcode: '1' });
  const refused = await client.post(paths.requisites, wrong, background);
  expect([refused.status, refused.body]).toEqual([204, '']);
  expect((await client.post(paths.requisites, wrong)).status).toBe(422);
  expect(outcomes()).toBe(before + 1);
  const right = form(body, { apartment: '79' });
  const saved = await client.post(paths.requisites, right, background);
  const { to } = JSON.parse(saved.body) as { to: string };
  expect((await client.get(to)).body).toContain(textsOf('kk').receipt.title);
  // The answer may be lost on its way: the same form leads to the same receipt.
  expect(JSON.parse((await client.post(paths.requisites, right, background)).body)).toEqual({ to });
});

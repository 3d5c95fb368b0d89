import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Client } from '../../../../test/support/client.ts';
import { readPage, visibleText } from '../../../../test/support/page.ts';
import { readPdf } from '../../../../test/support/pdf-text.ts';
import { inventPerson } from '../../../../test/support/people.ts';
import { type PlantedTree, plantTree } from '../../../../test/support/planted-tree.ts';
import type { TestService } from '../../../../test/support/service.ts';
import { formOf, signedIn } from '../../../../test/support/signed-in.ts';
import { paths } from '../../../paths.ts';
import { sql } from '../../../platform/postgres/sql.ts';
import { root } from '../../../platform/root.ts';
import { fields } from './fields.ts';

/*
 * Adds two telephone numbers to a copy of the code by the steps of CONTRIBUTING.md, and looks for
 * them everywhere. One is a phone whose change needs a session. The other is a mobile whose change
 * needs proofs. They are missing wherever code does not follow the list of fields.
 */

let tree: PlantedTree;
let service: TestService;
let client: Client;

const onFile = '+77172551234;ext=12';
const person = inventPerson(1);
const enrolled = { ...person, requisites: { ...person.requisites, plantedPhone: onFile } };

beforeAll(async () => {
  tree = plantTree();
  tree.plant(
    'src/features/requisites/fields/fields.ts',
    'before',
    '  emailField,\n',
    `  phoneField({
    name: 'plantedPhone',
    column: 'planted_phone',
    number: 'contact',
    input: { description: 'contactPhoneHint' },
    proof: 'session',
  }),
  phoneField({
    name: 'plantedMobile',
    column: 'planted_mobile',
    number: 'mobile',
    input: { description: 'phoneHint' },
    proof: 'contact',
    channel: 'mobile',
  }),
`,
  );
  for (const [language, work, second] of [
    ['kk', 'Отырғызылған телефон', 'Отырғызылған ұялы'],
    ['ru', 'Посаженный телефон', 'Посаженный мобильный'],
    ['en', 'Planted phone', 'Planted mobile'],
  ]) {
    const texts = `    plantedPhone: '${work}',\n    plantedMobile: '${second}',\n`;
    tree.plant(`src/texts/${language}.ts`, 'before', '    contactPhoneHint:', texts);
  }
  tree.write(
    'migrations/999-planted-fields.sql',
    'alter table cabinet.requisites add column planted_phone text, add column planted_mobile text;\n',
  );
  const support =
    await tree.load<typeof import('../../../../test/support/service.ts')>('test/support/service.ts');
  service = await support.startService();
  await service.enrol(enrolled);
  client = await signedIn(service, person);
});

afterAll(async () => {
  await service?.close();
  tree?.remove();
});

/** The current form with other values. */
async function filled(values: Readonly<Record<string, string>>) {
  return formOf((await client.get(paths.requisites)).body, paths.requisites, values);
}

async function textOf(path: string): Promise<string> {
  return visibleText(readPage((await client.get(path)).body));
}

test('the compiler finds no place that lists the fields one by one', async () => {
  tree.write(
    'tsconfig.planted.json',
    JSON.stringify({
      extends: './tsconfig.json',
      include: ['src'],
      exclude: ['src/client', 'src/**/*.test.ts', 'src/**/*.test.tsx'],
    }),
  );
  const compiler = join(root, 'node_modules/.bin/tsc');
  const run = promisify(execFile)(compiler, ['-p', join(tree.folder, 'tsconfig.planted.json'), '--noEmit']);
  const outcome = await run.catch((error: { stdout: string }) => error);
  expect(outcome.stdout).toBe('');
});

test('no other file names a field that has no special rule', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const naming = files
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file) && !file.startsWith('texts/'))
    .filter((file) => /homePhone|home_phone/.test(readFileSync(join(root, 'src', file), 'utf8')));
  expect(naming).toEqual(['features/requisites/fields/fields.ts']);
});

describe('the form', () => {
  test('shows what the fund has, in the order of the list', async () => {
    const page = readPage((await client.get(paths.requisites)).body);
    const inputs = page.querySelectorAll('#phones-block input').map((input) => input.getAttribute('name'));
    const phones = fields.filter(({ input }) => input.block === 'phones').map(({ name }) => name);
    expect(inputs).toEqual([...phones, 'plantedPhone', 'plantedMobile']);
    const input = page.querySelector('#plantedPhone');
    expect(input?.getAttribute('value')).toBe('+7 (7172) 55-12-34 #12');
    expect(input?.getAttribute('type')).toBe('tel');
    expect(visibleText(page)).toContain('Отырғызылған телефон');
  });

  test('shows an error at its field', async () => {
    const answer = await client.post(
      paths.requisites,
      await filled({ homePhone: '1', plantedPhone: '2', email: '3' }),
    );
    expect(answer.status).toBe(422);
    const summary = readPage(answer.body).querySelectorAll('.error-summary a, [role=alert] a');
    expect(summary.map((link) => link.getAttribute('href'))).toEqual([
      '#homePhone',
      '#plantedPhone',
      '#email',
    ]);
  });

  test('keeps what was typed when a session has ended', async () => {
    await client.post(paths.keepRequisites, await filled({ plantedPhone: 'draft' }));
    const form = formOf((await client.get(paths.requisites)).body, paths.requisitesDraft, { action: 'show' });
    const answer = await client.post(paths.requisitesDraft, form);
    expect(readPage(answer.body).querySelector('#plantedPhone')?.getAttribute('value')).toBe('draft');
  });
});

describe('a change', () => {
  test('is stored, appears on the receipt and in the history, and arrives at the fund', async () => {
    const answer = await client.post(paths.requisites, await filled({ plantedPhone: '8 7272 50 55 55' }));
    expect(answer.status).toBe(303);
    const receipt = String(answer.headers['location']);
    const row = await service.database.first(sql`select planted_phone as phone from cabinet.requisites`);
    expect(row).toEqual({ phone: '+77272505555' });
    const change = ['Отырғызылған телефон', '+7 (7172) 55-12-34 #12', '+7 (727) 250-55-55'];
    const page = await textOf(receipt);
    const pdf = readPdf((await client.get(`${receipt}.pdf`)).bytes).lines.join(' ');
    for (const text of change) {
      expect(page).toContain(text);
      expect(pdf).toContain(text);
    }
    expect(await textOf(paths.history)).toContain('Отырғызылған телефон');
    await vi.waitFor(async () => {
      const atFund = await service.database.first(sql`
        select requisites ->> 'plantedPhone' as phone from fund.person where iin = ${person.iin}`);
      expect(atFund).toEqual({ phone: '+77272505555' });
    });
  });

  test('needs the proof that the field defines, and shows what is to be confirmed and signed', async () => {
    const form = await filled({ plantedPhone: '', plantedMobile: '8 701 555 00 99' });
    const answer = await client.post(paths.requisites, form);
    expect([answer.status, answer.headers['location']]).toEqual([303, paths.confirmChange]);
    const mobile = await client.post(paths.requisites, await filled({ mobilePhone: '8 701 555 00 98' }));
    expect(mobile.headers['location']).toBe(paths.confirmChange);
    await client.post(paths.requisites, form);
    const page = await client.get(paths.confirmChange);
    for (const label of ['Отырғызылған телефон', 'Отырғызылған ұялы'])
      expect(visibleText(readPage(page.body))).toContain(label);
    const csrf = readPage(page.body).querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
    const challenge = await client.post(paths.confirmChangeChallenge, [['csrf', csrf]]);
    const { data } = JSON.parse(challenge.body) as { data: string };
    const signed = Buffer.from(data, 'base64').toString();
    for (const text of ['Отырғызылған телефон', '+77272505555', 'Отырғызылған ұялы', '+77015550099'])
      expect(signed).toContain(text);
  });

  test('made at a branch while the form was open is shown beside what was typed', async () => {
    const form = await filled({ apartment: '99' });
    const moved = { ...enrolled, requisites: { ...enrolled.requisites, plantedPhone: '+77172559999' } };
    await service.enrol(moved);
    const answer = await client.post(paths.requisites, form);
    expect(answer.status).toBe(409);
    const page = readPage(answer.body);
    const compared = page.querySelectorAll('table').map(visibleText).join(' ');
    for (const text of ['Отырғызылған телефон', '+7 (7172) 55-99-99']) expect(compared).toContain(text);
    expect(page.querySelector('#plantedPhone')?.getAttribute('value')).toBe('+7 (7172) 55-99-99');
  });
});

describe('outside the pages', () => {
  test('an operator sees the field', async () => {
    const { showPerson } = await tree.load<typeof import('../../operations/operator.ts')>(
      'src/features/operations/operator.ts',
    );
    const shown = await showPerson(service.database, person.iin as never, 'test');
    expect(shown).toMatchObject({ cabinet: { plantedPhone: '+77172559999' } });
  });

  test('its value must not be part of the password', async () => {
    const { personalData } = await tree.load<typeof import('../../passwords/personal-data.ts')>(
      'src/features/passwords/personal-data.ts',
    );
    const row = await service.database.first<{ id: string }>(sql`select holder_id as id from cabinet.holder`);
    const fund = { read: async () => undefined };
    const about = await personalData({ database: service.database, fund }, person.iin, row?.id ?? '');
    expect(about.phones).toContain('+77172559999');
  });

  test('it is read from the answers of a fund over HTTP', async () => {
    const { readHolder } = await tree.load<typeof import('../../../fund/http/read-holder.ts')>(
      'src/fund/http/read-holder.ts',
    );
    const { createReader } =
      await tree.load<typeof import('../../../fund/http/reading.ts')>('src/fund/http/reading.ts');
    const holder = readHolder(
      createReader(),
      {
        ...enrolled,
        revision: 1,
        changesElsewhere: [{ revision: 1, fields: { plantedPhone: '+77172558888' } }],
      },
      0,
    );
    expect(holder?.requisites).toMatchObject({ plantedPhone: onFile });
    expect(holder?.changesElsewhere).toEqual([{ version: 1, fields: { plantedPhone: '+77172558888' } }]);
  });
});

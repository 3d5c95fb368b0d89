import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { printable } from '../../src/cli/printable.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { root } from '../../src/platform/root.ts';
import { freshDatabase } from '../support/database.ts';
import { kabinet } from '../support/kabinet.ts';
import { inventPerson } from '../support/people.ts';
import { enrol } from '../support/service.ts';

test('control characters are escaped, letters stay', () => {
  const hostile = '\u001b[2J\u001b]0;title\u0007\u009b31m\r\b\t\u007f\u202e\u2066\u200f\u2028\u0000';
  expect(printable(`Әсел Ёлкина 😀\n${hostile}`)).toBe(
    'Әсел Ёлкина 😀\n\\u001b[2J\\u001b]0;title\\u0007\\u009b31m\\u000d\\u0008\\u0009\\u007f\\u202e\\u2066\\u200f\\u2028\\u0000',
  );
});

test('no command writes to stdout without escaping', () => {
  const folder = join(root, 'src/cli');
  const past = readdirSync(folder)
    .filter((file) => file !== 'printable.ts')
    .filter((file) => /stdout\.write|console\.log/.test(readFileSync(join(folder, file), 'utf8')));
  expect(past).toEqual([]);
});

test('people show and people import escape control characters in names and lines', async () => {
  const fresh = await freshDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'kabinet-'));
  try {
    const person = inventPerson(9_980);
    await enrol(fresh.database, person);
    const hostile = '\u001b[2J\u009b31m\u202e';
    await fresh.database.run(sql`update fund.person set surname = ${hostile} where iin = ${person.iin}`);
    const shown = await kabinet(fresh.connection, ['people', 'show', person.iin, '--reason', 'a test']);
    expect(shown.code).toBe(0);
    expect(shown.out).toContain('\\u001b[2J\\u009b31m\\u202e');
    expect(shown.out).toBe(printable(shown.out));

    const file = join(folder, `people.jsonl`);
    const lines = [
      { ...person, [hostile]: 1 },
      { ...person, language: hostile },
      { ...person, requisites: { ...person.requisites, [hostile]: 'x' } },
      { ...person, documents: [{ ...person.documents[0], type: hostile }] },
    ];
    writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n${hostile}\n`);
    const imported = await kabinet(fresh.connection, ['people', 'import', file]);
    expect(imported.code).toBe(1);
    expect(imported.err).toContain('line 5');
    expect(imported.err).toBe(printable(imported.err));
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await fresh.drop();
  }
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { freshDatabase } from '../support/database.ts';
import { kabinet } from '../support/kabinet.ts';
import { inventPerson } from '../support/people.ts';
import { enrol } from '../support/service.ts';
import { holderOf } from '../support/step-visitor.ts';

test('contacts returned marks by a file, and contacts report counts without a name', async () => {
  const fresh = await freshDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'kabinet-returned-'));
  try {
    const { database, connection } = fresh;
    const person = inventPerson(9_985);
    await enrol(database, person);
    await database.run(
      sql`insert into cabinet.requisites (holder_id, address) values (${holderOf(person)}, 'Алматы қ., Абай даңғылы, 5')`,
    );
    const contacts = (...parameters: readonly string[]) => kabinet(connection, ['contacts', ...parameters]);
    const file = join(folder, 'returned.csv');
    writeFileSync(file, `${person.iin}\n${person.iin.slice(1)}\n`);
    expect(await contacts('returned', file)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/line 2: not an IIN\nnothing was marked/),
    });
    writeFileSync(file, `${person.iin},2026-11-01\n`);
    expect(await contacts('returned', file)).toMatchObject({ code: 0, out: '1 read, 1 newly marked\n' });
    expect(await contacts('returned', join(folder, 'none.csv'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('no such file'),
    });
    const report = await contacts('report');
    expect(report).toMatchObject({ code: 0, err: '' });
    expect(report.out.split('\n')).toEqual([
      'holders 1',
      'mobile proved 0 (0.0 %)',
      'email proved 0 (0.0 %)',
      'neither proved 1 (100.0 %)',
      'confirmed 0 (0.0 %)',
      'marked 1 (100.0 %)',
      '',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
    await fresh.drop();
  }
});

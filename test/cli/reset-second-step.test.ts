import { expect, test } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { freshDatabase } from '../support/database.ts';
import { kabinet } from '../support/kabinet.ts';
import { inventPerson } from '../support/people.ts';
import { enrol } from '../support/service.ts';
import { holderOf } from '../support/step-visitor.ts';

test('people reset-second-step needs an IIN and a reason, removes all of it, and says when there was none', async () => {
  const fresh = await freshDatabase();
  try {
    const { database, connection } = fresh;
    const person = inventPerson(9_981);
    await enrol(database, person);
    const reset = (iin: string, ...more: readonly string[]) =>
      kabinet(connection, ['people', 'reset-second-step', iin, ...more]);
    await database.run(sql`
      insert into cabinet.second_step (holder_id, sms_allowed_at) values (${holderOf(person)}, now())`);

    expect(await reset(person.iin)).toMatchObject({ code: 1, err: expect.stringContaining('--reason') });
    expect(await reset('123', '--reason', 'r')).toMatchObject({
      code: 1,
      err: expect.stringContaining('not an IIN'),
    });
    const done = await reset(person.iin, '--reason', 'came with the card');
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining('every second step is removed') });
    const event = await database.first<object>(sql`
      select kind, detail from cabinet.security_event where holder_id = ${holderOf(person)}`);
    expect(event).toEqual({ kind: 'second-step-reset', detail: { reason: 'came with the card' } });
    expect(await reset(person.iin, '--reason', 'r')).toMatchObject({
      code: 1,
      err: expect.stringContaining('has no second step'),
    });
  } finally {
    await fresh.drop();
  }
});

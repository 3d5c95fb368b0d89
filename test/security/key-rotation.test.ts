import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { disavowalPath } from '../../src/features/disavowal/link.ts';
import { sealAll, verifyAudit } from '../../src/features/operations/audit.ts';
import { createKeys, randomToken, tokenHash } from '../../src/platform/keys.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// The key is changed while people are signed in, and nobody notices (G7). It follows the table in
// docs/runbook.md.

const formerKey = 'k'.repeat(32);
const newKey = 'n'.repeat(32);
const page = '/services/requisites';
const typed = 'Алматы қ., Сәтбаев көшесі, 22-үй';

let service: TestService;
/** The process that answers now. */
let answering: FastifyInstance;
/** The service as people see it, whichever process answers. */
let front: TestService;

beforeAll(async () => {
  service = await startService({ SECRET_KEYS: formerKey, SESSIONS_PER_PERSON: '50' }, { work: false });
  answering = service.server;
  const server = { inject: (options: object) => answering.inject(options) } as FastifyInstance;
  front = { ...service, server };
});

afterAll(() => service.close());

test('200 sessions, a typed form, an unfinished form, a link and the log survive a change of the key', async () => {
  const [one, other] = [inventPerson(7_301), inventPerson(7_302)];
  for (const person of [one, other]) await service.enrol(person);
  const away = await signedIn(front, one);
  const busy = await signedIn(front, other);
  const cookie = [...busy.cookies.keys()].find((name) => name.includes('session')) ?? '';
  const tokens = Array.from({ length: 198 }, randomToken);
  await service.database.run(sql`
    insert into cabinet.session (session_hash, holder_id, method, short_name, device)
    select hash, holder_id, 'password', '', '' from cabinet.holder, unnest(${tokens.map(tokenHash)}::bytea[]) as hash
    where iin = ${other.iin}`);

  // One person returns too late, and what they typed is kept. Another has the form open.
  const fields = formOf((await away.get(page)).body, page, { address: typed });
  const holder = await service.database.first<{ id: string }>(
    sql`select holder_id as id from cabinet.holder where iin = ${one.iin}`,
  );
  await service.database.run(
    sql`update cabinet.session set seen_at = now() - interval '1 hour' where holder_id = ${holder?.id}`,
  );
  expect((await away.post(page, fields)).headers['location']).toContain('ended=kept');
  const open = formOf((await busy.get(page)).body, page, { apartment: '77' });
  const link = randomUUID();
  await service.database.run(
    sql`insert into cabinet.disavowal (disavowal_id, holder_id) values (${link}, ${holder?.id})`,
  );
  await sealAll(service.database, service.keys);

  answering = await service.anotherProcess({ SECRET_KEYS: `${newKey},${formerKey}` });

  const answers = await Promise.all(
    tokens.map((token) =>
      answering.inject({
        url: '/services',
        headers: { host: 'localhost:3000', cookie: `${cookie}=${token}` },
      }),
    ),
  );
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(tokens.map(() => 200));
  const saved = await busy.post(page, open);
  expect([saved.status, saved.headers['location']]).toEqual([303, expect.stringMatching(/^\/receipts\//)]);
  const back = await signedIn(front, one);
  const offered = formOf((await back.get(page)).body, `${page}/draft`).filter(([name]) => name === 'csrf');
  const draft = await back.post(`${page}/draft`, [...offered, ['action', 'show']]);
  expect(draft.body).toContain(typed);
  expect((await back.get(disavowalPath(service.keys, link))).status).toBe(200);

  const rotated = createKeys([newKey, formerKey]);
  await sealAll(service.database, rotated);
  expect(await verifyAudit(service.database, rotated)).toMatchObject({ ok: true });

  // Later the former key is removed. Sessions are rows and not signatures, so they continue.
  answering = await service.anotherProcess({ SECRET_KEYS: newKey });
  expect((await busy.get('/services')).status).toBe(200);
  expect(
    (await back.get(disavowalPath(service.keys, link))).status,
    'its links are no longer valid',
  ).not.toBe(200);
});

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { disavowalPath } from '../../src/features/disavowal/link.ts';
import { createKeys } from '../../src/platform/keys.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { freshDatabase } from '../support/database.ts';
import { urlOf } from '../support/kabinet.ts';
import { startProcess } from '../support/processes.ts';

const [former, next] = ['k'.repeat(32), 'n'.repeat(32)];

test('SIGHUP takes a new key from the file of SECRET_KEYS_FILE, and stops at a wrong one', async () => {
  const fresh = await freshDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'kabinet-keys-'));
  const file = join(folder, 'secret-keys');
  writeFileSync(file, former);
  const settings = { DATABASE_URL: urlOf(fresh.connection), SECRET_KEYS: '', SECRET_KEYS_FILE: file };
  const service = await startProcess(settings, { parameters: ['--workers', '1'] });
  const link = randomUUID();
  await fresh.database.run(sql`
    with one as (insert into cabinet.holder (iin) values ('900101300007') returning holder_id)
    insert into cabinet.disavowal (disavowal_id, holder_id) select ${link}, holder_id from one`);
  /** The page of a link that was signed with this key. */
  const status = async (key: string) =>
    (await fetch(`${service.origin}${disavowalPath(createKeys([key]), link)}`)).status;
  const before = await status(next);
  expect(await status(former)).toBe(200);
  expect(before).not.toBe(200);

  writeFileSync(file, 'short');
  service.signal('SIGHUP');
  await service.saying('the rolling restart stopped; the former workers continue');
  expect(await status(former)).toBe(200);

  writeFileSync(file, `${former},${next}\n`);
  service.signal('SIGHUP');
  await service.saying('the rolling restart is done');
  expect([await status(former), await status(next)]).toEqual([200, 200]);

  service.signal('SIGTERM');
  expect(await service.ended).toBe(0);
  rmSync(folder, { recursive: true });
  await fresh.drop();
}, 180_000);

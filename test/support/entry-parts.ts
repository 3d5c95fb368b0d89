import { embeddedFund } from '../../src/fund/embedded/embedded.ts';
import { argon2Hasher } from '../../src/features/passwords/argon2.ts';
import type { Database } from '../../src/platform/postgres/database.ts';
import { entryTables } from '../../src/features/account-request/store.ts';
import { requisitesStore } from '../../src/features/requisites/store.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { workStore } from '../../src/features/account-request/work-store.ts';
import { readConfig } from '../../src/config/config.ts';
import { makeKeys } from '../../src/platform/keys.ts';
import { makeBreaker } from '../../src/features/account-request/attack-switch.ts';
import { readCommonPasswords } from '../../src/features/passwords/common-passwords.ts';
import type { EntryParts } from '../../src/features/account-request/account-request.ts';
import { examineDue } from '../../src/features/account-request/worker.ts';

/** The use cases of registration on a database, with the keys of `startService`; `environment` changes single settings. */
export async function entryParts(
  database: Database,
  environment: Readonly<Record<string, string>> = {},
): Promise<EntryParts> {
  const config = readConfig({ DEMO: '1', SECRET_KEYS: 'k'.repeat(32), ...environment });
  const tables = entryTables(database);
  return {
    tables,
    keys: makeKeys(config.secretKeys),
    fund: embeddedFund(database),
    requisites: requisitesStore(database, config.contactWaitHours),
    hasher: await argon2Hasher(1),
    common: readCommonPasswords(),
    breaker: makeBreaker(tables.codes, config),
    work: workStore(database),
    rules: config,
    onAsked: () => undefined,
    onQueued: () => undefined,
  };
}

/** Examines everything that was asked, at once, as the worker would a little later. Returns how many entries there were. */
export async function examineAll(parts: EntryParts, database: Database): Promise<number> {
  await database.run(sql`update cabinet.entry set leased_until = null where examined_at is null`);
  return examineDue(parts, (error) => {
    throw error;
  });
}

import { embeddedFund } from '../../src/adapters/fund/embedded.ts';
import { argon2Hasher } from '../../src/adapters/passwords/argon2.ts';
import type { Database } from '../../src/adapters/postgres/database.ts';
import { entryTables } from '../../src/adapters/postgres/entry-store.ts';
import { requisitesStore } from '../../src/adapters/postgres/requisites-store.ts';
import { sql } from '../../src/adapters/postgres/sql.ts';
import { workStore } from '../../src/adapters/postgres/work-store.ts';
import { readConfig } from '../../src/config.ts';
import { makeKeys } from '../../src/keys.ts';
import { makeBreaker } from '../../src/modules/registration/breaker.ts';
import { readCommonPasswords } from '../../src/modules/registration/common-passwords.ts';
import type { EntryParts } from '../../src/modules/registration/entry.ts';
import { examineDue } from '../../src/modules/registration/examiner.ts';

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

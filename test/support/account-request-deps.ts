import { readConfig, settingsOf } from '../../src/config/config.ts';
import type { AccountRequestDeps } from '../../src/features/account-request/account-request.ts';
import { createAttackSwitch } from '../../src/features/account-request/attack-switch.ts';
import { processDueRequests } from '../../src/features/account-request/worker.ts';
import { readCommonPasswords } from '../../src/features/passwords/common-passwords.ts';
import { createPasswordHasher } from '../../src/features/passwords/hasher.ts';
import { createEmbeddedFund } from '../../src/fund/embedded/embedded-fund-store.ts';
import { createKeys } from '../../src/platform/keys.ts';
import type { Database } from '../../src/platform/postgres/database.ts';
import { sql } from '../../src/platform/postgres/sql.ts';

/**
 * The use cases of registration on a database, with the keys of `startService`. `environment`
 * changes single settings.
 */
export async function accountRequestDeps(
  database: Database,
  environment: Readonly<Record<string, string>> = {},
): Promise<AccountRequestDeps> {
  const config = readConfig({ DEMO: '1', SECRET_KEYS: 'k'.repeat(32), ...environment });
  return {
    database,
    keys: createKeys(config.secretKeys),
    fund: createEmbeddedFund(database),
    hasher: await createPasswordHasher(1),
    common: readCommonPasswords(),
    attackSwitch: createAttackSwitch(database, config.accountRequests),
    ...settingsOf(config),
    onRequested: () => undefined,
    onQueued: () => undefined,
  };
}

/** Processes every request now, as the worker would a little later. Returns their number. */
export async function processAll(deps: AccountRequestDeps): Promise<number> {
  await deps.database.run(sql`update cabinet.entry set leased_until = null where examined_at is null`);
  return processDueRequests(deps, (error) => {
    throw error;
  });
}

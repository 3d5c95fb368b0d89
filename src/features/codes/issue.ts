import type { Queryable } from '../../platform/postgres/database.ts';
import { type Result, refused } from '../../values/result.ts';
import { codeMinutes, maxTries } from './code.ts';
import { type Quota, takeQuotas } from './quota-store.ts';
import type { CodeSettings } from './settings.ts';
import { type IssuedCode, type NewCode, renewCode } from './store.ts';

/**
 * Issues a code within the quotas, or reports that they are used up. A code that is still valid is
 * issued again unchanged.
 */
export async function issueCode(
  { database, codeSettings }: { readonly database: Queryable; readonly codeSettings: CodeSettings },
  spent: readonly Quota[],
  code: NewCode,
): Promise<Result<IssuedCode, 'codeLimit'>> {
  if (!(await takeQuotas(database, spent))) return refused('codeLimit');
  return {
    ok: true,
    value: await renewCode(database, code, codeMinutes(codeSettings, code.purpose), maxTries),
  };
}

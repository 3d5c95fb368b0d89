import { type Keys, sameBytes } from '../../platform/keys.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { type Result, refused } from '../../values/result.ts';
import { codeOf, maxTries } from './code.ts';
import { countCodeAttempt, countCodeOutcome, type IssuedCode, markCodeUsed } from './store.ts';

export type CodeReason = 'codeWrong' | 'codeOver';

/**
 * Compares what was typed, as `readCode` reads it, with an issued code. The try is counted before
 * the comparison, and a right code can be used once.
 * @param use marks the code as used, together with whatever must become true in the same statement.
 * Returns true for exactly one caller.
 */
export async function consumeCode(
  { keys, database }: { readonly keys: Keys; readonly database: Queryable },
  { codeId, holderId }: { readonly codeId: string; readonly holderId: string },
  meanings: readonly string[],
  use: (codeId: string) => Promise<boolean> = (id) => markCodeUsed(database, id),
): Promise<Result<IssuedCode, CodeReason>> {
  const issued = await countCodeAttempt(database, codeId, holderId, maxTries);
  if (!issued) {
    await countCodeOutcome(database, undefined);
    return refused('codeOver');
  }
  const code = Buffer.from(codeOf(keys, issued));
  const right = meanings.some((one) => sameBytes(code, Buffer.from(one))) && (await use(codeId));
  await countCodeOutcome(database, right);
  return right ? { ok: true, value: issued } : refused('codeWrong');
}

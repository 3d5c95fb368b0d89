import type { Queryable } from '../../platform/postgres/database.ts';
import { endAlert, raiseAlert } from '../operations/alert-store.ts';
import { countCodeFailures } from './store.ts';

/**
 * Whether so many codes fail that somebody is guessing across the whole population. Codes then cost
 * work. EDS and known sessions are not affected. Raises or ends the alert.
 * @returns `seconds`: how long it stays open if nobody guesses any more; 0 when it is not open
 */
export async function isUnderAttack(
  database: Queryable,
  /** It stays closed below `least` failures in ten minutes, whatever is normal. */
  { least, multiple }: { readonly least: number; readonly multiple: number },
): Promise<{ readonly open: boolean; readonly seconds: number }> {
  const { lastTenMinutes, normal, minutes } = await countCodeFailures(database);
  const most = Math.max(least, multiple * normal);
  const open = lastTenMinutes > most;
  if (open) await raiseAlert(database, 'code-guessing', { lastTenMinutes });
  else await endAlert(database, 'code-guessing');
  let failed = 0;
  for (const minute of minutes) {
    failed += minute.failed;
    if (failed > most) return { open, seconds: minute.leaves };
  }
  return { open, seconds: 0 };
}

import type { Database } from '../../platform/postgres/database.ts';
import type { Iin } from '../../values/iin.ts';
import { endAllSessions } from '../sign-in/sessions.ts';
import { readHolderOnFile, readPersonAtFund, recordOperatorAct } from './operator-store.ts';

// What an operator may do for a person from the terminal. Each action is an event that the person
// sees.

/** What is on file about a person, at the fund and here. The look is recorded first. */
export async function showPerson(database: Database, iin: Iin, reason: string): Promise<object | undefined> {
  const holderId = await recordOperatorAct(database, iin, 'looked-at', reason);
  const fund = await readPersonAtFund(database, iin, holderId);
  const cabinet = holderId === undefined ? undefined : await readHolderOnFile(database, holderId);
  return fund || cabinet ? { fund: fund ?? null, cabinet: cabinet ?? null } : undefined;
}

/**
 * Ends all sessions of a person. @returns the number of ended sessions, or undefined when nobody
 * has this IIN
 */
export async function endSessionsOf(
  database: Database,
  iin: Iin,
  reason: string,
): Promise<number | undefined> {
  const holderId = await recordOperatorAct(database, iin, 'sessions-ended', reason);
  if (holderId === undefined) return undefined;
  return endAllSessions(database, holderId, 'operator');
}

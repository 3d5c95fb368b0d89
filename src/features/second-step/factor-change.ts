import type { Queryable } from '../../platform/postgres/database.ts';
import type { Actor } from '../../platform/session.ts';
import { recordEvent } from '../history/event-store.ts';
import { notifyHolder } from '../notices/store.ts';
import { endSessions } from '../sign-in/session-store.ts';

/** A way to prove who the holder is that was added or removed. */
export interface FactorChange {
  readonly notice: 'factor-added' | 'factor-removed';
  /** A key of the texts, `events`. */
  readonly event: string;
  readonly detail?: Readonly<Record<string, string>>;
}

/**
 * What follows every change of the ways to prove who the holder is: the other sessions end, every
 * browser is asked for the step again, the history names it, and every channel is told. The caller
 * has locked the holder's row.
 */
export async function concludeFactorChange(
  transaction: Queryable,
  { holderId, sessionHash, requestId }: Pick<Actor, 'holderId' | 'sessionHash' | 'requestId'>,
  { notice, event, detail }: FactorChange,
): Promise<void> {
  await endSessions(transaction, holderId, 'factors-changed', sessionHash);
  await recordEvent(transaction, { holderId, kind: event, ...(detail ? { detail } : {}), requestId });
  await notifyHolder(transaction, holderId, notice);
}

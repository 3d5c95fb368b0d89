import type { Database } from '../../platform/postgres/database.ts';
import { raiseAlert } from './alert-store.ts';
import type { KeptAuditHead } from './audit.ts';
import { type DatabaseState, headOfSeal, readDatabaseState, type SealHead } from './database-state-store.ts';

/** By what the database is found to be behind what was seen of it. */
export const setbacks = ['timeline', 'mark', 'seal'] as const;
export type Setback = (typeof setbacks)[number];

type LogLine = (facts: object, message: string) => void;

export interface DatabaseWatchDeps {
  readonly database: Database;
  readonly log: { readonly info: LogLine; readonly warn: LogLine; readonly error: LogLine };
  /** Warn when a COMMIT does not wait for a standby. */
  readonly requireSynchronous: boolean;
  /** The last head of the audit log that was kept elsewhere. Undefined when there is none. */
  readonly keptHead: () => KeptAuditHead | undefined;
  readonly onSetback: (by: Setback) => void;
}

export interface DatabaseGauges {
  readonly timeline: number;
  /** Undefined where nobody asked for it. */
  readonly synchronous: boolean | undefined;
}

/** Watches whether the database still has what it had. */
export interface DatabaseWatch {
  look(): Promise<void>;
  /** What was read last, for the metrics. Undefined before that. */
  gauges(): DatabaseGauges | undefined;
}

/**
 * Compares the database with what this process has seen of it, and with the head of the audit log
 * that was kept elsewhere. After a failover that lost acknowledged commits, the timeline falls (the
 * former leader took over again), or the mark does, or a seal is gone. The alarm is a line in the
 * log, a metric, and an alert, which stays open until an operator ends it.
 */
export function createDatabaseWatch(deps: DatabaseWatchDeps): DatabaseWatch {
  const { database, log, requireSynchronous, keptHead, onSetback } = deps;
  let seen: DatabaseState | undefined;
  let unraised: object | undefined;

  function noteSynchronous({ synchronous }: DatabaseState): void {
    if (!requireSynchronous || synchronous === (seen?.synchronous ?? true)) return;
    if (synchronous) log.info({}, 'a COMMIT waits for a standby again');
    else
      log.warn(
        {},
        'a COMMIT does not wait for a standby: synchronous_standby_names is empty, or synchronous_commit is less than on (REQUIRE_SYNCHRONOUS)',
      );
  }

  /** Whether these seals are in the chain as they were. The newest one has been read already. */
  async function areThere(
    { newest }: DatabaseState,
    seals: readonly (SealHead | undefined | null)[],
  ): Promise<boolean> {
    for (const one of seals) {
      if (!one) continue;
      const head = one.seal === newest?.seal ? newest.head : await headOfSeal(database, one.seal);
      if (head !== one.head) return false;
    }
    return true;
  }

  async function raise(): Promise<void> {
    if (unraised === undefined) return;
    await raiseAlert(database, 'database-behind', unraised);
    unraised = undefined;
  }

  return {
    gauges: () =>
      seen && {
        timeline: seen.timeline,
        synchronous: requireSynchronous ? seen.synchronous : undefined,
      },
    async look() {
      const state = await readDatabaseState(database);
      if (!state) return;
      noteSynchronous(state);
      const moved = state.timeline !== seen?.timeline;
      const known = seen && moved && { timeline: state.timeline, before: seen.timeline };
      if (known) log.warn(known, 'the database has another leader');
      const kept = moved ? sealOf(keptHead()) : undefined;
      const by: Setback[] = [
        ...(seen && state.timeline < seen.timeline ? ['timeline' as const] : []),
        ...(seen && state.mark < seen.mark ? ['mark' as const] : []),
        ...((await areThere(state, [seen?.newest, kept])) ? [] : ['seal' as const]),
      ];
      const before = seen;
      seen = state;
      if (by.length > 0) {
        const facts = { by, now: factsOf(state), ...(before ? { before: factsOf(before) } : {}) };
        log.error(facts, 'the database is behind what was seen of it: acknowledged saves are lost');
        for (const one of by) onSetback(one);
        unraised = facts;
      } else if (known) log.info({ seal: state.newest?.seal }, 'the sealed log is as it was');
      await raise();
    },
  };
}

function factsOf({ timeline, mark, newest }: DatabaseState): object {
  return { timeline, mark, seal: newest?.seal ?? null };
}

/** A kept head without the number of its seal cannot be looked up. */
function sealOf(kept: KeptAuditHead | undefined): SealHead | undefined {
  return kept?.seal === undefined ? undefined : { seal: kept.seal, head: kept.head };
}

import type { FastifyRequest } from 'fastify';
import type { Database } from '../postgres/database.ts';

/** What a page that reads a standby gets in place of what it has otherwise. */
export interface StandbyDeps<Instead> {
  /** The same, reading on one connection to a standby. It writes nothing. */
  readonly onStandby: (database: Database) => Instead;
}

/** What a page reads with: the standby while the leader is away, and otherwise what it has. */
export function readingDeps<Instead, Deps extends StandbyDeps<Instead>>(
  deps: Deps,
  { context: { standby } }: FastifyRequest,
): Deps {
  return standby ? { ...deps, ...deps.onStandby(standby.database) } : deps;
}

import type { Database } from './database.ts';
import { sql } from './sql.ts';

/** Connections kept free for commands and maintenance. */
const spare = 20;

/** How many connections the service may open. PostgreSQL refuses connections above its limit. */
export async function mostConnections(database: Database): Promise<number> {
  const row = await database.first<{ most: string }>(sql`select current_setting('max_connections') as most`);
  return Number(row?.most) - spare;
}

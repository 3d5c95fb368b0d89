import type { Database } from './database.ts';
import { sql } from './sql.ts';

/** Kept free for commands and upkeep. */
const spare = 20;

/** How many connections the service may open: PostgreSQL refuses whom it has none for. */
export async function mostConnections(database: Database): Promise<number> {
  const row = await database.first<{ most: string }>(sql`select current_setting('max_connections') as most`);
  return Number(row?.most) - spare;
}

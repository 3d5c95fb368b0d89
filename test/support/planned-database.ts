import type { Database, Queryable } from '../../src/platform/postgres/database.ts';
import { type Sql, sql } from '../../src/platform/postgres/sql.ts';
import { grows } from './growing-tables.ts';
import { watchDatabase } from './watched-database.ts';

/** A statement whose plan reads a whole table or index that grows. */
export interface WholeRead {
  /** The statement, in one line. */
  readonly statement: string;
  readonly table: string;
  /** The node of the plan, with the index if there is one. */
  readonly how: string;
}

/** A database that has every statement planned before it runs. */
export interface PlannedDatabase extends Database {
  /** The number of statements planned since the last call, and those that read a whole table. */
  take(): { readonly planned: number; readonly whole: readonly WholeRead[] };
}

interface Node {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Schema?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'Recheck Cond'?: string;
  readonly Filter?: string;
  readonly Plans?: readonly Node[];
}

/**
 * Statements that read an index in order until the first matching row, which is always near the
 * start.
 */
const soonFound: readonly RegExp[] = [
  // Each source is sealed at least once an hour, even if nothing happened.
  /from cabinet\.audit_seal where source = \$1 order by seal_id desc limit 1$/,
];

/** Reading a whole table of so few rows is right. */
const fewRows = 1_000;

/**
 * Other values may lead to another plan. After this many plans of a statement, there is nothing
 * new.
 */
const plansOfEach = 3;

const canBePlanned = /^\s*(with|select|insert|update|delete)\b/i;

/**
 * Gets PostgreSQL's plan of each statement that goes through `database`, with its values and inside
 * its transaction. The tables must be filled and analyzed before.
 */
export async function planStatements(database: Database): Promise<PlannedDatabase> {
  const known = { partial: await partialIndexes(database), large: await largeTables(database) };
  const seen = new Map<string, number>();
  let planned = 0;
  let whole = new Map<string, WholeRead>();
  async function look(inner: Queryable, { text, values }: Sql): Promise<void> {
    const times = seen.get(text) ?? 0;
    if (times === plansOfEach || !canBePlanned.test(text)) return;
    seen.set(text, times + 1);
    const row = await inner.first<{ 'QUERY PLAN': readonly [{ Plan: Node }] }>({
      text: `explain (verbose, format json) ${text}`,
      values,
    });
    planned += 1;
    const statement = text.replaceAll(/\s+/g, ' ').trim();
    if (soonFound.some((known) => known.test(statement))) return;
    for (const { table, how } of wholeReads(row?.['QUERY PLAN'][0].Plan, known))
      whole.set(`${statement} ${table}`, { statement, table, how });
  }
  // A save sends its lock and its last statement together. Each must come with its plan before the
  // next, so they take turns.
  const turns = new WeakMap<Queryable, Promise<unknown>>();
  return {
    ...watchDatabase(database, (statement, run, on) => {
      const planAndRun = async () => {
        await look(on, statement);
        return run();
      };
      const mine = (turns.get(on) ?? Promise.resolve()).then(planAndRun);
      turns.set(
        on,
        mine.catch(() => undefined),
      );
      return mine;
    }),
    take() {
      const taken = { planned, whole: [...whole.values()] };
      planned = 0;
      whole = new Map();
      return taken;
    },
  };
}

/** The tables that are large enough here for their plans to be meaningful. */
async function largeTables(database: Queryable): Promise<ReadonlySet<string>> {
  const rows = await database.rows<{ name: string }>(sql`
    select format('%s.%s', nspname, relname) as name from pg_class c join pg_namespace n on n.oid = relnamespace
    where relkind = 'r' and reltuples >= ${fewRows}`);
  return new Set(rows.map(({ name }) => name).filter(grows));
}

/** Partial indexes. Reading such an index whole is what it is for. */
async function partialIndexes(database: Queryable): Promise<ReadonlySet<string>> {
  const rows = await database.rows<{ name: string }>(sql`
    select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid where i.indpred is not null`);
  return new Set(rows.map(({ name }) => name));
}

interface Known {
  readonly partial: ReadonlySet<string>;
  readonly large: ReadonlySet<string>;
}

function* wholeReads(
  node: Node | undefined,
  known: Known,
  under?: Node,
): Generator<{ readonly table: string; readonly how: string }> {
  if (!node) return;
  const table = `${node.Schema}.${node['Relation Name']}`;
  if (known.large.has(table) && readsAll(node, known.partial, under)) {
    const index = node['Index Name'];
    yield { table, how: index === undefined ? node['Node Type'] : `${node['Node Type']} of ${index}` };
  }
  for (const child of node.Plans ?? []) yield* wholeReads(child, known, node);
}

/** Reading the first entries of an index, in order and without a filter, is cheap. */
function readsAll(node: Node, partial: ReadonlySet<string>, under: Node | undefined): boolean {
  const type = node['Node Type'];
  if (type === 'Seq Scan') return true;
  const index = node['Index Name'];
  if (index === undefined || !/^Index (Only )?Scan$/.test(type)) return false;
  if (node['Index Cond'] !== undefined || partial.has(index)) return false;
  return node.Filter !== undefined || under?.['Node Type'] !== 'Limit';
}

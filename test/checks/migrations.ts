import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { grows } from '../support/growing-tables.ts';

/** A part of a migration that would disturb the running former version or its users. */
export interface MigrationFault {
  readonly file: string;
  readonly line: number;
  readonly why: string;
}

/** The first number to which the rule applies. Earlier ones belong to the first release. */
const firstNumber = 30;

/**
 * Written before this check, for tables that were still empty in every release. They are not
 * checked for locks.
 */
const looked = ['030-fund-over-http', '060-audit', '061-readings'];

interface Statement {
  /** Lower case, without comments, with empty string literals and single spaces. */
  readonly sql: string;
  readonly comments: string;
  readonly line: number;
}

/**
 * `breaks`: the former version fails. `care`: it may fail or wait, so somebody must have considered
 * it.
 */
type Finding = { readonly kind: 'breaks' | 'care' | 'locks'; readonly why: string };

/** Reads `migrations/` of a checkout. */
export function readMigrations(root: string): ReadonlyMap<string, string> {
  const folder = join(root, 'migrations');
  return new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}

/**
 * Finds what a version that is still running could not cope with
 * (docs/decisions/080-expand-then-contract.md). `-- contract: not before VERSION` above a statement
 * allows what breaks, from that version of the service on. `-- looked at: REASON` allows what needs
 * care.
 * @throws when there is no migration: a check of nothing must not pass
 */
export function checkMigrations(files: ReadonlyMap<string, string>, version: string): MigrationFault[] {
  if (files.size === 0) throw new Error('no migrations were found to check');
  const breaking = [...files]
    .filter(([file]) => Number(file.slice(0, 3)) >= firstNumber)
    .flatMap(([file, text]) => {
      const statements = split(text);
      const own = namesMadeBy(statements);
      const alsoLocks = Number(file.slice(0, 3)) >= concurrentFrom;
      const outside = text.startsWith('-- outside a transaction');
      return statements.flatMap((statement) =>
        [...judge(statement, own), ...(alsoLocks ? judgeBuild(statement, own, outside) : [])]
          .filter(({ kind }) => !isAllowed(kind, file, statement, version))
          .map(({ kind, why }) => ({ file, line: statement.line, why: `${why}; ${wayOut[kind]}` })),
      );
    });
  return [...sharedNumbers([...files.keys()]), ...breaking];
}

/** Two branches may take one number. Git merges them, and the service then refuses to start. */
function sharedNumbers(files: readonly string[]): MigrationFault[] {
  return files
    .toSorted()
    .filter((file, at, all) => file.slice(0, 3) === all[at - 1]?.slice(0, 3))
    .map((file) => ({ file, line: 1, why: 'another migration has this number; take the next free one' }));
}

/**
 * From this number on an index of a table that can be large is built concurrently, whatever a
 * comment says: nobody knows how many rows the next installation has.
 */
const concurrentFrom = 184;

const wayOut = {
  breaks: 'do it a version later, under "-- contract: not before VERSION"',
  care: 'if that is harmless here, say why under "-- looked at: REASON"',
  locks: 'no comment allows it',
};

function isAllowed(kind: Finding['kind'], file: string, { comments }: Statement, version: string): boolean {
  if (kind === 'care' && looked.includes(file.replace(/\.sql$/, ''))) return true;
  const notBefore = /^-- contract: not before ([0-9]+\.[0-9]+\.[0-9]+)$/m.exec(comments)?.[1];
  if (notBefore !== undefined && isAtLeast(version, notBefore)) return true;
  return kind === 'care' && /^-- looked at: \S/m.test(comments);
}

function isAtLeast(version: string, least: string): boolean {
  const [one = [], other = []] = [version, least].map((text) => text.split('.').map(Number));
  const place = one.findIndex((part, at) => part !== other[at]);
  return place < 0 || (one[place] ?? 0) > (other[place] ?? 0);
}

/** Tables, columns and constraints that the file itself makes. No former version knows them. */
interface Made {
  readonly tables: ReadonlySet<string>;
  /** `table.column` */
  readonly columns: ReadonlySet<string>;
  readonly dropped: ReadonlySet<string>;
  readonly added: ReadonlySet<string>;
  readonly indexes: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
  /** Indexes that are dropped first, where an interrupted build left them. */
  readonly unfinished: ReadonlySet<string>;
}

function namesMadeBy(statements: readonly Statement[]): Made {
  const tables = new Set<string>();
  const columns = new Set<string>();
  const dropped = new Set<string>();
  const added = new Set<string>();
  const indexes = new Set<string>();
  const functions = new Set<string>();
  const unfinished = new Set<string>();
  for (const { sql } of statements) {
    const table = /^create table (?:if not exists )?([\w."]+)/.exec(sql)?.[1];
    if (table) tables.add(table);
    const index = /^create (?:unique )?index (?:concurrently )?(?:if not exists )?(\w+) on /.exec(sql)?.[1];
    if (index) indexes.add(index);
    const left = /^drop index concurrently if exists (?:\w+\.)?(\w+)$/.exec(sql)?.[1];
    if (left) unfinished.add(left);
    const made = /^create function ([\w.]+)\(/.exec(sql)?.[1];
    if (made) functions.add(made);
    const altered = alteration(sql);
    for (const action of altered?.actions ?? []) {
      const column = /^add (?:column )?(?:if not exists )?(\w+) /.exec(action)?.[1];
      if (column) columns.add(`${altered?.table}.${column}`);
      const constraint = /^drop constraint (?:if exists )?(\w+)/.exec(action)?.[1];
      if (constraint) dropped.add(constraint);
      const anew = /^add constraint (\w+)/.exec(action)?.[1];
      if (anew) added.add(anew);
    }
  }
  return { tables, columns, dropped, added, indexes, functions, unfinished };
}

function judge({ sql }: Statement, made: Made): Finding[] {
  const altered = alteration(sql);
  if (altered) {
    if (made.tables.has(altered.table)) return [];
    return altered.actions.flatMap((action) => judgeAction(action, made));
  }
  const index =
    /^create (unique )?index (concurrently )?(if not exists )?\w* ?on (?:only )?([\w."]+)[^(]*\(([^)]*)/.exec(
      sql,
    );
  if (index) {
    const [, unique, concurrently, ifNotExists, table = '', columns = ''] = index;
    const built = concurrently ?? ifNotExists;
    const isOld = columns
      .split(',')
      .some((column) => !made.columns.has(`${table}.${column.trim().split(' ')[0]}`));
    if (made.tables.has(table) || (built && !unique)) return [];
    if (unique && isOld) return [care('a unique index refuses what the former version may write')];
    return [
      care(
        'building an index keeps writers waiting: build it concurrently in a file "-- outside a transaction"',
      ),
    ];
  }
  const trigger = /^create (?:or replace )?(?:constraint )?trigger .*? on ([\w."]+)/.exec(sql);
  if (trigger)
    return made.tables.has(trigger[1] ?? '') ? [] : [care('a trigger meets what the former version writes')];
  const written = /^(?:update|delete from) (?:only )?([\w."]+)/.exec(sql);
  if (written && !made.tables.has(written[1] ?? ''))
    return [care('one statement locks all rows it touches: fill in batches')];
  // An index that the same file builds again, after an interrupted build.
  const unfinished = /^drop index concurrently if exists (?:\w+\.)?(\w+)$/.exec(sql)?.[1];
  if (unfinished !== undefined && made.indexes.has(unfinished)) return [];
  if (/^drop /.test(sql)) return [breaks('drops what the former version may use')];
  // No former version calls a function that the file makes.
  const narrowed = /^revoke .* on function ([\w.]+)\(/.exec(sql)?.[1];
  if (narrowed !== undefined && made.functions.has(narrowed)) return [];
  if (/^(truncate|revoke) /.test(sql)) return [breaks('takes away what the former version may use')];
  if (/^alter .* (rename|set schema) /.test(sql)) return [breaks('renames what the former version may use')];
  if (/^do /.test(sql)) return [care('a block cannot be checked')];
  if (/^(lock|cluster|vacuum|reindex) /.test(sql)) return [care('locks a whole table')];
  return [];
}

/** How an index comes to a table that is there already and can be large (`growing-tables.ts`). */
function judgeBuild({ sql }: Statement, made: Made, outside: boolean): Finding[] {
  const [, concurrently, name = '', table = ''] =
    /^create (?:unique )?index (concurrently )?(?:if not exists )?(\w*?) ?on (?:only )?([\w.]+)/.exec(sql) ??
    [];
  if (!grows(table) || made.tables.has(table)) return [];
  const locks = (why: string): Finding => ({ kind: 'locks', why });
  if (concurrently === undefined) return [locks(`${table} can be large: "create index concurrently"`)];
  return [
    ...(outside ? [] : [locks('the file must begin with "-- outside a transaction"')]),
    ...(made.unfinished.has(name)
      ? []
      : [
          locks(
            'an interrupted build leaves an invalid index: "drop index concurrently if exists" before it',
          ),
        ]),
  ];
}

function judgeAction(action: string, made: Made): Finding[] {
  if (/^rename /.test(action)) return [breaks('renames what the former version may use')];
  const gone = /^drop constraint (?:if exists )?(\w+)/.exec(action)?.[1];
  if (gone !== undefined) {
    if (made.added.has(gone)) return [];
    return [care('without its constraint a table may hold what the former version does not expect')];
  }
  if (/^drop (?!not null)/.test(action)) return [breaks('drops what the former version may use')];
  if (/^alter (column )?\w+ (set data )?type /.test(action))
    return [breaks('changes a type under the former version')];
  if (/^alter (column )?\w+ set not null/.test(action))
    return [breaks('the former version may write null there')];
  if (/^alter (column )?\w+ drop default/.test(action))
    return [breaks('the former version may leave it out')];
  const constraint = /^add (?:constraint (\w+) )?(?:check|foreign key|unique|primary key|exclude)\b/.exec(
    action,
  );
  if (constraint) {
    if (constraint[1] && made.dropped.has(constraint[1])) return [];
    return [
      care(
        'a constraint refuses what the former version may write, and is checked under a lock unless "not valid"',
      ),
    ];
  }
  if (/^add /.test(action)) {
    const filled = /\b(default|generated|\w*serial)\b/.test(action);
    if (/\b(not null|primary key)\b/.test(action) && !filled)
      return [breaks('the former version leaves it out')];
    if (
      /\bgenerated\b|serial\b|\bdefault [^,]*\b(random|gen_random_uuid|clock_timestamp|nextval)\b/.test(
        action,
      )
    )
      return [care('writes the whole table anew under a lock')];
    if (/\bunique\b/.test(action)) return [care('builds an index under a lock')];
  }
  return [];
}

const breaks = (why: string): Finding => ({ kind: 'breaks', why });
const care = (why: string): Finding => ({ kind: 'care', why });

/** Splits an ALTER TABLE into its parts. */
function alteration(
  sql: string,
): { readonly table: string; readonly actions: readonly string[] } | undefined {
  const [, table, rest] = /^alter table (?:if exists )?(?:only )?([\w."]+) (.*)$/.exec(sql) ?? [];
  return table === undefined || rest === undefined ? undefined : { table, actions: splitOutside(rest, ',') };
}

/** Splits at a mark that is outside all brackets. */
function splitOutside(text: string, mark: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const letter of text) {
    if (letter === '(') depth += 1;
    if (letter === ')') depth -= 1;
    if (letter === mark && depth === 0) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim());
}

/** The statements of a file. String literals and function bodies are emptied. */
function split(text: string): Statement[] {
  const token = /--[^\n]*|\/\*.*?\*\/|'(?:[^']|'')*'|(\$\w*\$).*?\1|;|[^-/'$;]+|./gs;
  const statements: Statement[] = [];
  let sql = '';
  let comments = '';
  let line = 1;
  let begun = 1;
  const end = () => {
    const folded = sql.replace(/\s+/g, ' ').trim().toLowerCase();
    if (folded !== '') statements.push({ sql: folded, comments, line: begun });
    sql = '';
    comments = '';
  };
  for (const [part] of text.matchAll(token)) {
    if (part === ';') end();
    else if (part.startsWith('--') || part.startsWith('/*')) comments += `${part.trim()}\n`;
    else {
      if (sql.trim() === '' && part.trim() !== '') {
        begun = line + (/^\s*/.exec(part)?.[0].split('\n').length ?? 1) - 1;
      }
      sql += /^['$]./.test(part) ? "''" : part;
    }
    line += part.split('\n').length - 1;
  }
  end();
  return statements;
}

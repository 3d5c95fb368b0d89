/** A statement with its parameters apart: no value ever becomes part of the text. */
export interface Sql {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * Builds a parameterised statement: each `${value}` becomes `$1`, `$2`, …; a nested statement is
 * spliced in with its own parameters. Arrays go as PostgreSQL arrays, objects as jsonb by `json()`.
 */
export function sql(strings: TemplateStringsArray, ...parts: readonly unknown[]): Sql {
  let text = strings[0] ?? '';
  const values: unknown[] = [];
  parts.forEach((part, index) => {
    if (isSql(part)) {
      text += part.text.replace(/\$(\d+)/g, (_, n: string) => `$${Number(n) + values.length}`);
      values.push(...part.values);
    } else {
      values.push(part);
      text += `$${values.length}`;
    }
    text += strings[index + 1] ?? '';
  });
  return new Statement(text, values);
}

/**
 * The name of a column that stands in a table of our own code.
 * @throws for what would have to be quoted: nothing from outside is ever a name
 */
export function identifier(name: string): Sql {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new Error(`not the name of a column: ${name}`);
  return new Statement(name, []);
}

/**
 * The same for a name that a row gives its column, or a key of a jsonb object, quoted as the one or
 * the other.
 */
export function label(name: string, quote: '"' | "'"): Sql {
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name)) throw new Error(`not a name of ours: ${name}`);
  return new Statement(`${quote}${name}${quote}`, []);
}

/** Statements with a comma between them. */
export function listed(statements: readonly Sql[]): Sql {
  return statements.reduce((all, one, index) => (index === 0 ? one : sql`${all}, ${one}`), sql``);
}

/** A jsonb parameter. Without this, `pg` would send an array as a PostgreSQL array. */
export function json(value: unknown): string {
  return JSON.stringify(value);
}

class Statement implements Sql {
  constructor(text: string, values: readonly unknown[]) {
    this.text = text;
    this.values = values;
  }
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * Only what this template made is spliced in: an object from outside with a `text` field stays a
 * value.
 */
function isSql(part: unknown): part is Sql {
  return part instanceof Statement;
}

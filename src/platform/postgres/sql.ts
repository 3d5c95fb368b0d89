/** A statement with separate parameters: no value ever becomes part of the text. */
export interface Sql {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * Builds a parameterised statement. Each `${value}` becomes `$1`, `$2` and so on. A nested
 * statement is inserted with its own parameters. Arrays are sent as PostgreSQL arrays; `json()`
 * sends objects as jsonb.
 */
export function sql(strings: TemplateStringsArray, ...parts: readonly unknown[]): Sql {
  let text = strings[0] ?? '';
  const values: unknown[] = [];
  parts.forEach((part, index) => {
    if (isSql(part)) {
      // Most parts are fixed texts: columns and conditions without a parameter.
      text +=
        part.values.length === 0
          ? part.text
          : part.text.replace(/\$(\d+)/g, (_, n: string) => `$${Number(n) + values.length}`);
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
 * The name of a column, taken from a table in our own code.
 * @throws for a name that would need quotes: names never come from outside
 */
export function identifier(name: string): Sql {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new Error(`not the name of a column: ${name}`);
  return new Statement(name, []);
}

/** A name for a column of the result, or a key of a jsonb object, with the quotes of that place. */
export function label(name: string, quote: '"' | "'"): Sql {
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name)) throw new Error(`not a name of ours: ${name}`);
  return new Statement(`${quote}${name}${quote}`, []);
}

/** Joins statements with commas. */
export function listed(statements: readonly Sql[]): Sql {
  return statements.reduce((all, one, index) => (index === 0 ? one : sql`${all}, ${one}`), sql``);
}

/** A jsonb parameter. Without this, `pg` sends an array as a PostgreSQL array. */
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
 * Only statements made by this template are inserted. An object from outside with a `text` field
 * remains a value.
 */
function isSql(part: unknown): part is Sql {
  return part instanceof Statement;
}

/** A statement with its parameters apart: no value ever becomes part of the text. */
export interface Sql {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * Builds a parameterised statement: each `${value}` becomes `$1`, `$2`, …; a nested statement is spliced in
 * with its own parameters. Arrays go as PostgreSQL arrays, objects as jsonb by `json()`.
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

/** Only what this template made is spliced in: an object from outside with a `text` field stays a value. */
function isSql(part: unknown): part is Sql {
  return part instanceof Statement;
}

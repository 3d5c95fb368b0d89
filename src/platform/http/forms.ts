import { z } from 'zod';
import { problem } from './problem.ts';

/** What a form sent: each field once, as text. */
export type Fields = Readonly<Record<string, string>>;

/** The fields a form has. A field outside these is refused, and so is one sent twice. */
export interface FormShape {
  /** Must be sent, though it may be empty. */
  readonly required: readonly string[];
  /** Checkboxes, the submit button's own name. */
  readonly optional?: readonly string[];
}

/** Carried by every form: the token, and the page it stands on (for the language switch). */
const everyForm = ['csrf', 'page'];

/**
 * Reads a posted form strictly: what is missing, unknown, repeated or not text is a 400, since only a broken or hostile
 * client sends it.
 */
export function readForm(body: unknown, shape: FormShape): Fields {
  if (typeof body !== 'object' || body === null) throw problem(400);
  const optional = [...everyForm, ...(shape.optional ?? [])];
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(body)) {
    if (typeof value !== 'string') throw problem(400);
    if (shape.required.includes(name) || optional.includes(name)) fields[name] = value;
    else throw problem(400);
  }
  if (shape.required.some((name) => fields[name] === undefined)) throw problem(400);
  return fields;
}

/** A schema of the fields that a form sends, beside the token and the page, which every form carries. */
export function formOf<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject({ csrf: z.string().optional(), page: z.string().optional(), ...shape });
}

/**
 * Reads what a request brought by its schema: a form's body, a query, or the parts of an address.
 * @throws Problem 400 for what does not fit: only a broken or hostile client sends it
 */
export function parse<Schema extends z.ZodType>(schema: Schema, sent: unknown): z.output<Schema> {
  const parsed = schema.safeParse(sent);
  if (!parsed.success) throw problem(400);
  return parsed.data;
}

/** A form's own id: it tells a form that is sent twice from two forms. */
export const formIdText = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);

import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { problem } from './problem.ts';

/** What a form sent: each field once, as text. */
export type Fields = Readonly<Record<string, string>>;

/**
 * A schema of the fields that a form sends, beside the token and the page, which every form
 * carries. Build it once: a schema takes a hundred times as long to make as to use.
 */
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

/** A form that is nothing but its button. */
export const emptyForm = formOf({});

/** A form's own id: it tells a form that is sent twice from two forms. */
export const formIdText = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);

/** What was typed into these fields, of whatever a request brought. */
export function pickTyped(sent: Readonly<Record<string, unknown>>, names: readonly string[]): Fields {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = sent[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

/** The page that a form was sent from, as the browser says, if it is one of ours. */
export function ownReferer({ headers: { referer, origin } }: FastifyRequest): URL | undefined {
  if (referer === undefined || !URL.canParse(referer)) return undefined;
  const url = new URL(referer);
  return url.origin === origin && /^\/(?![/\\])/.test(url.pathname) ? url : undefined;
}

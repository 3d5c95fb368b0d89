import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { problem } from './problem.ts';

/** What a form sent: each field once, as text. */
export type Fields = Readonly<Record<string, string>>;

/**
 * A schema of a form's fields, besides the token and the page, which every form carries. Build it
 * once: making a schema takes a hundred times as long as using it.
 */
export function formOf<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject({ csrf: z.string().optional(), page: z.string().optional(), ...shape });
}

/**
 * Parses a form's body, a query or the parts of an address by a schema.
 * @throws Problem 400 when it does not fit, which only happens with a broken or hostile client
 */
export function parse<Schema extends z.ZodType>(schema: Schema, sent: unknown): z.output<Schema> {
  const parsed = schema.safeParse(sent);
  if (!parsed.success) throw problem(400);
  return parsed.data;
}

/** A form that has only its button. */
export const emptyForm = formOf({});

/** The id of a form. It distinguishes one form sent twice from two forms. */
export const formIdText = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);

/** What a person typed into the named fields, out of everything the request carried. */
export function pickTyped(sent: Readonly<Record<string, unknown>>, names: readonly string[]): Fields {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = sent[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

/** The page that a form was sent from, according to the browser, if it is a page of ours. */
export function ownReferer({ headers: { referer, origin } }: FastifyRequest): URL | undefined {
  if (referer === undefined || !URL.canParse(referer)) return undefined;
  const url = new URL(referer);
  return url.origin === origin && /^\/(?![/\\])/.test(url.pathname) ? url : undefined;
}

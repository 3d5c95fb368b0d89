import { z } from 'zod';

// What browsers send, as WebAuthn's JSON: every part in base64url.

export const base64url = z
  .string()
  .max(20_000)
  .regex(/^[\w-]+$/);

const clientData = z.object({ challenge: base64url });

/** Reads JSON of a known form. Undefined when it has another. */
export function readJson<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
): z.output<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The challenge that an answer says it is for. What it says is believed only after verification. */
export function challengeIn(clientDataJson: string): string | undefined {
  return readJson(clientData, Buffer.from(clientDataJson, 'base64url').toString())?.challenge;
}

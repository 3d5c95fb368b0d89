import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';
import { z } from 'zod';
import { sha256, toHex } from './bytes.ts';

/** The `typ` of a head, so that no other signature of the service can stand for it. */
export const headType = 'kabinet-receipt-head+jws';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

const headPayload = z.strictObject({
  day: z.iso.date(),
  /** The number of changes of that day. */
  size: z.int().nonnegative(),
  /** The root of their tree, hexadecimal. */
  root: hash,
  /** SHA-256 of the head of the day before. Null for the first. */
  previous: hash.nullable(),
});

/** What the head of a day says. */
export type ReceiptHead = z.infer<typeof headPayload>;

/** What the next day's head says of a signed head. */
export async function digestOfHead(signed: string): Promise<string> {
  return toHex(await sha256(new TextEncoder().encode(signed)));
}

/** Opens a head. Undefined when it was altered, or none of the keys signed it. */
export async function openHead(signed: string, keys: JSONWebKeySet): Promise<ReceiptHead | undefined> {
  try {
    const { payload, protectedHeader } = await compactVerify(signed, createLocalJWKSet(keys), {
      algorithms: ['ES256'],
    });
    if (protectedHeader.typ !== headType) return undefined;
    return headPayload.safeParse(JSON.parse(new TextDecoder().decode(payload))).data;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

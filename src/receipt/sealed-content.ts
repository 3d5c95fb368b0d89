import { z } from 'zod';

/** The `typ` of the JWS, so that no other signature of the service can stand for it. */
export const sealType = 'kabinet-receipt+jws';

const hexadecimal = z.string().regex(/^(?:[0-9a-f]{2})+$/);

/** What a receipt says of the log of all receipts. */
const inLog = z.object({
  salt: hexadecimal,
  /** The day in whose head it is, or will be: that is a promise, and the seal signs it. */
  day: z.iso.date(),
  /** Null until that day is closed. */
  proof: z
    .object({
      place: z.int().nonnegative(),
      /** From the leaf up. */
      path: z.array(hexadecimal).max(64),
      /** The signed head of the day, a JWS. */
      head: z.string(),
    })
    .nullable(),
});

export type ReceiptInLog = z.infer<typeof inLog>;

/**
 * What the seal of a receipt says, beside the bytes that it covers. Values are the stored ones, and
 * the file shows them in the words of its language.
 */
export const sealedContent = z.object({
  version: z.literal(1),
  /** The origin of the cabinet that made the receipt. */
  origin: z.string(),
  number: z.string(),
  /** When the change was made, ISO 8601. */
  madeAt: z.string(),
  holder: z.object({
    /** Null when the fund could not be asked. */
    name: z.string().nullable(),
    /** With its middle hidden, as on the page. */
    iin: z.string(),
  }),
  /** Type, series and number of the document that was shown. Null when there was none. */
  document: z.string().nullable(),
  changes: z.array(z.object({ field: z.string(), old: z.string().nullable(), new: z.string().nullable() })),
  /** How the holder proved the change. */
  proof: z.string(),
  /** What has become of the change at the fund when the file was made. */
  state: z.enum(['sending', 'applied', 'refused']),
  /** Null where there is no log. */
  log: inLog.nullable(),
});

export type SealedContent = z.infer<typeof sealedContent>;

/** What the seal covers of the file: everything but its own place. */
const sealedFile = z.object({
  /** SHA-256 over the bytes before the place and those after it, base64url. */
  sha256: z.string().regex(/^[\w-]{43}$/),
  /** The first byte of the place, and its length in bytes. Eight digits each. */
  offset: z.string().regex(/^[0-9]{8}$/),
  length: z.string().regex(/^[0-9]{8}$/),
});

/** The payload of the JWS. */
export const sealPayload = z.strictObject({ content: sealedContent, file: sealedFile });

export type SealPayload = z.infer<typeof sealPayload>;

import { base64url, compactVerify, errors, importJWK, type JSONWebKeySet } from 'jose';
import { accepted, type Result, refused } from '../values/result.ts';
import { leafOf } from './leaf.ts';
import type { SealedContent } from './sealed-content.ts';

/**
 * The header of its JWS. It is the same for every code, so a code is shorter without it, and the
 * `typ` keeps other signatures of the service out.
 */
export const codeHeader = { alg: 'ES256', typ: 'kabinet-receipt-code+jws' } as const;

/** The short form of a receipt, which its QR holds. Nothing in it is personal. */
export interface ReceiptCode {
  readonly number: string;
  /** When the change was made, ISO 8601 to the second. */
  readonly madeAt: string;
  /**
   * The leaf of the log (base64url): a salted hash of the values, from which nobody can guess them.
   * Null where the receipt has no leaf.
   */
  readonly leaf: string | null;
}

/**
 * Why a text is not the code of a receipt. `noCode`: it has another form. `foreignCode`: none of
 * the keys signed it, or it was altered.
 */
export type ReceiptCodeReason = 'noCode' | 'foreignCode';

/** The code of a receipt. */
export async function receiptCodeOf(content: SealedContent): Promise<ReceiptCode> {
  const leaf = await leafOf(content);
  const madeAt = `${new Date(content.madeAt).toISOString().slice(0, 19)}Z`;
  return { number: content.number, madeAt, leaf: leaf === undefined ? null : base64url.encode(leaf) };
}

/** The part of a code that is signed. */
export function textOfCode({ number, madeAt, leaf }: ReceiptCode): string {
  return `1.${number}.${madeAt}.${leaf ?? ''}`;
}

const form = /^(1\.([0-9A-Z]{1,40})\.(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\.([\w-]{43})?)\.([\w-]{86})$/;

/**
 * Opens a code. Runs in Node.js and in browsers, and needs no network.
 * @param text the code, or the address with it after the `#`
 */
export async function openCode(
  text: string,
  keys: JSONWebKeySet,
): Promise<Result<ReceiptCode, ReceiptCodeReason>> {
  const [, signed, number = '', madeAt = '', leaf = null, signature] =
    form.exec(text.slice(text.lastIndexOf('#') + 1).trim()) ?? [];
  if (signed === undefined) return refused('noCode');
  const jws = [JSON.stringify(codeHeader), signed].map((part) => base64url.encode(part));
  for (const key of keys.keys) {
    if (await isSignedBy(`${jws.join('.')}.${signature}`, key)) return accepted({ number, madeAt, leaf });
  }
  return refused('foreignCode');
}

async function isSignedBy(jws: string, key: JSONWebKeySet['keys'][number]): Promise<boolean> {
  try {
    await compactVerify(jws, await importJWK(key, 'ES256'), { algorithms: ['ES256'] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}

/** True when a sealed file is the receipt of this code. */
export async function isOfCode(content: SealedContent, code: ReceiptCode): Promise<boolean> {
  return textOfCode(await receiptCodeOf(content)) === textOfCode(code);
}

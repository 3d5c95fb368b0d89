import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';
import { accepted, type Refusal, refused } from '../values/result.ts';
import { digestAround, findPlace, sealIn } from './place.ts';
import { type SealedContent, sealPayload, sealType } from './sealed-content.ts';

/**
 * Why a file is not a receipt as the service made it. `noSeal`: it has no seal, or several.
 * `foreign`: none of our keys made it. `broken`: the seal itself was altered. `altered`: the seal is
 * ours, and the file is not what was sealed.
 */
export type SealReason = 'noSeal' | 'foreign' | 'broken' | 'altered';

/** A larger file is not one of our receipts. Bytes. */
export const mostReceiptBytes = 5_000_000;

/** What was sealed, or why the seal does not hold. */
export type SealVerdict =
  | { readonly ok: true; readonly value: SealedContent }
  | (Refusal<SealReason> & {
      /** What the seal in an altered file says. The file may show something else. */
      readonly sealed?: SealedContent;
    });

/**
 * Checks the seal of a receipt. Runs in Node.js and in browsers, needs no network, and trusts
 * nothing in the file but what the seal covers.
 * @param keys the published keys of the service
 */
export async function checkSeal(file: Uint8Array, keys: JSONWebKeySet): Promise<SealVerdict> {
  if (file.length > mostReceiptBytes) return refused('noSeal');
  const place = findPlace(file);
  if (!place) return refused('noSeal');
  const opened = await openSeal(sealIn(file, place), keys);
  if (!opened.ok) return opened;
  const { content, file: covered } = opened.value;
  const isWhole =
    Number(covered.offset) === place.offset &&
    Number(covered.length) === place.length &&
    covered.sha256 === (await digestAround(file, place));
  return isWhole ? accepted(content) : { ...refused('altered'), sealed: content };
}

async function openSeal(seal: string, keys: JSONWebKeySet) {
  try {
    const { payload, protectedHeader } = await compactVerify(seal, createLocalJWKSet(keys), {
      algorithms: ['ES256'],
    });
    if (protectedHeader.typ !== sealType) return refused('broken' as const);
    const parsed = sealPayload.safeParse(JSON.parse(new TextDecoder().decode(payload)));
    return parsed.success ? accepted(parsed.data) : refused('broken' as const);
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return refused('foreign' as const);
    if (error instanceof errors.JOSEError || error instanceof SyntaxError) return refused('broken' as const);
    throw error;
  }
}

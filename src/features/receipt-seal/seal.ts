import { CompactSign } from 'jose';
import { digestAround, fillPlace, findPlace } from '../../receipt/place.ts';
import { codeHeader, receiptCodeOf, textOfCode } from '../../receipt/receipt-code.ts';
import { type SealedContent, type SealPayload, sealType } from '../../receipt/sealed-content.ts';
import type { SealKeys } from './seal-keys.ts';

/** How many characters the seal of this content has. Every seal of it has as many. */
export async function sealLength(keys: SealKeys, content: SealedContent): Promise<number> {
  return (await sign(keys, payloadOf(content, 'A'.repeat(43), 0, 0))).length;
}

/**
 * Seals a file that has an empty place (`emptyPlace`) somewhere. The seal covers every other byte,
 * so nothing that can be seen in the file can be changed without breaking it.
 * @throws when the file has no place, or more than one
 */
export async function sealFile(
  keys: SealKeys,
  file: Uint8Array,
  content: SealedContent,
): Promise<Uint8Array> {
  const place = findPlace(file);
  if (!place) throw new Error('the file has no single place for a seal');
  const sha256 = await digestAround(file, place);
  const seal = await sign(keys, payloadOf(content, sha256, place.offset, place.length));
  return fillPlace(file, place, seal);
}

/**
 * Signs the short form of a receipt, which `openCode` opens. Its header is always the same, so the
 * code does not hold it.
 */
export async function signCode({ signing: { key } }: SealKeys, content: SealedContent): Promise<string> {
  const text = textOfCode(await receiptCodeOf(content));
  const jws = await new CompactSign(new TextEncoder().encode(text)).setProtectedHeader(codeHeader).sign(key);
  return `${text}.${jws.slice(jws.lastIndexOf('.') + 1)}`;
}

function payloadOf(content: SealedContent, sha256: string, offset: number, length: number): SealPayload {
  const digits = (value: number) => String(value).padStart(8, '0');
  return { content, file: { sha256, offset: digits(offset), length: digits(length) } };
}

async function sign({ signing }: SealKeys, payload: SealPayload): Promise<string> {
  const { key, kid } = signing;
  return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256', kid, typ: sealType })
    .sign(key);
}

/** The time-stamps among the unsigned attributes of a signer (RFC 3161, RFC 5126). */
import { digest } from './algorithms.ts';
import type { SignerInfo } from './cms.ts';
import { body, type Element, Fields, inner, oid, parse, sameBytes, TAG, whole } from './der.ts';
import { encodeOid, wrap } from './der-writer.ts';
import { Refusal } from './verdict.ts';

/** id-aa-timeStampToken */
const TIME_STAMP = '1.2.840.113549.1.9.16.2.14';
/** id-ct-TSTInfo */
export const TST_INFO = '1.2.840.113549.1.9.16.1.4';

/**
 * Checks that each time-stamp is about this signature and not about another one. Whose time-stamp
 * it is, is not checked, so its time proves nothing. One whose digest is unknown passes.
 * @throws Refusal `malformed` or `badSignature`
 */
export function checkTimeStamps(signer: SignerInfo): void {
  for (const token of tokensOf(signer)) {
    const { algorithm, imprint } = imprintOf(token);
    const computed = digest(algorithm, signer.signature);
    if (computed !== null && !sameBytes(computed, imprint))
      throw new Refusal('badSignature', 'a time-stamp of something else');
  }
}

/** The tokens of a signer, not verified. */
export function tokensOf({ unsigned }: SignerInfo): readonly Element[] {
  return (unsigned?.children ?? []).flatMap((attribute) => {
    const fields = new Fields(attribute, 'an unsigned attribute');
    return oid(fields.take(TAG.oid)) === TIME_STAMP ? fields.take(TAG.set).children : [];
  });
}

/**
 * A message of one signer with time-stamps about its signature added to the unsigned attributes.
 * What was signed stays octet for octet. Nothing is verified.
 * @throws Refusal for what is no such message
 */
export function insertTokens(message: Uint8Array, tokens: readonly Uint8Array[]): Uint8Array {
  const attributes = tokens.map((token) => wrap(TAG.sequence, encodeOid(TIME_STAMP), wrap(TAG.set, token)));
  const root = parse(message, 'ber');
  const [type, holder] = root.children;
  const data = holder?.children[0];
  const signers = data?.children.at(-1);
  const [signer, second] = signers?.children ?? [];
  if (!type || !holder || !data || !signers || !signer || second)
    throw new Refusal('malformed', 'not a message of one signer');
  const unsigned = signer.children.find(({ tag }) => tag === 0xa1);
  const kept = signer.children.filter((child) => child !== unsigned).map(whole);
  const added = wrap(0xa1, ...(unsigned?.children ?? []).map(whole), ...attributes);
  const rest = data.children.slice(0, -1).map(whole);
  const set = wrap(TAG.set, wrap(TAG.sequence, ...kept, added));
  return wrap(TAG.sequence, whole(type), wrap(0xa0, wrap(TAG.sequence, ...rest, set)));
}

/** The digest that a time-stamp is about. */
function imprintOf(token: Element): { readonly algorithm: string; readonly imprint: Uint8Array } {
  const root = new Fields(token, 'a time-stamp');
  root.take(TAG.oid);
  const signed = new Fields(inner(root.take(0xa0), 'a time-stamp', TAG.sequence), 'a time-stamp');
  signed.take(TAG.integer);
  signed.take(TAG.set);
  const encapsulated = new Fields(signed.take(TAG.sequence), 'the content of a time-stamp');
  if (oid(encapsulated.take(TAG.oid)) !== TST_INFO) throw new Refusal('malformed', 'no time-stamp');
  const content = inner(encapsulated.take(0xa0), 'the content of a time-stamp', TAG.octetString);
  const info = new Fields(parse(body(content)), 'the content of a time-stamp');
  info.take(TAG.integer);
  info.take(TAG.oid);
  const about = new Fields(info.take(TAG.sequence), 'the imprint of a time-stamp');
  const algorithm = oid(new Fields(about.take(TAG.sequence), 'the digest of a time-stamp').take(TAG.oid));
  return { algorithm, imprint: body(about.take(TAG.octetString)) };
}

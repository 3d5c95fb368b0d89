import { disavowPath } from '../../paths.ts';
import { type Keys, sameBytes } from '../../platform/keys.ts';

/** What the key of the link's signature is derived for. */
const purpose = 'disavowal';
const idBytes = 16;
/** The beginning of the HMAC. With it the link has 44 characters, and no bit without a meaning. */
const macBytes = 17;

/**
 * The path of the "this wasn't me" link of a notice. It ends in 44 characters, the base64url of the
 * id and its HMAC together, and is short because an SMS carries it. Nobody without the notice can
 * forge one.
 */
export function disavowalPath(keys: Keys, disavowalId: string): string {
  const id = Buffer.from(disavowalId.replaceAll('-', ''), 'hex');
  if (id.length !== idBytes) throw new Error('a disavowal id is a UUID');
  const mac = keys.sign(purpose, uuidOf(id)).subarray(0, macBytes);
  return disavowPath(Buffer.concat([id, mac]).toString('base64url'));
}

/** With the beginning of the HMAC, or the whole, as the former release wrote it. */
const forms = /^(?:[\w-]{44}|[\w-]{64})$/;

/** Punctuation around a link that mail programs and messengers take for a part of it. */
const punctuation = /^[^\w-]+|[^\w-]+$/g;

/**
 * Reads the disavowal's id from the last part of the path, with or without the full stop or bracket
 * of the sentence around the link. Undefined when the link is not ours.
 */
export function readDisavowal(keys: Keys, link: string): string | undefined {
  if (link.length > 100) return undefined;
  const text = link.replace(punctuation, '');
  if (!forms.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  const mac = bytes.subarray(idBytes);
  const id = uuidOf(bytes.subarray(0, idBytes));
  const right = keys.signAll(purpose, id).some((one) => sameBytes(one.subarray(0, mac.length), mac));
  return right ? id : undefined;
}

function uuidOf(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

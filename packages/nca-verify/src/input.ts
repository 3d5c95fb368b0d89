/** The forms in which a signature or a certificate may arrive: DER, PEM or base64 text. */
import { fromBase64 as decodeBase64, fromUtf16, toBase64, toLatin1, toUtf8 } from './platform.ts';
import { Refusal } from './verdict.ts';

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const MESSAGE_LABELS = ['CMS', 'PKCS7', 'PKCS #7 SIGNED DATA', 'SIGNED MESSAGE'];
const SEQUENCE = 0x30;

/** Decodes base64 with line breaks; null unless the text is exactly the encoding of some bytes. */
export function fromBase64(text: string): Uint8Array | null {
  const joined = text.replace(/[\r\n\t ]/g, '');
  if (joined.length === 0 || joined.length % 4 !== 0 || !BASE64.test(joined)) return null;
  const bytes = decodeBase64(joined);
  return toBase64(bytes) === joined ? bytes : null;
}

/**
 * The text's octets without a byte order mark. UTF-16 with a mark, as some Windows programs write
 * it, becomes UTF-8.
 */
function withoutMark(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return bytes.subarray(3);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return toUtf8(fromUtf16(bytes.subarray(2)));
  return bytes;
}

/**
 * The base64 of every PEM block with one of the labels. Text before, between and after the blocks
 * is ignored (RFC 7468, 5.2 allows it). Each octet is read once for each label.
 */
function pemBlocks(bytes: Uint8Array, labels: readonly string[]): readonly string[] {
  // Latin-1 has a character for each octet.
  const text = toLatin1(bytes);
  return labels.flatMap((label) => {
    const begin = `-----BEGIN ${label}-----`;
    const end = `-----END ${label}-----`;
    const blocks: string[] = [];
    for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at)) {
      const from = at + begin.length;
      at = text.indexOf(end, from);
      if (at < 0) break;
      blocks.push(text.slice(from, at));
    }
    return blocks;
  });
}

/**
 * True when the octets can be DER. Text may also begin with "0", the octet of a SEQUENCE, but its
 * length then does not fit.
 */
function isDer(bytes: Uint8Array): boolean {
  const length = bytes[1] ?? 0;
  return bytes[0] === SEQUENCE && (length >= 0x80 || length + 2 >= bytes.length);
}

/**
 * The bytes of a CMS message, given as DER, BER, base64 text or PEM. Text may also arrive as bytes.
 * @throws Refusal `tooLarge` above `maxBytes` of CMS, `malformed` when it is none of these
 */
export function decodeMessage(input: Uint8Array | string, maxBytes: number): Uint8Array {
  return decode(input, maxBytes, MESSAGE_LABELS, 'the message is too large');
}

/** The largest certificate in bytes. Those of the authority have 1 to 2 KB. */
const MAX_CERTIFICATE_BYTES = 16_384;

/**
 * The bytes of one certificate, given as DER, base64 text or PEM.
 * @throws Refusal `tooLarge`, or `malformed` when it is none of these
 */
export function decodeCertificate(input: Uint8Array | string): Uint8Array {
  return decode(input, MAX_CERTIFICATE_BYTES, ['CERTIFICATE'], 'the certificate is too large');
}

function decode(
  input: Uint8Array | string,
  maxBytes: number,
  labels: readonly string[],
  tooLarge: string,
): Uint8Array {
  // Base64 takes 4/3 of the size; line breaks and the PEM frame take a little more.
  if (input.length > maxBytes * 1.5 + 1024) throw new Refusal('tooLarge', tooLarge);
  const bytes = typeof input !== 'string' && isDer(input) ? input : decodeText(input, labels);
  if (bytes === null) throw new Refusal('malformed', 'neither DER, PEM nor base64');
  if (bytes.length > maxBytes) throw new Refusal('tooLarge', tooLarge);
  return bytes;
}

/** One PEM block, or base64 alone. */
function decodeText(input: Uint8Array | string, labels: readonly string[]): Uint8Array | null {
  const text = withoutMark(typeof input === 'string' ? toUtf8(input) : input);
  const [block, second] = pemBlocks(text, labels);
  if (second !== undefined) return null;
  if (block !== undefined) return fromBase64(block);
  // Base64 of a SEQUENCE begins with "M", never with the "0" of a SEQUENCE's own octet.
  if (typeof input !== 'string' && input[0] === SEQUENCE) return input;
  return fromBase64(toLatin1(text));
}

/**
 * The DER of every certificate in a file: one in DER, or any number in PEM. Empty when nothing can
 * be read.
 */
export function decodeCertificates(file: Uint8Array): readonly Uint8Array[] {
  if (isDer(file)) return [file];
  return pemBlocks(withoutMark(file), ['CERTIFICATE']).flatMap((block) => fromBase64(block) ?? []);
}

/** The bytes of a CRL in DER or PEM. */
export function decodeList(file: Uint8Array): Uint8Array | null {
  if (isDer(file)) return file;
  const [block, second] = pemBlocks(withoutMark(file), ['X509 CRL']);
  return block === undefined || second !== undefined ? null : fromBase64(block);
}

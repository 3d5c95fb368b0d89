/** What a signature or a certificate may arrive as: DER, PEM or base64 text. */
import { Refusal } from './verdict.ts';

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const PEM = /^-----BEGIN ([A-Z0-9 ]+)-----\r?\n([A-Za-z0-9+/=\s]*)-----END \1-----$/;
const LABELS = ['CMS', 'PKCS7', 'PKCS #7 SIGNED DATA', 'SIGNED MESSAGE'];
const SEQUENCE = 0x30;

/** The text of base64 with line breaks; null unless it is exactly the encoding of some bytes. */
function fromBase64(text: string): Uint8Array | null {
  const joined = text.replace(/[\r\n\t ]/g, '');
  if (joined.length === 0 || joined.length % 4 !== 0 || !BASE64.test(joined)) return null;
  const bytes = Buffer.from(joined, 'base64');
  return bytes.toString('base64') === joined ? bytes : null;
}

/**
 * The bytes of a CMS message given as DER or BER bytes, as base64 text, or as PEM; text may come as bytes too.
 * @throws Refusal `tooLarge` beyond `maxBytes` of CMS, `malformed` when it is none of these
 */
export function decodeMessage(input: Uint8Array | string, maxBytes: number): Uint8Array {
  // Base64 needs 4/3, line breaks and a frame a little more.
  if (input.length > maxBytes * 1.5 + 1024) throw new Refusal('tooLarge', 'the message is too large');
  let bytes: Uint8Array | null;
  // Base64 of a SEQUENCE begins with "M", never with the "0" that a SEQUENCE's own octet is.
  if (typeof input !== 'string' && input[0] === SEQUENCE) {
    bytes = input;
  } else {
    const text = (typeof input === 'string' ? input : Buffer.from(input).toString('latin1')).trim();
    const pem = PEM.exec(text);
    const framed = pem !== null && LABELS.includes(pem[1] ?? '');
    bytes = framed ? fromBase64(pem[2] ?? '') : fromBase64(text);
  }
  if (bytes === null) throw new Refusal('malformed', 'neither DER, PEM nor base64');
  if (bytes.length > maxBytes) throw new Refusal('tooLarge', 'the message is too large');
  return bytes;
}

/** The DER of every certificate in a file: one in DER, or any number in PEM. Nothing readable gives nothing. */
export function decodeCertificates(file: Uint8Array): readonly Uint8Array[] {
  if (file[0] === SEQUENCE) return [file];
  const text = Buffer.from(file).toString('latin1');
  const blocks = text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g);
  return [...blocks].flatMap(([, base64 = '']) => fromBase64(base64) ?? []);
}

/** The bytes of a CRL in DER or PEM. */
export function decodeList(file: Uint8Array): Uint8Array | null {
  if (file[0] === SEQUENCE) return file;
  if (file[0] !== 0x2d) return null;
  const text = Buffer.from(file).toString('latin1').trim();
  const block = /^-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]*)-----END X509 CRL-----$/.exec(text);
  return block === null ? null : fromBase64(block[1] ?? '');
}

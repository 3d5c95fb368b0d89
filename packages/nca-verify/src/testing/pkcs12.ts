/**
 * Key files (PKCS#12, RFC 7292) in the form that the authority gives people: outer BER of
 * indefinite length, HMAC-SHA1 with 1024 rounds, the key encrypted with 3DES, the certificate with
 * 40-bit RC2. This is weak, but real files have this form.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { body, type Element, Fields, hex, inner, oid, parse, smallNumber, TAG } from '../der.ts';
import { encode, encodeOid, wrap } from '../der-writer.ts';
import { type Identity, keyIdentifier } from './certificates.ts';
import { indefinite } from './cms.ts';
import { algorithm, integer, octetString, sequence, setOf } from './der.ts';
import { readPrivateKey } from './keys.ts';
import { decryptRc2, encryptRc2 } from './rc2.ts';

const ID = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  tripleDes: '1.2.840.113549.1.12.1.3',
  rc2: '1.2.840.113549.1.12.1.6',
  keyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  x509: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  sha1: '1.3.14.3.2.26',
} as const;

const ROUNDS = 1024;
const PURPOSE = { key: 1, iv: 2, mac: 3 } as const;

/** BMPString with two zero octets at the end, as the key derivation requires. */
function passwordOctets(password: string): Uint8Array {
  return Buffer.from(`${password}\0`, 'utf16le').swap16();
}

/** The key derivation of RFC 7292, appendix B, with SHA-1. */
function derive(
  password: string,
  salt: Uint8Array,
  rounds: number,
  purpose: number,
  length: number,
): Uint8Array {
  const block = 64;
  const repeat = (from: Uint8Array): Uint8Array => {
    const size = block * Math.ceil(from.length / block);
    return Uint8Array.from({ length: size }, (_, i) => from[i % from.length] ?? 0);
  };
  const i = Buffer.concat([repeat(salt), repeat(passwordOctets(password))]);
  const pieces: Buffer[] = [];
  for (let made = 0; made < length; made += 20) {
    let a = createHash('sha1').update(Buffer.alloc(block, purpose)).update(i).digest();
    for (let round = 1; round < rounds; round++) a = createHash('sha1').update(a).digest();
    pieces.push(a);
    const b = repeat(a).subarray(0, block);
    for (let at = 0; at < i.length; at += block) {
      let carry = 1;
      for (let k = block - 1; k >= 0; k--) {
        const sum = (i[at + k] ?? 0) + (b[k] ?? 0) + carry;
        i[at + k] = sum;
        carry = sum >> 8;
      }
    }
  }
  return Buffer.concat(pieces).subarray(0, length);
}

type Cipher = 'tripleDes' | 'rc2';

function encrypt(
  cipher: Cipher,
  password: string,
  data: Uint8Array,
): { identifier: Uint8Array; octets: Uint8Array } {
  const salt = randomBytes(20);
  const identifier = algorithm(ID[cipher], sequence(octetString(salt), integer(ROUNDS)));
  const key = derive(password, salt, ROUNDS, PURPOSE.key, cipher === 'rc2' ? 5 : 24);
  const iv = derive(password, salt, ROUNDS, PURPOSE.iv, 8);
  if (cipher === 'rc2') return { identifier, octets: encryptRc2(key, iv, data) };
  const tripleDes = createCipheriv('des-ede3-cbc', key, iv);
  return { identifier, octets: Buffer.concat([tripleDes.update(data), tripleDes.final()]) };
}

function decrypt(identifier: Element, password: string, octets: Uint8Array): Uint8Array {
  const fields = new Fields(identifier, 'an encryption algorithm');
  const id = oid(fields.take(TAG.oid));
  const parameters = new Fields(fields.take(TAG.sequence), 'encryption parameters');
  const salt = body(parameters.take(TAG.octetString));
  const rounds = smallNumber(parameters.take(TAG.integer));
  if (rounds > 1_000_000) throw new Error('too many rounds');
  const key = derive(password, salt, rounds, PURPOSE.key, id === ID.rc2 ? 5 : 24);
  const iv = derive(password, salt, rounds, PURPOSE.iv, 8);
  if (id === ID.rc2) return decryptRc2(key, iv, octets);
  if (id !== ID.tripleDes) throw new Error(`a key file encrypted with ${id}`);
  const tripleDes = createDecipheriv('des-ede3-cbc', key, iv);
  return Buffer.concat([tripleDes.update(octets), tripleDes.final()]);
}

/** Writes a key file for an identity. */
export function writePkcs12(identity: Identity, password: string): Uint8Array {
  const id = keyIdentifier(identity.key);
  const label = (): Uint8Array =>
    setOf(
      sequence(encodeOid(ID.friendlyName), setOf(encode(0x1e, Buffer.from(hex(id), 'utf16le').swap16()))),
      sequence(encodeOid(ID.localKeyId), setOf(octetString(id))),
    );
  const shrouded = encrypt('tripleDes', password, identity.key.privateKey);
  const keyBags = sequence(
    sequence(
      encodeOid(ID.keyBag),
      wrap(0xa0, sequence(shrouded.identifier, octetString(shrouded.octets))),
      label(),
    ),
  );
  const certificateBags = sequence(
    sequence(
      encodeOid(ID.certificateBag),
      wrap(0xa0, sequence(encodeOid(ID.x509), wrap(0xa0, octetString(identity.certificate)))),
      label(),
    ),
  );
  const hidden = encrypt('rc2', password, certificateBags);
  const safe = indefinite(
    0x30,
    indefinite(0x30, encodeOid(ID.data), indefinite(0xa0, pieces(keyBags))),
    indefinite(
      0x30,
      encodeOid(ID.encryptedData),
      indefinite(
        0xa0,
        indefinite(
          0x30,
          integer(0),
          indefinite(
            0x30,
            encodeOid(ID.data),
            hidden.identifier,
            indefinite(0xa0, octetString(hidden.octets)),
          ),
        ),
      ),
    ),
  );
  const salt = randomBytes(20);
  const mac = createHmac('sha1', derive(password, salt, ROUNDS, PURPOSE.mac, 20))
    .update(safe)
    .digest();
  return indefinite(
    0x30,
    integer(3),
    indefinite(0x30, encodeOid(ID.data), indefinite(0xa0, pieces(safe))),
    sequence(sequence(algorithm(ID.sha1), octetString(mac)), octetString(salt), integer(ROUNDS)),
  );
}

/** An octet string in pieces of 1000 octets, as the authority's library writes it. */
function pieces(content: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < content.length; at += 1000) parts.push(octetString(content.subarray(at, at + 1000)));
  return indefinite(0x24, ...parts);
}

function join(element: Element): Uint8Array {
  if (element.tag === TAG.octetString || element.tag === 0x80) return body(element);
  return Buffer.concat(element.children.map(join));
}

/** Why a key file could not be read. */
export class KeyFileError extends Error {
  readonly reason: 'wrongPassword' | 'malformed';

  constructor(reason: 'wrongPassword' | 'malformed', cause?: unknown) {
    super(reason === 'wrongPassword' ? 'the password is wrong' : 'not a key file of the known form', {
      cause,
    });
    this.name = 'KeyFileError';
    this.reason = reason;
  }
}

/** Reads a key file. Throws a `KeyFileError`. */
export function readPkcs12(file: Uint8Array, password: string): Identity {
  try {
    const outer = new Fields(parse(file, 'ber'), 'a key file');
    outer.take(TAG.integer);
    const safe = contentOf(outer.take(TAG.sequence), ID.data);
    const mac = new Fields(outer.take(TAG.sequence), 'the check of a key file');
    outer.end();
    const expected = new Fields(mac.take(TAG.sequence), 'a digest');
    expected.take(TAG.sequence);
    const digest = body(expected.take(TAG.octetString));
    const salt = body(mac.take(TAG.octetString));
    const rounds = smallNumber(mac.take(TAG.integer));
    if (rounds > 1_000_000) throw new Error('too many rounds');
    const computed = createHmac('sha1', derive(password, salt, rounds, PURPOSE.mac, 20))
      .update(safe)
      .digest();
    if (digest.length !== computed.length || !timingSafeEqual(digest, computed))
      throw new KeyFileError('wrongPassword');

    let key: Uint8Array | null = null;
    let certificate: Uint8Array | null = null;
    for (const part of parse(safe, 'ber').children) {
      for (const bag of parse(clearContent(part, password), 'ber').children) {
        const fields = new Fields(bag, 'a bag');
        const id = oid(fields.take(TAG.oid));
        const value = inner(fields.take(0xa0), 'a bag', TAG.sequence);
        if (id === ID.keyBag) {
          const [identifier, octets] = value.children;
          if (identifier !== undefined && octets !== undefined)
            key = decrypt(identifier, password, join(octets));
        } else if (id === ID.certificateBag) {
          const [, holder] = value.children;
          if (holder !== undefined) certificate = join(inner(holder, 'a certificate'));
        }
      }
    }
    if (key === null || certificate === null) throw new Error('no key or no certificate');
    return { key: readPrivateKey(key), certificate };
  } catch (error) {
    throw error instanceof KeyFileError ? error : new KeyFileError('malformed', error);
  }
}

function contentOf(info: Element, type: string): Uint8Array {
  const fields = new Fields(info, 'a part of a key file');
  if (oid(fields.take(TAG.oid)) !== type) throw new Error('another type of content');
  return join(inner(fields.take(0xa0), 'a part of a key file'));
}

/** The bags of a part, decrypted if necessary. */
function clearContent(part: Element, password: string): Uint8Array {
  const [type, holder] = part.children;
  if (type === undefined || holder === undefined) throw new Error('an empty part');
  if (oid(type) === ID.data) return contentOf(part, ID.data);
  const [, encrypted] = inner(holder, 'an encrypted part', TAG.sequence).children;
  const [, identifier, octets] = encrypted?.children ?? [];
  if (oid(type) !== ID.encryptedData || identifier === undefined || octets === undefined)
    throw new Error('another part');
  // Either implicitly tagged octets, or pieces.
  return decrypt(identifier, password, octets.tag === 0x80 ? body(octets) : join(octets));
}

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/**
 * What the service signs and seals with. The first of `SECRET_KEYS` signs, all verify, so keys can
 * be rotated.
 */
export interface Keys {
  /** An HMAC-SHA-256 of `text` that is worth nothing for any other purpose. */
  sign(purpose: string, text: string): Buffer;
  /** True when any of the keys made this signature; compared in constant time. */
  verify(purpose: string, text: string, signature: Buffer): boolean;
  /**
   * HMACs of `text` as `sign` makes them, one by each key, the signing one first: for a shortened
   * or a mixed one.
   */
  signAll(purpose: string, text: string): readonly Buffer[];
  /**
   * Encrypts (AES-256-GCM). `bound` must be given again to open: an owner, so that nobody else's
   * box opens.
   */
  seal(purpose: string, bound: string, text: string): Buffer;
  /** What was sealed, or undefined when it was altered, bound otherwise, or its key is gone. */
  open(purpose: string, bound: string, sealed: Buffer): string | undefined;
  /**
   * Passphrases of 128 bits for a program that takes no other key, one by each key, the signing
   * one first. Written as `openssl kdf` prints what it derives, so that a key alone is enough to
   * get them (docs/decisions/172).
   */
  passphrases(purpose: string): readonly [string, ...string[]];
}

const nonceLength = 12;
const tagLength = 16;
const passphraseLength = 16;

/** Derives a key for each purpose from each of `secrets` (HKDF-SHA-256). */
export function createKeys(secrets: readonly [string, ...string[]]): Keys {
  const derived = new Map<string, readonly Buffer[]>();
  const keysFor = (purpose: string): readonly Buffer[] => {
    const known = derived.get(purpose);
    if (known) return known;
    const made = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, 'kabinet', purpose, 32)));
    derived.set(purpose, made);
    return made;
  };
  const first = (purpose: string): Buffer => keysFor(purpose)[0] as Buffer;
  const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

  return {
    sign: (purpose, text) => hmac(first(purpose), text),
    signAll: (purpose, text) => keysFor(purpose).map((key) => hmac(key, text)),
    verify: (purpose, text, signature) =>
      keysFor(purpose).some((key) => sameBytes(hmac(key, text), signature)),
    seal(purpose, bound, text) {
      const nonce = randomBytes(nonceLength);
      const cipher = createCipheriv('aes-256-gcm', first(purpose), nonce).setAAD(Buffer.from(bound));
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    },
    open(purpose, bound, sealed) {
      if (sealed.length < nonceLength + tagLength) return undefined;
      for (const key of keysFor(purpose)) {
        try {
          const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceLength), {
            authTagLength: tagLength,
          });
          decipher.setAAD(Buffer.from(bound)).setAuthTag(sealed.subarray(-tagLength));
          return Buffer.concat([
            decipher.update(sealed.subarray(nonceLength, -tagLength)),
            decipher.final(),
          ]).toString('utf8');
        } catch {
          // Sealed by an older key, or altered: the next key decides.
        }
      }
      return undefined;
    },
    passphrases(purpose) {
      const [one, ...older] = keysFor(purpose).map(hexPairs);
      return [one as string, ...older];
    },
  };
}

/** The first bytes of a key as `0A:1B:…`. */
function hexPairs(key: Buffer): string {
  const hex = key.toString('hex', 0, passphraseLength).toUpperCase();
  return hex.replace(/..(?=.)/g, '$&:');
}

/** A secret for a cookie: 256 random bits, base64url. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What is stored of a secret token: a dump of the database opens nothing. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * `length` random characters that survive being read aloud (Crockford base32: no I, L, O, U). 5
 * bits each.
 */
export function randomName(length: number): string {
  return Array.from(randomBytes(length), (byte) => crockford[byte % crockford.length]).join('');
}

/** Compares without telling by time where the difference is. */
export function sameBytes(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

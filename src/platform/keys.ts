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
 * Signs and seals for the service. The first key of `SECRET_KEYS` signs and all of them verify, so
 * keys can be rotated.
 */
export interface Keys {
  /** An HMAC-SHA-256 of `text` that is valid for this purpose only. */
  sign(purpose: string, text: string): Buffer;
  /** True when any of the keys made this signature; compared in constant time. */
  verify(purpose: string, text: string, signature: Buffer): boolean;
  /**
   * The HMAC that `sign` makes, by each key, the signing key first. For values that are shortened
   * or mixed with others, which `verify` cannot check.
   */
  signAll(purpose: string, text: string): readonly Buffer[];
  /**
   * Encrypts (AES-256-GCM). `open` needs the same `bound`, for example the owner: a box that was
   * copied to another person then does not open.
   */
  seal(purpose: string, bound: string, text: string): Buffer;
  /**
   * The sealed text; undefined when it was altered, is bound to something else, or its key is gone.
   */
  open(purpose: string, bound: string, sealed: Buffer): string | undefined;
  /**
   * Passphrases of 128 bits, for a program that accepts no other kind of key. One for each key, the
   * signing key first. They look as `openssl kdf` prints them, so a key alone is enough to compute
   * them (docs/decisions/172).
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
          // It was sealed by an older key, or altered. Try the next key.
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

/** The first bytes of a key, written as `0A:1B:…`. */
function hexPairs(key: Buffer): string {
  const hex = key.toString('hex', 0, passphraseLength).toUpperCase();
  return hex.replace(/..(?=.)/g, '$&:');
}

/** A secret for a cookie: 256 random bits in base64url. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url');
}

/** The hash that is stored instead of a secret token: nobody can sign in with a database dump. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * `length` random characters of 5 bits each that can be read aloud (Crockford base32: no I, L, O,
 * U).
 */
export function randomName(length: number): string {
  return Array.from(randomBytes(length), (byte) => crockford[byte % crockford.length]).join('');
}

/** Compares in constant time. */
export function sameBytes(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

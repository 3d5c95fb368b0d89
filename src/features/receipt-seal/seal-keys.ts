import {
  calculateJwkThumbprint,
  exportJWK,
  importPKCS8,
  importSPKI,
  type JSONWebKeySet,
  type JWK,
} from 'jose';

/** The keys that seal receipts. */
export interface SealKeys {
  readonly signing: { readonly key: CryptoKey; readonly kid: string };
  /** All public keys, also of those that seal no more, as they are published. */
  readonly published: JSONWebKeySet;
}

const algorithm = 'ES256';

/**
 * Reads the keys of the setting: each a PEM without its lines of dashes, the first one private
 * (PKCS #8), the others private or public (SPKI). All are ECDSA on P-256.
 * @throws for a text that is no such key
 */
export async function readSealKeys(texts: readonly [string, ...string[]]): Promise<SealKeys> {
  const [first] = texts;
  const all = await Promise.all(texts.map(publicJwk));
  const kid = all[0]?.kid ?? '';
  return { signing: { key: await privateKey(first, false), kid }, published: { keys: all } };
}

/** The public half of a key, named by its thumbprint (RFC 7638). */
async function publicJwk(text: string): Promise<JWK> {
  const key = await privateKey(text, true).catch(() =>
    importSPKI(pem('PUBLIC KEY', text), algorithm, { extractable: true }),
  );
  const { kty, crv, x, y } = await exportJWK(key);
  const jwk = { kty, crv, x, y } as JWK;
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: algorithm, use: 'sig' };
}

function privateKey(text: string, extractable: boolean): Promise<CryptoKey> {
  return importPKCS8(pem('PRIVATE KEY', text), algorithm, { extractable });
}

function pem(label: string, base64: string): string {
  const lines = base64.match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join('\n');
}

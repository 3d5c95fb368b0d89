import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** Checks on the certificates and keys (PEM) that the cabinet identifies itself with. */

/**
 * The algorithm by which a private key signs tokens (RFC 8037, RFC 7518). Undefined when the text
 * is not a PKCS#8 key, or is a key of another kind.
 */
export function tokenAlgorithm(pem: string): 'EdDSA' | 'ES256' | undefined {
  const key = /^-----BEGIN PRIVATE KEY-----/m.test(pem) ? privateKey(pem) : undefined;
  if (key?.asymmetricKeyType === 'ed25519') return 'EdDSA';
  return key?.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : undefined;
}

export type PairFault = 'no certificate' | 'no key' | 'not a pair';

/**
 * What is wrong with a certificate and its key. The first certificate of a chain is the one that
 * must fit the key.
 */
export function pairFault(certificate: string, key: string): PairFault | undefined {
  const parsed = readCertificate(certificate);
  const secret = privateKey(key);
  if (!parsed) return 'no certificate';
  if (!secret) return 'no key';
  return parsed.checkPrivateKey(secret) ? undefined : 'not a pair';
}

/** The validity period of a certificate (PEM or DER); undefined when there is no certificate. */
export function validity(
  pem: string | Uint8Array,
): { readonly from: Date; readonly until: Date } | undefined {
  const parsed = readCertificate(pem);
  return parsed && { from: new Date(parsed.validFrom), until: new Date(parsed.validTo) };
}

/** Reads a private key. Refuses an encrypted key, since nobody is there to type its password. */
function privateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function readCertificate(pem: string | Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

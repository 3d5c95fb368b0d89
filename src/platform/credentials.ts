import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** What the cabinet shows others to prove who it is, looked at before it is needed: PEM texts. */

/**
 * How a private key signs tokens: RFC 8037 and RFC 7518. Undefined: it is no PKCS#8 key, or one of
 * another kind.
 */
export function tokenAlgorithm(pem: string): 'EdDSA' | 'ES256' | undefined {
  const key = /^-----BEGIN PRIVATE KEY-----/m.test(pem) ? privateKey(pem) : undefined;
  if (key?.asymmetricKeyType === 'ed25519') return 'EdDSA';
  return key?.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : undefined;
}

export type PairFault = 'no certificate' | 'no key' | 'not a pair';

/**
 * What is wrong with a certificate and its key. Of a chain, the first is the certificate itself.
 */
export function pairFault(certificate: string, key: string): PairFault | undefined {
  const parsed = readCertificate(certificate);
  const secret = privateKey(key);
  if (!parsed) return 'no certificate';
  if (!secret) return 'no key';
  return parsed.checkPrivateKey(secret) ? undefined : 'not a pair';
}

/** From when to when a certificate is valid; undefined where the text holds none. */
export function validity(pem: string): { readonly from: Date; readonly until: Date } | undefined {
  const parsed = readCertificate(pem);
  return parsed && { from: new Date(parsed.validFrom), until: new Date(parsed.validTo) };
}

/** An encrypted key is none: there is nobody to type its password. */
function privateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

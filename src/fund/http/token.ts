import { importPKCS8, SignJWT } from 'jose';
import { tokenAlgorithm } from '../../platform/credentials.ts';
import { randomName } from '../../platform/keys.ts';

const tokenSeconds = 60;

/**
 * Signs a token for the fund's origin, a new one for each request.
 * @throws Error when the key is neither of the two kinds. `readConfig` reports this earlier.
 */
export function tokenSigner(pem: string, audience: string): () => Promise<string> {
  const alg = tokenAlgorithm(pem);
  if (alg === undefined) throw new Error('the key for tokens is neither Ed25519 nor P-256');
  const key = importPKCS8(pem, alg);
  key.catch(() => undefined);
  return async () =>
    new SignJWT()
      .setProtectedHeader({ alg, typ: 'JWT' })
      .setIssuer('kabinet')
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${tokenSeconds}s`)
      .setJti(randomName(20))
      .sign(await key);
}

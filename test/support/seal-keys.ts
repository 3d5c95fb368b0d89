import { generateKeyPairSync } from 'node:crypto';
import { readSealKeys, type SealKeys } from '../../src/features/receipt-seal/seal-keys.ts';

/** A new key that seals receipts, as the setting takes it: private, and its public half. */
export function newSealKey(): { readonly secret: string; readonly open: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const bare = (pem: string | Buffer) => String(pem).replace(/-----[A-Z ]+-----|\n/g, '');
  return {
    secret: bare(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    open: bare(publicKey.export({ type: 'spki', format: 'pem' })),
  };
}

/** The same, read. */
export function newSealKeys(): Promise<SealKeys> {
  return readSealKeys([newSealKey().secret]);
}

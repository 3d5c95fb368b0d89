import { CompactSign } from 'jose';
import { headType, type ReceiptHead } from '../../receipt/head.ts';
import type { SealKeys } from '../receipt-seal/seal-keys.ts';

/** Signs the head of a day. */
export async function signHead({ signing: { key, kid } }: SealKeys, head: ReceiptHead): Promise<string> {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(head)))
    .setProtectedHeader({ alg: 'ES256', kid, typ: headType })
    .sign(key);
}

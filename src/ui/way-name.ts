import type { Texts } from '../texts/kk.ts';

/** The way in by which a session was opened, in words. */
export function wayName(t: Texts, method: 'password' | 'passkey' | 'eds' | 'phone'): string {
  return t.security[method];
}

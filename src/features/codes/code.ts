import type { Keys } from '../../platform/keys.ts';
import type { CodePurpose } from '../notices/payload.ts';
import type { CodeSettings } from './settings.ts';
import type { IssuedCode } from './store.ts';

/** The form of a code by its purpose: digits for a confirmation, long where it opens an account. */
const forms = {
  register: 'long',
  recover: 'long',
  'prove-new': 'digits',
  'confirm-current': 'digits',
  'sign-in-step': 'digits',
} as const satisfies Record<CodePurpose, 'digits' | 'long'>;

/** Minutes for which a code of this purpose is valid. */
export function codeMinutes(settings: CodeSettings, purpose: CodePurpose): number {
  return forms[purpose] === 'digits' ? settings.confirmationMinutes : settings.accountRequestMinutes;
}

/** Number of tries for one code. */
export const maxTries = 5;

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * The code of an issued row: six digits, or eight Crockford characters (40 bits) where one guess
 * would open an account. It is bound to the person, the purpose, the exact value and the change. It
 * is valid for nothing else.
 */
export function codeOf(keys: Keys, issued: IssuedCode): string {
  const bytes = keys.sign('code', bindingOf(issued));
  if (forms[issued.purpose] === 'digits') {
    return String(bytes.readUIntBE(0, 6) % 1_000_000).padStart(6, '0');
  }
  return Array.from(bytes.subarray(0, 8), (byte) => crockford[byte % 32]).join('');
}

function bindingOf({ codeId, holderId, purpose, channel, destination, changeId }: IssuedCode): string {
  return JSON.stringify([codeId, holderId, purpose, channel, destination, changeId]);
}

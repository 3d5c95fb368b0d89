/** The kinds of certificates that the test authority issues to people and systems. */
import type { TestKeyUsage } from './certificates.ts';

const EMAIL_PROTECTION = '1.3.6.1.5.5.7.3.4';
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const INDIVIDUAL = '1.2.398.3.3.4.1.1';
const LEGAL_ENTITY = '1.2.398.3.3.4.1.2';

/**
 * The kinds of certificates that the authority issues: one key for everything (GOST 2015); the
 * older pair of RSA keys, one to sign in and one to sign; keys of an organisation's head, employee
 * and information system; and the key of a treasury client.
 */
export type Profile =
  | 'individual'
  | 'authentication'
  | 'signature'
  | 'head'
  | 'employee'
  | 'informationSystem'
  | 'treasury';

export const PROFILES: Readonly<
  Record<
    Profile,
    { usage: readonly TestKeyUsage[]; purposes: readonly string[]; policy: string; organisation: boolean }
  >
> = {
  individual: {
    usage: ['digitalSignature', 'nonRepudiation', 'keyAgreement'],
    purposes: [EMAIL_PROTECTION, INDIVIDUAL],
    policy: '1.2.398.3.3.2',
    organisation: false,
  },
  authentication: {
    usage: ['digitalSignature', 'keyEncipherment'],
    purposes: [CLIENT_AUTH, INDIVIDUAL],
    policy: '1.2.398.3.3.2.4',
    organisation: false,
  },
  signature: {
    usage: ['digitalSignature', 'nonRepudiation'],
    purposes: [EMAIL_PROTECTION, INDIVIDUAL],
    policy: '1.2.398.3.3.2.3',
    organisation: false,
  },
  head: {
    usage: ['digitalSignature', 'nonRepudiation', 'keyAgreement'],
    purposes: [EMAIL_PROTECTION, LEGAL_ENTITY, `${LEGAL_ENTITY}.1`],
    policy: '1.2.398.3.3.2',
    organisation: true,
  },
  employee: {
    usage: ['digitalSignature', 'nonRepudiation', 'keyAgreement'],
    purposes: [EMAIL_PROTECTION, LEGAL_ENTITY, `${LEGAL_ENTITY}.5`],
    policy: '1.2.398.3.3.2',
    organisation: true,
  },
  informationSystem: {
    usage: ['digitalSignature', 'nonRepudiation', 'keyAgreement'],
    purposes: [LEGAL_ENTITY, `${LEGAL_ENTITY}.6`],
    policy: '1.2.398.3.3.2',
    organisation: true,
  },
  treasury: {
    usage: ['digitalSignature', 'nonRepudiation', 'keyAgreement'],
    purposes: [EMAIL_PROTECTION, INDIVIDUAL, '1.2.398.5.19.1.2.2.1'],
    policy: '1.2.398.3.3.2',
    organisation: false,
  },
};

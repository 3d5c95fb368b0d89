import type { Decision, WayIn, Wish } from '../../platform/session.ts';

/** A row of the table: how somebody came in, with everything that changes what they may do. */
export type WayName =
  | 'restricted'
  | 'password'
  | 'password, trusted browser'
  | 'password and SMS'
  | 'password and backup code'
  | 'password and authenticator'
  | 'password and passkey'
  | 'password and phone'
  | 'passkey'
  | 'eds'
  | 'phone';

const allow: Decision = { kind: 'allow' };
const refuse: Decision = { kind: 'refuse' };
const proveHolder: Decision = { kind: 'prove', what: 'holder' };
const proveContacts: Decision = { kind: 'prove', what: 'contacts' };

type Row = Readonly<Record<Wish, Decision>>;

/**
 * What every way by password may do. A stolen session must not be enough for another way in, so
 * the factors ask who it is once more, whatever the sign-in was. The form of the password asks for
 * the present one itself.
 */
const byPassword: Row = {
  read: allow,
  save: allow,
  'change-contact': proveContacts,
  'change-password': allow,
  'manage-factors': proveHolder,
  unlock: refuse,
  protect: allow,
};

/**
 * The one table that decides what a way in may do. Contacts that change always need a proof of
 * their own, and only EDS, with NCALayer or a phone, or a branch unlocks a cabinet.
 *
 * @internal A test asks for every cell.
 */
export const accessTable: Readonly<Record<WayName, Row>> = {
  restricted: {
    read: allow,
    save: refuse,
    'change-contact': refuse,
    'change-password': refuse,
    'manage-factors': refuse,
    unlock: refuse,
    protect: allow,
  },
  password: byPassword,
  'password, trusted browser': byPassword,
  'password and SMS': byPassword,
  'password and backup code': byPassword,
  'password and authenticator': byPassword,
  'password and passkey': byPassword,
  'password and phone': byPassword,
  // A password set here is a second way in, so it needs the proof that a factor needs.
  passkey: { ...byPassword, 'change-password': proveHolder },
  eds: { ...byPassword, unlock: allow },
  // The same signature, from a browser that the holder has used before.
  phone: { ...byPassword, unlock: allow },
};

const steps = {
  passkey: 'password and passkey',
  authenticator: 'password and authenticator',
  'backup-code': 'password and backup code',
  sms: 'password and SMS',
  phone: 'password and phone',
  trusted: 'password, trusted browser',
} as const satisfies Record<NonNullable<WayIn['step']>, WayName>;

/**
 * The row of the table for a way in.
 *
 * @internal A test asks for every way.
 */
export function wayOf({ method, step, restricted }: WayIn): WayName {
  if (restricted !== null) return 'restricted';
  if (method !== 'password') return method;
  return step === null ? 'password' : steps[step];
}

/** Whether somebody who came in like this may do what they want. */
export function decide(way: WayIn, wish: Wish): Decision {
  return accessTable[wayOf(way)][wish];
}

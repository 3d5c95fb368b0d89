/** How the phone behaves, or misbehaves. */

/** Every mode, with what it does. `ok` is the app with its person agreeing at once. */
export const MODES = {
  ok: 'signs and sends',
  decline: 'the person declines, so the app sends nothing',
  slow: 'waits before it sends; see `seconds`',
  twice: 'sends the same signature twice',
  'twice-other': 'sends a signature, then a new one over the same bytes',
  lost: 'the connection breaks after sending; sends the same again',
  tampered: 'signs content in which one byte was changed',
  'other-content': 'signs other content',
  'detached-for-attached': 'sends a CMS without the content where it was to be inside',
  'wrong-key': "signs with another person's key, which the caller gives",
  firm: "signs with a firm's key, which the caller gives",
  revoked: 'signs with a revoked key, which the caller gives',
  'expired-cert': 'signs with a key out of its term, which the caller gives',
  'auth-key': 'signs with a key for signing in only, which the caller gives',
  'no-token': 'leaves the token out, in reading and in sending',
  'bad-token': 'sends with another token than it was given',
  late: 'sends after the time is over',
  'old-app': 'an older version: no Accept-Language, no version, wants the older answer',
  'line-breaks': 'sends base64 in lines of 64 characters',
  pem: 'sends the signature as PEM',
  'with-timestamp': 'has a time-stamp over the signature as an unsigned attribute',
  'bad-timestamp': 'has a time-stamp over something else',
  'second-phone': 'a first phone has read the document; this is the second',
  garbage: 'sends random bytes instead of a signature',
  huge: 'sends 2 MB',
} as const satisfies Readonly<Record<string, string>>;

export type Mode = keyof typeof MODES;

/** The names of all modes. */
export const MODE_NAMES = Object.keys(MODES) as readonly Mode[];

/**
 * The key that a mode is about, beside the usual one: the person's, a stranger's, a firm's, a
 * revoked one, one out of its term, or one for signing in only.
 */
export type KeyKind = 'person' | 'stranger' | 'firm' | 'revoked' | 'expired' | 'authentication';

/** Which key a mode signs with. */
export function keyKindOf(mode: Mode): KeyKind {
  switch (mode) {
    case 'wrong-key':
      return 'stranger';
    case 'firm':
    case 'revoked':
      return mode;
    case 'expired-cert':
      return 'expired';
    case 'auth-key':
      return 'authentication';
    default:
      return 'person';
  }
}

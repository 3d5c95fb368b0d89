import { randomToken, tokenHash } from '../../platform/keys.ts';

/** One browser remembers so many people: a family with one computer. */
const mostMarks = 4;

const separator = '.';

/**
 * The marks a browser shows: secrets that this service gave it, one for each person who signed in
 * there.
 */
export interface ShownMarks {
  /**
   * The hash of each mark, newest first. A mark that nobody was given is among them and fits
   * nobody.
   */
  readonly hashes: readonly Buffer[];
  /**
   * The value of the cookie once this person has signed in: a fresh mark, without those that ended.
   */
  renewed(fresh: string, ended: readonly Buffer[]): string;
}

/**
 * Reads the device cookie. What a stranger put there is read like anything else, and is known to
 * nobody.
 */
export function readMarks(cookie: string | undefined): ShownMarks {
  const tokens = (cookie ?? '').split(separator).filter((token) => /^[\w-]{43}$/.test(token));
  const shown = tokens.slice(0, mostMarks).map((token) => ({ token, hash: tokenHash(token) }));
  return {
    hashes: shown.map(({ hash }) => hash),
    renewed(fresh, ended) {
      const others = shown.filter(({ hash }) => !ended.some((one) => one.equals(hash)));
      return [fresh, ...others.map(({ token }) => token)].slice(0, mostMarks).join(separator);
    },
  };
}

/** A mark for one sign-in: made here, never taken from the browser. */
export function issueMark(): { readonly token: string; readonly hash: Buffer } {
  const token = randomToken();
  return { token, hash: tokenHash(token) };
}

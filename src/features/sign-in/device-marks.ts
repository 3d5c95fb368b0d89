import { randomToken, tokenHash } from '../../platform/keys.ts';

/** The number of people that one browser remembers: a family with one computer. */
const mostMarks = 4;

const separator = '.';

/**
 * The marks that a browser sends. They are secrets that this service gave it, one for each person
 * who signed in there.
 */
export interface ShownMarks {
  /** The hash of each mark, newest first. An invented mark is included and matches nobody. */
  readonly hashes: readonly Buffer[];
  /**
   * The value of the cookie after this person has signed in: with a new mark, and without those
   * that ended.
   */
  renewed(fresh: string, ended: readonly Buffer[]): string;
}

/** Reads the device cookie. Marks that a stranger wrote into it are read too, and match nobody. */
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

/** A mark for one sign-in. It is always created here and never taken from the browser. */
export function issueMark(): { readonly token: string; readonly hash: Buffer } {
  const token = randomToken();
  return { token, hash: tokenHash(token) };
}

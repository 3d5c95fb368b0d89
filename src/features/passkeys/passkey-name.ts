import { cleanLine, isWellFormed } from '../../values/cleaning.ts';

/** The most characters of a passkey's name. */
const longest = 40;

/** What a holder calls a passkey, as it is stored. `instead` is for a name that says nothing. */
export function passkeyName(typed: string, instead: string): string {
  const name = isWellFormed(typed) ? cleanLine(typed) : '';
  return [...(name || instead)].slice(0, longest).join('').trim();
}

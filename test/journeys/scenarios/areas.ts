import type { Journey } from '../journey.ts';
import { addressJourneys } from './addresses.ts';
import { contactJourneys } from './contact.ts';
import { onFileJourneys } from './on-file.ts';
import { registrationJourneys, securityJourneys } from './registration.ts';
import { requisitesJourneys } from './requisites.ts';
import { signInJourneys } from './sign-in.ts';
import { twoTabsJourneys } from './two-tabs.ts';

/** Every journey, by what it is about. */
export const areas: readonly (readonly [area: string, journeys: readonly Journey[]])[] = [
  ['sign-in', signInJourneys],
  ['requisites', requisitesJourneys],
  ['on file', onFileJourneys],
  ['addresses', addressJourneys],
  ['contact', contactJourneys],
  ['registration', registrationJourneys],
  ['security', securityJourneys],
  ['two tabs', twoTabsJourneys],
];

/**
 * Journeys that post every form of the site at least once between them. In a browser without
 * JavaScript these alone are made, unless `npm test -- --all` asks for all: what HTTP proves of the
 * rest needs no browser twice.
 */
export const everyForm: ReadonlySet<string> = new Set([
  'sign in on the start page, and out again',
  'the IIN is remembered only when asked, and forgotten when asked',
  'the language is switched, and stays',
  'change the address and two phones, and hold a receipt',
  'cancel asks when something was typed, and then forgets it',
  'the session ends while one types: what was typed comes back after signing in',
  'search with the button, choose, save: everything else typed stays, and the place is stored with its code',
  'change the mobile: a code to the new number and one to the old; everybody is told, other browsers are out',
  '"this wasn\'t me": nothing by looking, everything stopped by the button, and the way out is told',
  'register by mobile from the start page',
  'recover a forgotten password; every session ends, and mobile and e-mail rest',
  'change the password; the other session ends, this one goes on',
  'see the sessions, end another one, then all others',
]);

/**
 * Forms that only a script sends, and the one that a broken cookie brings up: other tests post
 * them.
 */
export const withoutForm: readonly string[] = [
  '/session/extend',
  '/session/left',
  '/services/requisites/keep',
  '/services/requisites/confirm/challenge',
  '/sign-in/eds',
  '/sign-in/eds/challenge',
  '/register/work',
  '/recover/work',
  '/cookies/clear',
];

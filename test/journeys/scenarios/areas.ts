import type { Journey } from '../journey.ts';
import { addressJourneys } from './addresses.ts';
import { contactJourneys } from './contact.ts';
import { onFileJourneys } from './on-file.ts';
import { registrationJourneys, securityJourneys } from './registration.ts';
import { requisitesJourneys } from './requisites.ts';
import { signInJourneys } from './sign-in.ts';
import { twoTabsJourneys } from './two-tabs.ts';

/** Every journey, by its subject. */
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
 * Journeys that together post every form of the site at least once. A browser without JavaScript
 * runs only these, unless `npm test -- --all` asks for all. The same journeys over HTTP prove the
 * rest.
 */
export const everyForm: ReadonlySet<string> = new Set([
  'sign in on the start page, and sign out',
  'the IIN is remembered only on request, and forgotten on request',
  'the language is switched, and stays',
  'change the address and two phones, and get a receipt',
  'cancel asks when something was typed, and then forgets it',
  'the session ends while a person types: what was typed returns after signing in',
  'search with the button, choose, save: other typed text stays, and the place is stored with its code',
  'change the mobile: codes to both numbers, notices to all channels, other browsers signed out',
  '"this wasn\'t me": opening changes nothing, the button stops everything, and the page says how to continue',
  'register by mobile from the start page',
  'recover a forgotten password: every session ends, and mobile and e-mail cannot be changed',
  'change the password: the other session ends, and this one continues',
  'see the sessions, end another one, then all others',
]);

/**
 * Forms that only a script sends, and the one that appears with broken cookies. Other tests post
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

import type { Journey } from '../journey.ts';
import { addressJourneys } from './addresses.ts';
import { contactJourneys } from './contact.ts';
import { lettersJourneys } from './letters.ts';
import { onFileJourneys } from './on-file.ts';
import { passkeyJourneys } from './passkeys.ts';
import { registrationJourneys, securityJourneys } from './registration.ts';
import { reminderJourneys } from './reminders.ts';
import { requisitesJourneys } from './requisites.ts';
import { secondStepJourneys } from './second-step.ts';
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
  ['second step', secondStepJourneys],
  ['passkeys', passkeyJourneys],
  ['reminders', reminderJourneys],
  ['letters of a message', lettersJourneys],
  ['two tabs', twoTabsJourneys],
];

/**
 * Journeys that together post every form of the site at least once. A browser runs only these, and
 * with JavaScript also those of `withScripts`, unless `npm test -- --all` asks for all. The same
 * journeys over HTTP prove the rest.
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
  'a message is compared by its letters: its owner finds each word, a stranger no more than two digits',
  'change the password: the other session ends, and this one continues',
  'see the sessions, end another one, then all others',
  'lock the cabinet: every session ends, and the password opens it no more',
  'a passkey is named and removed; the last one stays until the password is longer',
  'an app with backup codes: added, asked for, replaced on paper, removed; the suggestion is closed',
  'a code by SMS after the password: turned on, asked for, sent again, left out in a trusted browser',
  'the reminder of a key is switched off, and on again',
  'the question whether everything is right comes once, and is answered with one button',
]);

/** Journeys in which a script of the page takes part, or the browser's own history does. */
export const withScripts: ReadonlySet<string> = new Set([
  'signing out in one tab signs out the other',
  'Back shows nothing after signing out',
  'all errors are shown at once',
  'cancel leaves at once when nothing was typed',
  'the language is switched while a form is filled in, and everything typed stays',
  'a saved form that is filled in again after Back asks to be saved again',
  'two tabs: the second shows both versions, keeps what was typed, and can save',
  'what one person typed before a time-out is never offered to another',
  'nothing is changed: saving says so, and Cancel leaves at once',
  'the session ends: the draft changes only what was typed, whatever a branch did meanwhile',
  'an address typed by hand is saved as entered, with the switch on and off',
  'a text that is not a code costs no try; a code pasted as its line or typed on another layout is right',
  'two impatient clicks on the last button: one change, and both lead to its receipt',
  'two impatient clicks on Save: one change waits, one code is sent',
  'an IIN and a code with invisible marks, and a code in Cyrillic letters, are accepted',
  'the same person signs in again in another tab: the form is shown again as typed, and is saved',
  'signed out in another tab: what was typed is kept, and offered on the same page',
  'a family computer: one person’s form is never shown to another, and is kept for its owner',
  'two start pages: the signed-in person can use the other one too, and another person is asked to sign out',
  'the language switch of a page whose session is over keeps what was typed',
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
  '/security/prove/eds',
  '/security/prove/eds/challenge',
  '/sign-in/passkey',
  '/sign-in/passkey/challenge',
  '/sign-in/step/passkey',
  '/sign-in/step/phone',
  '/sign-in/step/passkey/challenge',
  '/security/prove/passkey',
  '/security/prove/passkey/challenge',
  '/security/passkeys/add',
  '/security/passkeys/challenge',
  '/services/requisites/confirm/passkey',
  '/services/requisites/confirm/passkey/challenge',
  '/services/requisites/confirm/phone',
  '/sign-in/phone',
  '/sign-in/phone/enter',
  '/sign-in/phone/return/:key',
  '/register/work',
  '/recover/work',
  '/cookies/clear',
];

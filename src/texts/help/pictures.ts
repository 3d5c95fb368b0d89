import type { Language } from '../../values/language.ts';
import type { TextKey } from './labels.ts';

/** What a picture of the guide shows: a page, by its title, and what to press or fill in there. */
export interface GuidePicture {
  readonly screen: TextKey;
  readonly press: TextKey;
}

/** The pictures of the guide by their names. `npm run screens -- --guide` takes them. */
export const guidePictures = {
  iin: { screen: 'signIn.title', press: 'signIn.iin' },
  submit: { screen: 'signIn.title', press: 'signIn.submit' },
  register: { screen: 'signIn.title', press: 'signIn.register' },
  forgot: { screen: 'signIn.title', press: 'signIn.forgot' },
  'eds-way': { screen: 'signIn.title', press: 'eds.way' },
  'phone-way': { screen: 'signIn.title', press: 'phone.way' },
  'phone-begin': { screen: 'phone.title', press: 'phone.begin' },
  'phone-digits': { screen: 'phone.title', press: 'phone.done.code' },
  'eds-install': { screen: 'eds.title', press: 'eds.install' },
  'eds-choose': { screen: 'eds.title', press: 'eds.choose' },
  'eds-trust': { screen: 'eds.title', press: 'eds.trust.title' },
  'register-form': { screen: 'registration.title', press: 'accountRequest.submit' },
  'register-code': { screen: 'registration.title', press: 'accountRequest.code' },
  'register-password': { screen: 'registration.title', press: 'newPassword.save' },
  'recover-form': { screen: 'recovery.title', press: 'accountRequest.submit' },
  'recover-code': { screen: 'recovery.title', press: 'accountRequest.code' },
  'recover-password': { screen: 'recovery.title', press: 'newPassword.save' },
  change: { screen: 'services.title', press: 'services.change' },
  history: { screen: 'services.title', press: 'layout.history' },
  security: { screen: 'services.title', press: 'layout.security' },
  'sign-out': { screen: 'services.title', press: 'layout.signOut' },
  'address-list': { screen: 'requisites.heading', press: 'requisites.address' },
  mobile: { screen: 'requisites.heading', press: 'requisites.mobilePhone' },
  email: { screen: 'requisites.heading', press: 'requisites.email' },
  save: { screen: 'requisites.heading', press: 'requisites.save' },
  'eds-sign': { screen: 'requisites.heading', press: 'eds.signChoice' },
  'new-code': { screen: 'confirm.title', press: 'confirm.newMobileCode' },
  'current-code': { screen: 'confirm.title', press: 'confirm.submit' },
  'new-email-code': { screen: 'confirm.title', press: 'confirm.newEmailCode' },
  'receipt-pdf': { screen: 'receipt.title', press: 'receipt.pdf' },
  'history-changes': { screen: 'history.title', press: 'history.parts.changes' },
  'add-app': { screen: 'security.title', press: 'security.authenticatorChange' },
  'security-lock': { screen: 'security.title', press: 'security.lock' },
  'step-code': { screen: 'step.title', press: 'step.submit' },
  letters: { screen: 'letters.title', press: 'letters.submit' },
  'letters-compare': { screen: 'letters.title', press: 'letters.compare' },
  'not-me': { screen: 'notMe.title', press: 'notMe.submit' },
  lock: { screen: 'lock.title', press: 'lock.submit' },
} as const satisfies Readonly<Record<string, GuidePicture>>;

export type GuidePictureName = keyof typeof guidePictures;

/** The file of a picture, without its folder. */
export function guideFile(name: string, language: Language): string {
  return `${name}-${language}.png`;
}

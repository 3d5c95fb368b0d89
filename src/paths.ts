/**
 * Every address of the site. Routes register them, pages link to them, and "return to" is checked
 * against them.
 */
export const paths = {
  start: '/',
  signIn: '/sign-in',
  forgetIin: '/sign-in/forget',
  signInByEds: '/sign-in/eds',
  signInByEdsChallenge: '/sign-in/eds/challenge',
  signInStep: '/sign-in/step',
  signInStepPasskey: '/sign-in/step/passkey',
  signInStepPhone: '/sign-in/step/phone',
  signInStepPasskeyChallenge: '/sign-in/step/passkey/challenge',
  signInByPasskey: '/sign-in/passkey',
  signInByPasskeyChallenge: '/sign-in/passkey/challenge',
  signInByPhone: '/sign-in/phone',
  phoneState: '/sign-in/phone/state',
  enterByPhone: '/sign-in/phone/enter',
  phoneReturn: '/sign-in/phone/return/:key',
  phoneRequest: '/egov/:id/mgovSign',
  phoneDocuments: '/egov/:id/documents',
  signOut: '/sign-out',
  extendSession: '/session/extend',
  sessionLeft: '/session/left',
  register: '/register',
  recover: '/recover',
  services: '/services',
  calendar: '/services/ends/:kind.ics',
  confirmContacts: '/services/confirm',
  requisites: '/services/requisites',
  keepRequisites: '/services/requisites/keep',
  cancelRequisites: '/services/requisites/cancel',
  requisitesDraft: '/services/requisites/draft',
  searchAddresses: '/services/requisites/addresses',
  confirmChange: '/services/requisites/confirm',
  confirmChangeChallenge: '/services/requisites/confirm/challenge',
  confirmByPhone: '/services/requisites/confirm/phone',
  confirmByPasskey: '/services/requisites/confirm/passkey',
  confirmByPasskeyChallenge: '/services/requisites/confirm/passkey/challenge',
  receipt: '/receipts/:number',
  receiptPdf: '/receipts/:number.pdf',
  receiptSignature: '/receipts/:number.cms',
  history: '/history',
  disavow: '/not-me/:link',
  security: '/security',
  changePassword: '/security/password',
  lockCabinet: '/security/lock',
  prove: '/security/prove',
  proveByEds: '/security/prove/eds',
  proveByEdsChallenge: '/security/prove/eds/challenge',
  proveByPasskey: '/security/prove/passkey',
  proveByPasskeyChallenge: '/security/prove/passkey/challenge',
  passkeys: '/security/passkeys',
  passkeyChallenge: '/security/passkeys/challenge',
  addPasskey: '/security/passkeys/add',
  renamePasskey: '/security/passkeys/rename',
  removePasskey: '/security/passkeys/remove',
  allowSmsStep: '/security/sms-step',
  switchReminder: '/security/reminders',
  authenticator: '/security/authenticator',
  removeAuthenticator: '/security/authenticator/remove',
  backupCodes: '/security/backup-codes',
  dismissSuggestion: '/security/suggestion/dismiss',
  endTrust: '/security/trusted/end',
  endSession: '/security/sessions/end',
  endOtherSessions: '/security/sessions/end-others',
  help: '/help',
  helpTopic: '/help/:topic',
  compareMessage: '/help/notice',
  memo: '/help/memo.pdf',
  check: '/check',
  checkFile: '/check.html',
  receiptKeys: '/.well-known/jwks.json',
  receiptHeads: '/.well-known/receipt-heads.txt',
  changePasswordWellKnown: '/.well-known/change-password',
  language: '/language',
  clearCookies: '/cookies/clear',
  suggestAddresses: '/api/addresses',
  suggestByPostcode: '/api/postcode',
  live: '/health/live',
  ready: '/health/ready',
  readable: '/health/readable',
} as const;

/** The pages of an account request: its form, its code, and the choice of a password. */
export function accountRequestPaths(kind: 'register' | 'recover') {
  const start = paths[kind];
  return {
    start,
    confirm: `${start}/confirm`,
    password: `${start}/password`,
    work: `${start}/work`,
  } as const;
}

/**
 * The form with the change that waits for its proofs. It shows every reason that prevents the
 * change.
 */
export const editPendingChange = `${paths.requisites}?edit=pending`;

/** The receipt of a change. @param number its 12 characters, which need no escaping */
export function receiptPath(number: string, form: '' | '.pdf' | '.cms' = ''): string {
  return `/receipts/${number}${form}`;
}

/** Where a receipt is checked by its code, which stands after the `#` and so is never sent. */
export function checkPath(code: string): string {
  return `${paths.check}#${code}`;
}

/** An entry for a calendar. */
export function calendarPath(kind: 'key' | 'document'): string {
  return `/services/ends/${kind}.ics`;
}

/** What a phone calls. @param id base64url */
export function phoneAddress(id: string, what: 'mgovSign' | 'documents'): string {
  return `/egov/${id}/${what}`;
}

/** Where the app leads back. @param key base64url */
export function phoneReturnPath(key: string): string {
  return `/sign-in/phone/return/${key}`;
}

/** The target of a "this wasn't me" link. @param link base64url */
export function disavowPath(link: string): string {
  return `/not-me/${link}`;
}

/** A page of the guide. @param topic one of the keys of the guide's texts */
export function helpPath(topic: string): string {
  return `${paths.help}/${topic}`;
}

/**
 * The sign-in page, with why the session ended (`ended`), whether a password was just saved
 * (`password`), and where to go afterwards.
 */
export function signInPath(query: {
  readonly ended?: '1' | 'kept' | 'closed' | 'locked' | 'step' | undefined;
  readonly password?: 'saved' | undefined;
  readonly to?: string | undefined;
}): string {
  return withQuery(paths.signIn, query);
}

/** The address of a page with the given fields in its query. */
export function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

/**
 * The pages to which a person may return after signing in. Addresses from outside are never
 * followed.
 */
export const returnTargets: readonly string[] = [
  paths.services,
  paths.requisites,
  paths.confirmChange,
  paths.confirmByPhone,
  paths.history,
  paths.security,
  paths.changePassword,
  paths.lockCabinet,
  paths.allowSmsStep,
  paths.passkeys,
  paths.authenticator,
  paths.backupCodes,
];

/**
 * Checks the arguments of a caller. A wrong argument throws a TypeError, because a typing mistake
 * in an option must not silently weaken a check. The content of a message, an answer or a list
 * never throws.
 */
import { isBytes } from './platform.ts';
import { REQUIREMENTS, type Requirement } from './signer.ts';

/** @throws TypeError that names the argument and what is expected */
export function fault(name: string, value: unknown, expected: string): never {
  throw new TypeError(
    value === undefined ? `\`${name}\` is missing: ${expected}` : `\`${name}\` is not ${expected}`,
  );
}

export function checkBytes(name: string, value: unknown): void {
  if (!isBytes(value)) fault(name, value, 'a Uint8Array');
}

export function checkObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) fault(name, value, 'an object');
}

export function checkBoolean(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') fault(name, value, 'true or false');
}

/** Checks a whole number from `least`. NaN would disable a limit. */
export function checkCount(name: string, value: unknown, least: number): void {
  if (!Number.isSafeInteger(value) || Number(value) < least) {
    fault(name, value, `a whole number from ${least}`);
  }
}

/**
 * Checks a time. An invalid date is neither before nor after any other, so nothing would ever
 * expire.
 */
export function checkTime(name: string, value: unknown): void {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) fault(name, value, 'a valid Date');
}

export function isRequirement(value: unknown): value is Requirement {
  return REQUIREMENTS.some((requirement) => requirement === value);
}

interface Sources {
  readonly ocsp?: { readonly response: unknown; readonly nonce?: unknown } | undefined;
  readonly crls?: unknown;
  readonly maxOcspAge?: unknown;
}

function checkSources({ ocsp, crls, maxOcspAge }: Sources): void {
  if (ocsp !== undefined) {
    checkObject('ocsp', ocsp);
    checkBytes('ocsp.response', ocsp.response);
    if (ocsp.nonce !== undefined) checkBytes('ocsp.nonce', ocsp.nonce);
  }
  if (crls !== undefined && !Array.isArray(crls)) fault('crls', crls, 'an array');
  if (maxOcspAge !== undefined) checkCount('maxOcspAge', maxOcspAge, 0);
}

/** Checks a request to verify, except its trust. */
export function checkVerifyRequest(
  request: Rules & {
    readonly now?: unknown;
    readonly message: unknown;
    readonly content?: unknown;
    readonly maxBytes?: unknown;
    readonly timeStamps?: unknown;
    readonly tokens?: unknown;
    readonly timeStampTrust?: unknown;
    readonly claims?: unknown;
  },
): void {
  checkObject('request', request);
  const { message, content, maxBytes, timeStamps, tokens, timeStampTrust, claims } = request;
  checkText('message', message);
  if (content !== undefined) checkBytes('content', content);
  if (maxBytes !== undefined) checkCount('maxBytes', maxBytes, 1);
  if (timeStamps !== undefined && !['check', 'verify', 'ignore'].includes(timeStamps as string))
    fault('timeStamps', timeStamps, '"check", "verify" or "ignore"');
  if (tokens !== undefined) checkTokens(tokens);
  if (timeStampTrust !== undefined) checkTrust(timeStampTrust);
  checkBoolean('claims', claims);
  checkMoment(request);
  checkRules({ ...request, at: request.at === 'time-stamp' ? request.now : request.at });
}

export function checkTokens(tokens: unknown): void {
  if (!Array.isArray(tokens)) fault('tokens', tokens, 'an array');
  for (const token of tokens) checkBytes('a token of `tokens`', token);
}

/** With `at: 'time-stamp'`, the current time is needed; a stray one must not change anything. */
function checkMoment({ at, now }: { readonly at: unknown; readonly now?: unknown }): void {
  if (at === 'time-stamp') checkTime('now', now);
  else if (now !== undefined) fault('now', now, 'for a time as `at`, but for "time-stamp"');
}

/** Checks a request to verify every signer, except its trust. */
export function checkVerifyAllRequest(
  request: Parameters<typeof checkVerifyRequest>[0] & { readonly ocsp?: never; readonly maxOcspAge?: never },
): void {
  checkVerifyRequest(request);
  for (const name of ['ocsp', 'maxOcspAge'] as const) {
    if (request[name] !== undefined) fault(name, request[name], 'for `verifyAll`, but for `checkRevocation`');
  }
}

/** Checks a request to verify a certificate, except its trust. */
export function checkCertificateRequest(request: Rules & { readonly certificate: unknown }): void {
  checkObject('request', request);
  checkText('certificate', request.certificate);
  checkRules(request);
}

/** Checks a request to verify a time-stamp, except its trust. */
export function checkTimeStampRequest(
  request: Pick<Rules, 'at' | 'crls' | 'allowGost2004'> & {
    readonly token: unknown;
    readonly data: unknown;
    readonly nonce?: unknown;
  },
): void {
  checkObject('request', request);
  const { token, data, at, nonce, crls, allowGost2004 } = request;
  checkBytes('token', token);
  checkBytes('data', data);
  if (nonce !== undefined) checkBytes('nonce', nonce);
  checkRules({ at, crls, allowGost2004 });
}

export function checkText(name: string, value: unknown): void {
  if (typeof value !== 'string' && !isBytes(value)) fault(name, value, 'a Uint8Array or a string');
}

interface Rules extends Sources {
  readonly at: unknown;
  readonly require?: unknown;
  readonly revocation?: unknown;
  readonly allowGost2004?: unknown;
}

/** Checks by which rules a signer or a certificate is judged. */
export function checkRules(request: Rules): void {
  const { at, require, revocation, allowGost2004 } = request;
  checkTime('at', at);
  if (require !== undefined && !isRequirement(require)) {
    fault('require', require, REQUIREMENTS.map((name) => `"${name}"`).join(' or '));
  }
  if (revocation !== undefined && revocation !== 'check' && revocation !== 'skip') {
    fault('revocation', revocation, '"check" or "skip"');
  }
  checkBoolean('allowGost2004', allowGost2004);
  checkSources(request);
}

/** Checks a request for revocation, except its trust. */
export function checkRevocationRequest(
  request: Sources & {
    readonly certificate: unknown;
    readonly at: unknown;
    readonly allowGost2004?: unknown;
  },
): void {
  checkObject('request', request);
  checkBytes('certificate', request.certificate);
  checkTime('at', request.at);
  checkBoolean('allowGost2004', request.allowGost2004);
  checkSources(request);
}

export function checkTrust(trust: unknown): void {
  if (typeof trust !== 'object' || trust === null || !('anchors' in trust)) {
    fault('trust', trust, 'what `createTrust` or `productionTrust` gives');
  }
}

/** What the tests share: fixtures, a fixed time, and authorities made once for each test file. */
import { readdirSync, readFileSync } from 'node:fs';
import type { TestAuthority } from '../src/testing/authority.ts';
import { createTestAuthority } from '../src/testing/authority.ts';
import type { Identity, TestPerson } from '../src/testing/certificates.ts';
import { type SignOptions, signCms } from '../src/testing/cms.ts';
import { createTrust, type Trust } from '../src/trust.ts';
import type { Verdict } from '../src/verdict.ts';
import { type VerifyRequest, verify } from '../src/verify.ts';

/** Every test that makes its own certificates judges at this time. */
export const AT = new Date('2026-11-22T12:00:00Z');
export const MINUTE = 60_000;

export function later(milliseconds: number): Date {
  return new Date(AT.getTime() + milliseconds);
}

export function fixture(path: string): Uint8Array {
  return readFileSync(new URL(`./fixtures/${path}`, import.meta.url));
}

export function fixtureTrust(folder: string): Trust {
  const url = new URL(`./fixtures/${folder}/`, import.meta.url);
  return createTrust(readdirSync(url).map((name) => readFileSync(new URL(name, url))));
}

export const PERSON: TestPerson = {
  iin: '900101300017',
  surname: 'ҚҰНАНБАЕВ',
  name: 'АБАЙ',
  patronymic: 'ЫСҚАҚҰЛЫ',
};
export const CONTENT = Buffer.from('{"purpose":"sign-in","nonce":"00112233445566778899aabbccddeeff"}');

export const gost: TestAuthority = createTestAuthority({ at: AT, seed: 'tests' });
export const gostTrust: Trust = createTrust(gost.certificates);

/** Verifies a request that is correct except for what is given. */
export function judge(message: Uint8Array | string, given: Partial<VerifyRequest> = {}): Verdict {
  return verify({ message, at: AT, trust: gostTrust, revocation: 'skip', ...given });
}

/** "ok", or the reason of the refusal. */
export function outcome(verdict: Verdict): string {
  return verdict.ok ? 'ok' : verdict.reason;
}

/** Signs CONTENT and returns the outcome of its verification. */
export function outcomeOf(
  identity: Identity,
  given: Partial<VerifyRequest> = {},
  options: SignOptions = {},
): string {
  return outcome(judge(signCms(identity, CONTENT, options), given));
}

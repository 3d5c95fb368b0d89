import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import { z } from 'zod';
import { type Keys, sameBytes } from '../../platform/keys.ts';
import { readNow } from '../../platform/postgres/clock.ts';
import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { notifyHolder } from '../notices/store.ts';
import { base64url, challengeIn, readJson } from './answer.ts';
import {
  answerSeconds,
  createPasskeyChallenge,
  type PasskeyAsked,
  readPasskeyChallenge,
} from './challenge.ts';
import type { PasskeyReason } from './reasons.ts';
import { passkeySiteOf } from './site.ts';
import {
  countUse,
  type DescribedPasskey,
  findPasskey,
  recordCopy,
  type ShownPasskey,
  spendPasskeyChallenge,
} from './store.ts';

export interface PasskeyDeps {
  readonly database: Database;
  readonly keys: Keys;
}

/** What a browser needs to ask for a passkey, as WebAuthn's JSON. */
export interface AssertionOptions {
  readonly challenge: string;
  readonly rpId: string;
  readonly timeout: number;
  readonly userVerification: 'required';
  /** The passkeys that may answer. Undefined: any of this site. */
  readonly allowCredentials?: readonly PasskeyDescriptor[];
}

/** Names a passkey for a browser. */
interface PasskeyDescriptor {
  readonly id: string;
  readonly type: 'public-key';
  readonly transports: readonly string[];
}

/** Names a passkey for a browser. */
export function describePasskey({ credentialId, transports }: DescribedPasskey): PasskeyDescriptor {
  return { id: credentialId.toString('base64url'), type: 'public-key', transports };
}

/**
 * Gives out what a browser needs to ask for a passkey. Nothing is stored, so a flood of challenges
 * costs no row. Undefined on an address where passkeys do not work.
 * @param among the passkeys that may answer; undefined when it is not known yet whose
 */
export async function askForPasskey(
  { database, keys }: { readonly database: Queryable; readonly keys: Keys },
  asked: PasskeyAsked,
  among?: readonly DescribedPasskey[],
): Promise<AssertionOptions | undefined> {
  const site = passkeySiteOf(asked.site);
  if (!site.offered) return undefined;
  return {
    challenge: createPasskeyChallenge(keys, asked, await readNow(database)),
    rpId: site.rpId,
    timeout: answerSeconds * 1_000,
    userVerification: 'required',
    ...(among && { allowCredentials: among.map(describePasskey) }),
  };
}

const assertion = z.object({
  id: base64url,
  rawId: base64url,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url.nullish(),
  }),
});
type Assertion = z.output<typeof assertion>;

/** An answer that a browser sends. */
export interface SentAssertion {
  /** WebAuthn's JSON. */
  readonly answer: string;
  /** What the challenge must have been given out for. */
  readonly asked: PasskeyAsked;
  /** Whose passkey it must be. Undefined at sign-in: the passkey says who it is. */
  readonly holderId?: string;
  readonly requestId: string;
}

/** A passkey that has answered one of our challenges. */
export interface ProvedPasskey {
  readonly holderId: string;
  readonly iin: string;
  readonly credentialId: Buffer;
}

/**
 * Verifies an answer to one of our challenges: the passkey is known, its device has asked for a
 * finger, a face or a PIN, and its count of signatures has risen. The challenge is spent before
 * anything is verified, so it is good for one answer, right or wrong.
 */
export async function checkAssertion(
  { database, keys }: PasskeyDeps,
  { answer, asked, holderId, requestId }: SentAssertion,
): Promise<Result<ProvedPasskey, PasskeyReason>> {
  const sent = readJson(assertion, answer);
  const challenge = sent && challengeIn(sent.response.clientDataJSON);
  if (!sent || challenge === undefined) return refused('refused');
  const given = readPasskeyChallenge(keys, asked, challenge);
  if (!given) return refused('challengeOver');
  const credentialId = Buffer.from(sent.rawId, 'base64url');
  const found = await findPasskey(database, credentialId);
  if (!found) return refused('unknownKey');
  if (holderId !== undefined && holderId !== found.holderId) return refused('otherPerson');
  if (!(await spendPasskeyChallenge(database, given.nonce, given.givenAt))) return refused('challengeOver');
  const use = namesHolder(sent, found, asked) && (await verify(sent, found, asked, challenge));
  if (!use) return refused('refused');
  if (!(await countUse(database, credentialId, use)))
    return refused(await refuseCopy(database, { holderId: found.holderId, credentialId, requestId }));
  return accepted({ holderId: found.holderId, iin: found.iin, credentialId });
}

/** At sign-in nothing but the handle says who it is, so a device must send it. */
function namesHolder(
  { response: { userHandle } }: Assertion,
  found: ShownPasskey,
  { purpose }: PasskeyAsked,
): boolean {
  if (userHandle == null) return purpose !== 'sign-in';
  return sameBytes(Buffer.from(userHandle, 'base64url'), found.userHandle);
}

/** Verifies the signature and what was signed. Undefined when anything does not fit. */
async function verify(
  sent: Assertion,
  { publicKey }: ShownPasskey,
  asked: PasskeyAsked,
  challenge: string,
): Promise<{ readonly counter: number; readonly backedUp: boolean } | undefined> {
  const site = passkeySiteOf(asked.site);
  if (!site.offered) return undefined;
  // Loaded at the first use: most processes start long before anybody shows a passkey.
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...sent, clientExtensionResults: {} } as AuthenticationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.rpId,
      requireUserVerification: true,
      // `countUse` compares the count, in the statement that stores it.
      credential: { id: sent.id, publicKey: new Uint8Array(publicKey), counter: 0 },
    });
    const { newCounter, credentialBackedUp } = authenticationInfo;
    return verified ? { counter: newCounter, backedUp: credentialBackedUp } : undefined;
  } catch {
    // It throws for every answer that does not fit.
    return undefined;
  }
}

/**
 * Records that a passkey may have been copied, and notifies its holder.
 *
 * @internal The test of locks runs this transaction against the others.
 */
export function refuseCopy(
  database: Database,
  copy: { readonly holderId: string; readonly credentialId: Buffer; readonly requestId: string },
): Promise<'copied' | 'unknownKey'> {
  return database.transaction(async (transaction) => {
    await lockHolder(transaction, copy.holderId);
    // Removed since it was found.
    if (!(await findPasskey(transaction, copy.credentialId))) return 'unknownKey';
    if (await recordCopy(transaction, copy)) await notifyHolder(transaction, copy.holderId, 'passkey-copied');
    return 'copied';
  });
}

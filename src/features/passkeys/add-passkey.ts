import { randomBytes } from 'node:crypto';
import type { RegistrationResponseJSON } from '@simplewebauthn/server';
import { z } from 'zod';
import { readNow } from '../../platform/postgres/clock.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { lockInSession } from '../../platform/postgres/locks.ts';
import type { Actor, LiveSession } from '../../platform/session.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { refuseUnderMaintenance } from '../operations/maintenance-store.ts';
import { concludeFactorChange } from '../second-step/factor-change.ts';
import { base64url, challengeIn, readJson } from './answer.ts';
import {
  answerSeconds,
  createPasskeyChallenge,
  type PasskeyAsked,
  readPasskeyChallenge,
} from './challenge.ts';
import { describePasskey, type PasskeyDeps } from './check-assertion.ts';
import type { PasskeyReason } from './reasons.ts';
import { passkeySiteOf } from './site.ts';
import {
  insertPasskey,
  listPasskeys,
  type NewPasskey,
  readUserHandle,
  spendPasskeyChallenge,
} from './store.ts';

/** The most passkeys of one holder. */
export const mostPasskeys = 10;

/**
 * EdDSA, ES256 and RS256 (COSE). Named here because the library offers more where the runtime can
 * verify it, and every node must be able to verify every passkey.
 */
const algorithms = [-8, -7, -257];

/**
 * What a browser needs to make a passkey, as WebAuthn's JSON. Undefined on an address where
 * passkeys do not work.
 */
export async function askForNewPasskey(
  { database, keys }: PasskeyDeps,
  { holderId, shortName }: Pick<LiveSession, 'holderId' | 'shortName'>,
  asked: PasskeyAsked,
  siteName: string,
) {
  const site = passkeySiteOf(asked.site);
  if (!site.offered) return undefined;
  const handle = await readUserHandle(database, holderId, randomBytes(32));
  const own = await listPasskeys(database, holderId);
  return {
    challenge: createPasskeyChallenge(keys, asked, await readNow(database)),
    rp: { id: site.rpId, name: siteName },
    // Devices show the name wherever they list passkeys, so it is not the IIN.
    user: { id: handle.toString('base64url'), name: shortName, displayName: shortName },
    pubKeyCredParams: algorithms.map((alg) => ({ alg, type: 'public-key' as const })),
    timeout: answerSeconds * 1_000,
    attestation: 'none' as const,
    excludeCredentials: own.map(describePasskey),
    authenticatorSelection: {
      residentKey: 'required' as const,
      requireResidentKey: true,
      userVerification: 'required' as const,
    },
  };
}

const attestation = z.object({
  id: base64url,
  rawId: base64url,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    transports: z
      .array(z.string().regex(/^[a-z-]{1,20}$/))
      .max(10)
      .optional()
      .catch(undefined),
  }),
});
type Attestation = z.output<typeof attestation>;

/** Why a passkey was not added. */
export type AddPasskeyReason = Extract<PasskeyReason, 'challengeOver' | 'refused'> | 'known' | 'tooMany';

/**
 * Adds the passkey that a browser has made. The other sessions of its holder end, and every channel
 * is told.
 * @param name what its holder calls it
 */
export async function addPasskey(
  deps: PasskeyDeps,
  actor: Actor,
  {
    answer,
    asked,
    name,
    byEds,
  }: {
    /** WebAuthn's JSON. */
    readonly answer: string;
    readonly asked: PasskeyAsked;
    readonly name: string;
    /** Whether a signature by EDS has proved the holder in this session. */
    readonly byEds: boolean;
  },
): Promise<Result<undefined, AddPasskeyReason>> {
  const { database, keys } = deps;
  const sent = readJson(attestation, answer);
  const challenge = sent && challengeIn(sent.response.clientDataJSON);
  if (!sent || challenge === undefined) return refused('refused');
  const given = readPasskeyChallenge(keys, asked, challenge);
  if (!given || !(await spendPasskeyChallenge(database, given.nonce, given.givenAt)))
    return refused('challengeOver');
  const made = await verify(sent, asked, challenge);
  return made ? keepPasskey(database, actor, { ...made, name, byEds }) : refused('refused');
}

/**
 * Stores a passkey that was verified.
 *
 * @internal The test of locks runs this transaction against the others.
 */
export function keepPasskey(
  database: Database,
  actor: Pick<Actor, 'holderId' | 'sessionHash' | 'requestId'>,
  added: NewPasskey,
): Promise<Result<undefined, AddPasskeyReason>> {
  const { holderId } = actor;
  return database.transaction(async (transaction) => {
    await lockInSession(transaction, actor);
    await refuseUnderMaintenance(transaction);
    if ((await listPasskeys(transaction, holderId)).length >= mostPasskeys) return refused('tooMany');
    if (!(await insertPasskey(transaction, holderId, added))) return refused('known');
    await concludeFactorChange(transaction, actor, {
      notice: 'factor-added',
      event: 'passkey-added',
      detail: { name: added.name },
    });
    return accepted(undefined);
  });
}

/** Verifies a new passkey. Undefined when anything does not fit. */
async function verify(
  sent: Attestation,
  asked: PasskeyAsked,
  challenge: string,
): Promise<Omit<NewPasskey, 'name' | 'byEds'> | undefined> {
  const site = passkeySiteOf(asked.site);
  if (!site.offered) return undefined;
  const { response } = sent;
  const [{ verifyRegistrationResponse }, { decodeAttestationObject }] = await Promise.all([
    import('@simplewebauthn/server'),
    import('@simplewebauthn/server/helpers'),
  ]);
  try {
    const object = decodeAttestationObject(
      new Uint8Array(Buffer.from(response.attestationObject, 'base64url')),
    );
    // No attestation is asked for. For a certificate that somebody sends all the same, the library
    // would ask servers elsewhere whether it is revoked.
    if (object.get('attStmt').get('x5c') !== undefined || !['none', 'packed'].includes(object.get('fmt')))
      return undefined;
    const checked = await verifyRegistrationResponse({
      response: { ...sent, clientExtensionResults: {} } as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    });
    if (!checked.verified) return undefined;
    const { credential, credentialBackedUp } = checked.registrationInfo;
    return {
      credentialId: Buffer.from(credential.id, 'base64url'),
      publicKey: Buffer.from(credential.publicKey),
      counter: credential.counter,
      transports: response.transports ?? [],
      backedUp: credentialBackedUp,
    };
  } catch {
    // It throws for every answer that does not fit.
    return undefined;
  }
}

import { randomInt } from 'node:crypto';
import { randomToken, tokenHash } from '../../platform/keys.ts';
import type { Language } from '../../values/language.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { maxTries } from '../codes/code.ts';
import {
  type AccountRequestDeps,
  type AccountRequestKind,
  openTyped,
  sealTyped,
  type TypedRequest,
} from './account-request.ts';
import { type AdmissionReason, admitRequest, type Requester } from './admission.ts';
import { findRequest, insertRequest, type LiveAccountRequest, requeueRequest } from './store.ts';

/**
 * A request is processed after a random delay. A person on file makes more work. When that work ran
 * right after the request, it slowed down the same visitor's next request by an amount that could
 * be measured.
 */
const rest = { leastMs: 100, mostMs: 300 } as const;

/**
 * Begins a request and returns the secret of its cookie. The work is the same for everybody.
 * Nothing about the person is looked up here (facts-security A1-A6) except whether a mark that the
 * browser sent is theirs. The request is refused while codes are being guessed or when this network
 * has asked too often, unless `admission.ts` lets the requester continue.
 */
export async function beginAccountRequest(
  deps: AccountRequestDeps,
  request: Requester & {
    readonly kind: AccountRequestKind;
    readonly typed: TypedRequest;
    readonly language: Language;
    /** The secret of this browser's earlier request. */
    readonly before: string | undefined;
  },
): Promise<Result<string, AdmissionReason>> {
  const { database, keys, accountRequestSettings } = deps;
  const { kind, typed, language, network, marks = [], before } = request;
  const admitted = await admitRequest(deps, typed, request);
  if (!admitted.ok) return admitted;
  const token = randomToken();
  const hash = tokenHash(token);
  const restMs = randomInt(rest.leastMs, rest.mostMs);
  await insertRequest(
    database,
    {
      hash,
      kind,
      typed: sealTyped(keys, hash, typed, marks),
      language,
      network: keys.sign('network', network),
      replaces: before === undefined ? undefined : tokenHash(before),
    },
    { minutes: accountRequestSettings.minutes, restMs },
  );
  deps.onRequested(restMs);
  return accepted(token);
}

/** The request of this browser, while it may be continued. */
export function findAccountRequest(
  { database }: AccountRequestDeps,
  kind: AccountRequestKind,
  token: string,
): Promise<LiveAccountRequest | undefined> {
  return findRequest(database, tokenHash(token), kind);
}

/** What this browser typed before, for the visitor to correct. */
export async function typedBefore(
  deps: AccountRequestDeps,
  kind: AccountRequestKind,
  token: string,
): Promise<TypedRequest | undefined> {
  const request = await findAccountRequest(deps, kind, token);
  return request && openTyped(deps.keys, tokenHash(token), request.typed);
}

/**
 * Sends the code again. It is the same code while that is valid and has tries left. The answer is
 * the same for everybody.
 */
export async function resendCode(
  deps: AccountRequestDeps,
  kind: AccountRequestKind,
  { token, language, ...requester }: Requester & { readonly token: string; readonly language: Language },
): Promise<Result<undefined, AdmissionReason | 'gone'>> {
  const typed = await typedBefore(deps, kind, token);
  if (!typed) return refused('gone');
  const admitted = await admitRequest(deps, typed, requester);
  if (!admitted.ok) return admitted;
  const restMs = randomInt(rest.leastMs, rest.mostMs);
  if (!(await requeueRequest(deps.database, tokenHash(token), kind, { language, maxTries, restMs }))) {
    return refused('gone');
  }
  deps.onRequested(restMs);
  return accepted(undefined);
}

import { importPKCS8, SignJWT } from 'jose';
import type { z } from 'zod';
import { randomName } from '../../keys.ts';
import { Undeliverable } from '../../modules/delivery/undeliverable.ts';
import { type Breaker, type BreakerView, createBreaker } from '../../modules/operations/breaker.ts';
import { FundUnavailable, WrongPerson } from '../../modules/requisites/fund-errors.ts';
import type { Fund, FundAnswer } from '../../modules/requisites/ports.ts';
import { type Answer, type Asker, createAsker, type Question } from '../http/ask.ts';
import {
  appliedAnswer,
  conflictAnswer,
  elsewhereAnswer,
  holderAnswer,
  missingAnswer,
  receivedAnswer,
  refusedAnswer,
  stateAnswer,
} from './answers.ts';

/** Where the fund's system is, and how the cabinet proves who it is; PEM texts. */
export interface FundSettings {
  readonly url: URL;
  readonly ca?: string;
  readonly client?: { readonly cert: string; readonly key: string };
  /** Private key (PKCS#8, Ed25519 or P-256) that signs a token for each question. */
  readonly tokenKey?: string;
  /** Most questions of this process at once, for reads and for changes each. */
  readonly atOnce: number;
}

export interface FundOptions {
  /** Told why no answer was had: a code, never a value. */
  readonly onFailure?: (code: string) => void;
  /** Told that the fund answered about somebody else. */
  readonly onWrongPerson?: () => void;
  /** Milliseconds for a read and for a change. */
  readonly timeouts?: { readonly read: number; readonly change: number };
}

/** A person waits for a read; nobody waits for a change, but a lease of 30 seconds runs. */
const usualTimeouts = { read: 2_500, change: 10_000 };
const tokenSeconds = 60;

/**
 * The fund's system over HTTP (docs/fund-api.yaml). Reads and changes have connections, limits and breakers of their own, so that
 * a slow half does not take the other with it. Nothing is retried here: the outbox does that, and a page has its copy.
 */
export function fundOverHttp(
  settings: FundSettings,
  options: FundOptions = {},
): Fund & { readonly breakers: readonly BreakerView[] } {
  const timeouts = options.timeouts ?? usualTimeouts;
  const { url, ca, client, atOnce } = settings;
  const common = {
    url: url.href,
    ...(ca === undefined ? {} : { ca }),
    ...(client === undefined ? {} : { client }),
    connections: atOnce,
  };
  const token = settings.tokenKey === undefined ? undefined : tokenSigner(settings.tokenKey, url.origin);
  const half = (name: string, timeout: number) => {
    const asker = createAsker({ ...common, timeout });
    return { asker, inHand: 0, breaker: createBreaker(name) };
  };
  const reads = half('fund-reads', timeouts.read);
  const changes = half('fund-changes', timeouts.change);

  /** One question: within the limits, or `FundUnavailable`. An answer that is none counts as a failure, a final one does not. */
  async function ask<Value>(
    where: { asker: Asker; inHand: number; breaker: Breaker },
    question: Question,
    judge: (answer: Answer) => Value | FinalAnswer,
  ): Promise<Value> {
    const outcome = await (async () => {
      if (where.inHand >= atOnce * 4) throw new FundUnavailable('FUND_BUSY');
      where.inHand += 1;
      try {
        return await where.breaker.run(async () => {
          const bearer = await token?.();
          return judge(await where.asker.ask({ ...question, ...(bearer === undefined ? {} : { bearer }) }));
        });
      } finally {
        where.inHand -= 1;
      }
    })().catch((error: unknown): never => {
      const code = codeOf(error);
      options.onFailure?.(code);
      throw new FundUnavailable(code);
    });
    if (outcome instanceof FinalAnswer) throw outcome.said;
    return outcome;
  }

  return {
    breakers: [reads.breaker, changes.breaker],
    get available() {
      return changes.breaker.state() !== 'open';
    },

    read: async (iin, sinceElsewhere) => {
      const json = { iin, ...(sinceElsewhere === undefined ? {} : { afterRevision: sinceElsewhere }) };
      const person = await ask(reads, { method: 'POST', path: ['holders', 'find'], json }, (answer) =>
        answer.status === 404 && isMissing(answer) ? undefined : read(answer, 200, holderAnswer),
      );
      if (person && person.iin !== iin) {
        options.onWrongPerson?.();
        throw new WrongPerson();
      }
      return person;
    },

    apply: ({ changeId, iin, fields, sequence, expectedVersion, madeAt }) =>
      ask<FundAnswer>(
        changes,
        {
          method: 'PUT',
          path: ['changes', changeId],
          json: { iin, sequence, expectedRevision: expectedVersion, madeAt: madeAt.toISOString(), fields },
        },
        (answer) => {
          switch (answer.status) {
            case 200:
              return read(answer, 200, appliedAnswer);
            case 202:
              return read(answer, 202, receivedAnswer);
            case 409:
              return read(answer, 409, conflictAnswer);
            case 422:
              return read(answer, 422, refusedAnswer);
            default:
              return neverTaken(answer);
          }
        },
      ),

    findChange: (changeId) =>
      ask(changes, { method: 'GET', path: ['changes', changeId] }, (answer) =>
        answer.status === 404 && isMissing(answer) ? undefined : read(answer, 200, stateAnswer),
      ),

    changesElsewhere: (cursor, most) =>
      ask(
        reads,
        {
          method: 'GET',
          path: ['changes-elsewhere'],
          query: { most: String(most), ...(cursor === null ? {} : { after: cursor }) },
        },
        (answer) => read(answer, 200, elsewhereAnswer),
      ),

    async close() {
      await Promise.all([reads.asker.close(), changes.asker.close()]);
    },
  };
}

/** An answer that is one, though not what was hoped for: the fund works. */
class FinalAnswer {
  readonly said: Error;
  constructor(said: Error) {
    this.said = said;
  }
}

/** What may pass by itself is worth another try; a question that the fund will never understand is the operator's affair. */
function neverTaken({ status }: Answer): FinalAnswer {
  const passing = status >= 500 || [401, 403, 404, 408, 425, 429].includes(status);
  if (passing || status < 400) throw new FundUnavailable(`FUND_HTTP_${status}`);
  return new FinalAnswer(new Undeliverable(`FUND_HTTP_${status}`));
}

function read<Value>(answer: Answer, status: number, shape: z.ZodType<Value>): Value {
  if (answer.status !== status) throw new FundUnavailable(`FUND_HTTP_${answer.status}`);
  const parsed = shape.safeParse(answer.body);
  if (!parsed.success) throw new FundUnavailable('FUND_ANSWER');
  return parsed.data;
}

/** A 404 of the question itself, not of a path that some proxy does not know. */
function isMissing({ body }: Answer): boolean {
  return missingAnswer.safeParse(body).success;
}

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}

/** Signs a token for the fund's origin, a fresh one for each question. */
function tokenSigner(pem: string, audience: string): () => Promise<string> {
  const algorithms = ['EdDSA', 'ES256'] as const;
  const key = algorithms.reduce<Promise<{ algorithm: string; key: CryptoKey }>>(
    (earlier, algorithm) =>
      earlier.catch(async () => ({ algorithm, key: await importPKCS8(pem, algorithm) })),
    Promise.reject(new Error('no key')),
  );
  key.catch(() => undefined);
  return async () => {
    const signer = await key;
    return new SignJWT()
      .setProtectedHeader({ alg: signer.algorithm, typ: 'JWT' })
      .setIssuer('kabinet')
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${tokenSeconds}s`)
      .setJti(randomName(20))
      .sign(signer.key);
  };
}

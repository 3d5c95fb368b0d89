import {
  type CircuitBreaker,
  type CircuitBreakerView,
  createCircuitBreaker,
} from '../../platform/circuit-breaker.ts';
import { type Answer, createHttpClient, type HttpClient, type Question } from '../../platform/http-client.ts';
import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import { FundUnavailable, WrongPerson } from '../errors.ts';
import type { Fund } from '../port.ts';
import {
  changeAnswer,
  elsewhereAnswer,
  foundAnswer,
  healthAnswer,
  holderAnswer,
  isTransient,
} from './answers.ts';
import { createReader, type Fault, type Reader } from './reading.ts';
import { tokenSigner } from './token.ts';

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
  /** Told what could not be read of an answer: places, never values. */
  readonly onFaults?: (faults: readonly Fault[]) => void;
  /** Told that the fund answered about somebody else. */
  readonly onWrongPerson?: () => void;
  /** Milliseconds for a read and for a change. */
  readonly timeouts?: { readonly read: number; readonly change: number };
}

/** A person waits for a read; nobody waits for a change, but a lease of 30 seconds runs. */
const usualTimeouts = { read: 2_500, change: 10_000 };

/** The fund's system over HTTP, with what is watched of it. */
export type FundOverHttp = Fund & {
  readonly breakers: readonly CircuitBreakerView[];
  /**
   * Asks whether the fund works and lets us in; throws `FundUnavailable` with the code of what is wrong. `reached`: there is a server, and it
   * does not know the question.
   */
  checkHealth(): Promise<'works' | 'reached'>;
};

/**
 * The fund's system over HTTP (docs/fund-api.yaml). Reads and changes have connections, limits and breakers of their own, so that
 * a slow half does not take the other with it. Nothing is retried here but a broken connection: the outbox does that, and a page has its
 * copy.
 */
export function createHttpFund(settings: FundSettings, options: FundOptions = {}): FundOverHttp {
  const timeouts = options.timeouts ?? usualTimeouts;
  const { url, ca, client, atOnce } = settings;
  const common = {
    url: url.href,
    ...(ca === undefined ? {} : { ca }),
    ...(client === undefined ? {} : { client }),
    connections: atOnce,
  };
  const token = settings.tokenKey === undefined ? undefined : tokenSigner(settings.tokenKey, url.origin);
  const half = (name: string, timeout: number): Half => {
    const asker = createHttpClient({ ...common, timeout });
    return { asker, inHand: 0, breaker: createCircuitBreaker(name) };
  };
  const reads = half('fund-reads', timeouts.read);
  const changes = half('fund-changes', timeouts.change);

  /**
   * One question, within the limits. Only what bears on the fund as a whole counts against its breaker: an answer in time that makes
   * no sense, or none for one holder, must not take the fund away from everybody else.
   */
  async function ask<Value>(
    where: Half,
    question: Question,
    judge: (answer: Answer, reader: Reader) => Value,
    {
      about,
      outage = isTransient,
    }: { readonly about?: string; readonly outage?: (answer: Answer) => boolean } = {},
  ): Promise<Value> {
    try {
      if (where.inHand >= atOnce * 4) throw new FundUnavailable('FUND_BUSY');
      where.inHand += 1;
      const answer = await where.breaker
        .run(
          async () => {
            const bearer = await token?.();
            const said = await where.asker.ask({ ...question, ...(bearer === undefined ? {} : { bearer }) });
            if (outage(said)) throw new FundUnavailable(`FUND_HTTP_${said.status}`);
            return said;
          },
          (error) => (codeOf(error) === 'FUND_HTTP_500' ? about : undefined),
        )
        .finally(() => {
          where.inHand -= 1;
        });
      const reader = createReader();
      try {
        return judge(answer, reader);
      } finally {
        if (reader.faults.length > 0) options.onFaults?.(reader.faults);
      }
    } catch (error) {
      if (error instanceof Undeliverable) throw error;
      const code = codeOf(error);
      options.onFailure?.(code);
      throw error instanceof FundUnavailable ? error : new FundUnavailable(code);
    }
  }

  return {
    breakers: [reads.breaker, changes.breaker],
    get available() {
      return changes.breaker.state() !== 'open';
    },

    checkHealth: () =>
      ask(reads, { method: 'GET', path: ['health'] }, healthAnswer, {
        outage: (answer) => answer.status !== 404 && isTransient(answer),
      }),

    read: async (iin, sinceElsewhere) => {
      const json = { iin, ...(sinceElsewhere === undefined ? {} : { afterRevision: sinceElsewhere }) };
      const person = await ask(
        reads,
        { method: 'POST', path: ['holders', 'find'], json, repeatable: true },
        (answer, reader) => holderAnswer(answer, reader, sinceElsewhere),
        { about: iin },
      );
      if (person && person.iin !== iin) {
        options.onWrongPerson?.();
        throw new WrongPerson();
      }
      return person;
    },

    apply: ({ changeId, iin, fields, sequence, expectedVersion, madeAt }) =>
      ask(
        changes,
        {
          method: 'PUT',
          path: ['changes', changeId],
          json: { iin, sequence, expectedRevision: expectedVersion, madeAt: madeAt.toISOString(), fields },
          // The id in the path: a change is applied once, however often it comes.
          repeatable: true,
        },
        changeAnswer,
        { about: iin },
      ),

    findChange: (changeId) =>
      ask(changes, { method: 'GET', path: ['changes', changeId] }, foundAnswer, { about: changeId }),

    changesElsewhere: (cursor, most) =>
      ask(
        reads,
        {
          method: 'GET',
          path: ['changes-elsewhere'],
          query: { most: String(most), ...(cursor === null ? {} : { after: cursor }) },
        },
        elsewhereAnswer,
      ),

    async close() {
      await Promise.all([reads.asker.close(), changes.asker.close()]);
    },
  };
}

/** Reads or changes: their connections, and what spares the fund. */
interface Half {
  readonly asker: HttpClient;
  readonly breaker: CircuitBreaker;
  inHand: number;
}

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}

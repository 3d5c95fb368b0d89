import { type CircuitBreakerView, createCircuitBreaker } from '../../platform/circuit-breaker.ts';
import { errorCode } from '../../platform/error-code.ts';
import { type Answer, createHttpClient, type Question } from '../../platform/http-client.ts';
import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import { noTracing, type Tracing } from '../../platform/tracing.ts';
import { FundUnavailable } from '../errors.ts';
import { isTransient } from './answers.ts';
import { createReader, type Fault, type Reader } from './reading.ts';

/**
 * The address of the fund's system, and the credentials of the cabinet. Keys and certificates are
 * PEM texts.
 */
export interface FundSettings {
  readonly url: URL;
  readonly ca?: string;
  readonly client?: { readonly cert: string; readonly key: string };
  /** The private key (PKCS#8, Ed25519 or P-256) that signs a token for each request. */
  readonly tokenKey?: string;
  /**
   * Maximum number of simultaneous requests of this process, separately for reads and for changes.
   */
  readonly atOnce: number;
}

export interface FundLineOptions {
  /** Called with the reason for a missing answer: a code, never a value. */
  readonly onFailure?: (code: string) => void;
  /** Called with the parts of an answer that could not be read: their places, never values. */
  readonly onFaults?: (faults: readonly Fault[]) => void;
  /** Notes the requests of what is traced, and gives them its `traceparent`. */
  readonly tracing?: Tracing | undefined;
}

/** What else is known of a question. */
interface AskOptions {
  /** Whom or what it is about: a missing answer about one holder says nothing of the others. */
  readonly about?: string;
  /** The request of a person that needs the answer, so that both logs can be compared. */
  readonly requestId?: string | undefined;
  /** Tells answers that mean that the fund as a whole is down. */
  readonly outage?: (answer: Answer) => boolean;
}

/** A connection to the fund for reads or for changes, with its limits and its breaker. */
export interface FundLine {
  readonly breaker: CircuitBreakerView;
  /**
   * Sends one request, within the limits. Only failures of the fund as a whole count for the
   * breaker. A timely answer that cannot be read, or a missing answer about one holder (`about`),
   * must not block the fund for everybody else.
   * @throws FundUnavailable when there is no answer, or `judge` finds that it cannot be read
   * @throws Undeliverable when `judge` does
   */
  ask<Value>(
    question: Question,
    judge: (answer: Answer, reader: Reader) => Value,
    how?: AskOptions,
  ): Promise<Value>;
  close(): Promise<void>;
}

/** Opens a connection to the fund. */
export function createFundLine(
  name: string,
  { url, ca, client: certificate, atOnce }: FundSettings,
  {
    onFailure,
    onFaults,
    tracing = noTracing,
    timeout,
    token,
  }: FundLineOptions & {
    /** Milliseconds. */
    readonly timeout: number;
    readonly token: (() => Promise<string>) | undefined;
  },
): FundLine {
  const client = createHttpClient({
    url: url.href,
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { client: certificate }),
    connections: atOnce,
    timeout,
  });
  const breaker = createCircuitBreaker(name);
  let inHand = 0;

  const askOnce = (question: Question, how: AskOptions): Promise<Answer> => {
    const { method, path } = question;
    // The rest of the path names a change.
    const start = {
      name: `${method} ${path[0]}`,
      kind: 'client',
      facts: { 'peer.service': 'fund' },
    } as const;
    return tracing.within(start, async (traced) => {
      const bearer = await token?.();
      const headers = originOf(how.requestId, tracing.current());
      const answer = await client.ask({ ...question, headers, ...(bearer === undefined ? {} : { bearer }) });
      traced.note({ 'http.response.status_code': answer.status });
      if ((how.outage ?? isTransient)(answer)) throw new FundUnavailable(`FUND_HTTP_${answer.status}`);
      return answer;
    });
  };

  return {
    breaker,
    async ask(question, judge, how = {}) {
      try {
        if (inHand >= atOnce * 4) throw new FundUnavailable('FUND_BUSY');
        inHand += 1;
        const answer = await breaker
          .run(
            () => askOnce(question, how),
            (error) => (errorCode(error) === 'FUND_HTTP_500' ? how.about : undefined),
          )
          .finally(() => {
            inHand -= 1;
          });
        const reader = createReader();
        try {
          return judge(answer, reader);
        } finally {
          if (reader.faults.length > 0) onFaults?.(reader.faults);
        }
      } catch (error) {
        if (error instanceof Undeliverable) throw error;
        const code = errorCode(error);
        onFailure?.(code);
        throw error instanceof FundUnavailable ? error : new FundUnavailable(code);
      }
    },
    close: () => client.close(),
  };
}

/** The headers that say which request of a person needs the answer. */
function originOf(requestId: string | undefined, traceparent: string | undefined): Record<string, string> {
  return {
    ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

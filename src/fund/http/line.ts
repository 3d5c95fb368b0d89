import { type CircuitBreakerView, createCircuitBreaker } from '../../platform/circuit-breaker.ts';
import { type Answer, createHttpClient, type Question } from '../../platform/http-client.ts';
import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import { FundUnavailable } from '../errors.ts';
import { isTransient } from './answers.ts';
import { createReader, type Fault, type Reader } from './reading.ts';

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

export interface FundLineOptions {
  /** Called with why no answer was had: a code, never a value. */
  readonly onFailure?: (code: string) => void;
  /** Called with what could not be read of an answer: places, never values. */
  readonly onFaults?: (faults: readonly Fault[]) => void;
}

/** One way to the fund, for reads or for changes: its connections, and what spares the fund. */
export interface FundLine {
  readonly breaker: CircuitBreakerView;
  /**
   * One question, within the limits. Only what bears on the fund as a whole counts against the
   * breaker: an answer in time that makes no sense, or none for one holder (`about`), must not take
   * the fund away from everybody else.
   * @throws FundUnavailable when no answer can be had, or `judge` finds that it cannot be read
   * @throws Undeliverable when `judge` does
   */
  ask<Value>(
    question: Question,
    judge: (answer: Answer, reader: Reader) => Value,
    how?: { readonly about?: string; readonly outage?: (answer: Answer) => boolean },
  ): Promise<Value>;
  close(): Promise<void>;
}

/** Opens a way to the fund. */
export function createFundLine(
  name: string,
  { url, ca, client: certificate, atOnce }: FundSettings,
  {
    onFailure,
    onFaults,
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

  async function askOnce(question: Question, outage: (answer: Answer) => boolean): Promise<Answer> {
    const bearer = await token?.();
    const answer = await client.ask({ ...question, ...(bearer === undefined ? {} : { bearer }) });
    if (outage(answer)) throw new FundUnavailable(`FUND_HTTP_${answer.status}`);
    return answer;
  }

  return {
    breaker,
    async ask(question, judge, { about, outage = isTransient } = {}) {
      try {
        if (inHand >= atOnce * 4) throw new FundUnavailable('FUND_BUSY');
        inHand += 1;
        const answer = await breaker
          .run(
            () => askOnce(question, outage),
            (error) => (codeOf(error) === 'FUND_HTTP_500' ? about : undefined),
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
        const code = codeOf(error);
        onFailure?.(code);
        throw error instanceof FundUnavailable ? error : new FundUnavailable(code);
      }
    },
    close: () => client.close(),
  };
}

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}

import { Agent, request } from 'undici';
import { type CircuitBreakerView, createCircuitBreaker } from '../../platform/circuit-breaker.ts';

/** Asks the authority's OCSP responder. */
export interface OcspResponder {
  /** The answer's bytes, unjudged; undefined when none came in time. */
  ask(question: Uint8Array): Promise<Uint8Array | undefined>;
  readonly breaker: CircuitBreakerView;
  close(): Promise<void>;
}

/**
 * Milliseconds for a whole answer: with the rest of the verification a person waits no more than
 * four seconds.
 */
const timeout = 3_000;
const largestAnswer = 64 * 1024;

/**
 * A client for the one configured address: the addresses that certificates name are never followed.
 * Nothing is believed of the connection, the answer's signature is checked by the verifier. A
 * breaker spares a responder that fails.
 */
export function ocspResponder(url: string, onFailure: (reason: string) => void): OcspResponder {
  const agent = new Agent({
    connect: { timeout },
    connections: 8,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    maxResponseSize: largestAnswer,
  });
  const breaker = createCircuitBreaker('ocsp');
  return {
    async ask(question) {
      try {
        return await breaker.run(async () => {
          const answer = await request(url, {
            method: 'POST',
            dispatcher: agent,
            signal: AbortSignal.timeout(timeout),
            headers: { 'content-type': 'application/ocsp-request', accept: 'application/ocsp-response' },
            body: question,
          });
          if (answer.statusCode !== 200) {
            await answer.body.dump({ limit: 16 * 1024 });
            throw new Error(`HTTP ${answer.statusCode}`);
          }
          return new Uint8Array(await answer.body.arrayBuffer());
        });
      } catch (error) {
        onFailure(error instanceof Error ? error.name : 'unknown');
        return undefined;
      }
    },
    breaker,
    close: () => agent.destroy(),
  };
}

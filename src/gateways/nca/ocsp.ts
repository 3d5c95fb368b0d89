import { type CircuitBreakerView, createCircuitBreaker } from '../../platform/circuit-breaker.ts';

/** Asks the authority's OCSP responder. */
export interface OcspResponder {
  /** The bytes of the answer, not verified; undefined when none came in time. */
  ask(question: Uint8Array): Promise<Uint8Array | undefined>;
  readonly breaker: CircuitBreakerView;
  close(): Promise<void>;
}

/**
 * Milliseconds for a whole answer. Together with the rest of the verification, a person waits at
 * most four seconds.
 */
const timeout = 3_000;
const largestAnswer = 64 * 1024;

/**
 * Creates a client for the one configured address. It never follows the addresses that certificates
 * name. The connection is not trusted: the verifier checks the answer's signature. A circuit
 * breaker stops calls to a responder that fails.
 */
export function ocspResponder(url: string, onFailure: (reason: string) => void): OcspResponder {
  // Loaded at the first signature: it takes time at the start, and memory.
  const connect = async () => {
    const { Agent, request } = await import('undici');
    const agent = new Agent({
      connect: { timeout },
      connections: 8,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      maxResponseSize: largestAnswer,
    });
    return { agent, request };
  };
  let connected: ReturnType<typeof connect> | undefined;
  const breaker = createCircuitBreaker('ocsp');
  return {
    async ask(question) {
      try {
        return await breaker.run(async () => {
          connected ??= connect();
          const { agent, request } = await connected;
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
    async close() {
      await (await connected)?.agent.destroy();
    },
  };
}

import { type CircuitBreakerView, createCircuitBreaker } from '../../platform/circuit-breaker.ts';

/** A service of the authority that answers DER with DER. */
export interface Responder {
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

/** What is asked there. */
const services = {
  ocsp: { question: 'application/ocsp-request', answer: 'application/ocsp-response' },
  tsa: { question: 'application/timestamp-query', answer: 'application/timestamp-reply' },
} as const;

/**
 * Creates a client for the one configured address. It never follows the addresses that certificates
 * name. The connection is not trusted: the verifier checks the answer's signature. A circuit
 * breaker stops calls to a responder that fails.
 */
export function createResponder(
  service: keyof typeof services,
  url: string,
  onFailure: (reason: string) => void,
): Responder {
  const types = services[service];
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
  const breaker = createCircuitBreaker(service);
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
            headers: { 'content-type': types.question, accept: types.answer },
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

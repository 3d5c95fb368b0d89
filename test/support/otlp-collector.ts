import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it arrived. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** What runs in the process that sent it. */
  readonly role: unknown;
}

/** A collector of OpenTelemetry that takes OTLP over HTTP and keeps it in memory. */
export interface OtlpCollector {
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** Everything that arrived, unread, with its headers. */
  readonly received: readonly string[];
  /** From now on it takes requests and does not answer them; false: it answers, also the former. */
  hang(hangs: boolean): void;
  close(): Promise<void>;
}

interface SentAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}
interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly SentAttribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<CollectedSpan, 'attributes' | 'role'> & {
        readonly attributes: readonly SentAttribute[];
      })[];
    }[];
  }[];
}

/** Starts the stand-in on 127.0.0.1. */
export async function startOtlpCollector(): Promise<OtlpCollector> {
  const spans: CollectedSpan[] = [];
  const received: string[] = [];
  const held: ServerResponse[] = [];
  let hangs = false;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    received.push(JSON.stringify(request.headers), body);
    if (request.url === '/v1/traces') spans.push(...read(JSON.parse(body) as Sent));
    if (hangs) held.push(response);
    else answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    received,
    hang(next) {
      hangs = next;
      if (!next) for (const response of held.splice(0)) answer(response);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
}

function read({ resourceSpans }: Sent): readonly CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const role = valuesOf(resource.attributes)['kabinet.role'];
    return scopeSpans.flatMap((scope) =>
      scope.spans.map((span) => ({ ...span, attributes: valuesOf(span.attributes), role })),
    );
  });
}

function valuesOf(attributes: readonly SentAttribute[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

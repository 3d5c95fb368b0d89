import { randomUUID } from 'node:crypto';
import {
  type Context,
  createContextKey,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { errorCode } from '../error-code.ts';
import { settlesWithin } from '../timeout.ts';
import type { TraceKind, TraceSettings, TraceStart, Tracing } from '../tracing.ts';

export interface TraceOptions {
  /** What runs here: the release and the role of the process. */
  readonly release: string;
  readonly role: string;
  /** Called when the collector does not take spans any more, and when it takes them again. */
  readonly onChange: (takes: boolean) => void;
}

/** Spans that wait for the collector. When it is away, further ones are dropped. */
const mostWaiting = 2_048;
/** Milliseconds for one export, and for the last one when the process stops. */
const exportMs = 3_000;
const lastExportMs = 2_000;

const kinds: Record<TraceKind, SpanKind> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
};

/** Where a context has those of the other traces that the same work belongs to. */
const beside = createContextKey('the same work in other traces');

/**
 * Traces by OpenTelemetry, sent to a collector as OTLP over HTTP. Nothing is registered globally
 * and nothing is instrumented by itself, so that a span has only the facts that our code gives it.
 */
export function createOpenTelemetry(settings: TraceSettings, options: TraceOptions): Tracing {
  const provider = createProvider(settings, options);
  const tracer = provider.getTracer('kabinet');
  const contexts = new AsyncLocalStorageContextManager().enable();
  const propagator = new W3CTraceContextPropagator();

  const begin = ({ name, kind, facts = {} }: TraceStart, parent: Context) =>
    tracer.startSpan(name, { kind: kinds[kind], attributes: facts }, parent);
  const contextOf = (traceparent: string) =>
    propagator.extract(ROOT_CONTEXT, { traceparent }, defaultTextMapGetter);
  const traceparentOf = (context: Context): string | undefined => {
    const headers: { traceparent?: string } = {};
    propagator.inject(context, headers, defaultTextMapSetter);
    return headers.traceparent;
  };

  /** Runs `work` as a new span under each of `parents`. */
  async function span<Value>(
    start: TraceStart,
    parents: readonly Context[],
    work: (spans: readonly Span[]) => Promise<Value>,
  ): Promise<Value> {
    const made = parents.map((parent) => ({ parent, span: begin(start, parent) }));
    const spans = made.map((one) => one.span);
    const [first = ROOT_CONTEXT, ...others] = made.map((one) => trace.setSpan(one.parent, one.span));
    try {
      return await contexts.with(first.setValue(beside, others), work, undefined, spans);
    } catch (error) {
      for (const one of spans)
        one.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', errorCode(error));
      throw error;
    } finally {
      for (const one of spans) one.end();
    }
  }

  return {
    request(start, traceparent) {
      const parent = traceparent === undefined ? ROOT_CONTEXT : contextOf(traceparent);
      const made = begin(start, parent);
      const context = trace.setSpan(parent, made);
      return {
        note: (facts) => void made.setAttributes(facts),
        run: (next) => contexts.with(context, next),
        traceparent: () => traceparentOf(context),
        end(facts, failed) {
          made.setAttributes(facts);
          if (failed) made.setStatus({ code: SpanStatusCode.ERROR });
          made.end();
        },
      };
    },
    within(start, work) {
      const parents = recordingIn(contexts.active());
      if (parents.length === 0) return work({ note: () => undefined });
      return span(start, parents, (spans) =>
        work({
          note(facts) {
            for (const one of spans) one.setAttributes(facts);
          },
        }),
      );
    },
    resume: (traceparent, start, work) =>
      traceparent === null ? work() : span(start, [contextOf(traceparent)], work),
    resumeAll(traceparents, start, work) {
      const parents = traceparents.flatMap((one) => (one === null ? [] : [contextOf(one)]));
      return parents.length === 0 ? work() : span(start, parents, work);
    },
    current: () => traceparentOf(contexts.active()),
    async close() {
      // A collector that hangs must not keep the process.
      await settlesWithin(provider.shutdown(), lastExportMs).catch(() => undefined);
      contexts.disable();
    },
  };
}

/** What goes on in a context, in every trace that it belongs to. */
function recordingIn(active: Context): readonly Context[] {
  const others = (active.getValue(beside) ?? []) as readonly Context[];
  return [active, ...others].filter((context) => trace.getSpan(context)?.isRecording());
}

/** Samples, gathers and sends spans, within the limits above. */
function createProvider(
  { endpoint, headers, share }: TraceSettings,
  { release, role, onChange }: TraceOptions,
): TracerProvider {
  const exporter = watched(
    new OTLPTraceExporter({
      url: `${endpoint.href.replace(/\/+$/, '')}/v1/traces`,
      headers: { ...headers },
      timeoutMillis: exportMs,
    }),
    onChange,
  );
  return new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'kabinet',
      'service.version': release,
      'service.instance.id': randomUUID(),
      'kabinet.role': role,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: mostWaiting,
        maxExportBatchSize: mostWaiting / 4,
        scheduledDelayMillis: 1_000,
        exportTimeoutMillis: exportMs,
      }),
    ],
  });
}

/** Reports when the collector begins to fail, and when it works again. */
function watched(exporter: OTLPTraceExporter, onChange: (takes: boolean) => void): SpanExporter {
  let takes = true;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        // 0 is success. The error itself may contain the address with its credentials.
        const now = result.code === 0;
        if (now !== takes) onChange(now);
        takes = now;
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}

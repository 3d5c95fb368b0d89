/** Where traces go. */
export interface TraceSettings {
  /** The collector: the base address of OTLP over HTTP. */
  readonly endpoint: URL;
  /** Headers that the collector asks for. */
  readonly headers: Readonly<Record<string, string>>;
  /** The share of requests that are traced, where the sender has not decided it. From 0 to 1. */
  readonly share: number;
}

/**
 * What a trace tells about a piece of work: names, counts and codes of our own. Never a value of a
 * person, an address or anything else that came from outside.
 */
export type TraceFacts = Readonly<Record<string, string | number | boolean>>;

/** What a piece of work is, in the words of OpenTelemetry. */
export type TraceKind = 'server' | 'client' | 'consumer';

/** A piece of work, while it goes on. */
export interface TracedWork {
  note(facts: TraceFacts): void;
}

/** A request, whose hooks run one after another outside of any function. */
export interface TracedRequest extends TracedWork {
  /** Runs `next` so that what it does belongs to the request. */
  run(next: () => void): void;
  /** Names the request to those who continue it elsewhere. */
  traceparent(): string | undefined;
  /** @param failed true for a fault of ours */
  end(facts: TraceFacts, failed: boolean): void;
}

/** What a piece of work is called, and what is known of it when it begins. */
export interface TraceStart {
  readonly name: string;
  readonly kind: TraceKind;
  readonly facts?: TraceFacts;
}

/** Notes how long the parts of a request take, here and in other processes. */
export interface Tracing {
  /** Begins a request. @param parent the `traceparent` that its sender gave */
  request(start: TraceStart, parent: string | undefined): TracedRequest;
  /** Runs `work` as a part of what is going on. What belongs to no trace just runs. */
  within<Value>(start: TraceStart, work: (traced: TracedWork) => Promise<Value>): Promise<Value>;
  /**
   * Runs `work` as a part of a trace that began earlier or elsewhere.
   * @param parent its `traceparent`; null when there was none, so that `work` just runs
   */
  resume<Value>(parent: string | null, start: TraceStart, work: () => Promise<Value>): Promise<Value>;
  /**
   * Runs `work` as a part of several such traces. Each has a span for it, and one for everything
   * that is traced within.
   */
  resumeAll<Value>(
    parents: readonly (string | null)[],
    start: TraceStart,
    work: () => Promise<Value>,
  ): Promise<Value>;
  /** What goes on now, as a `traceparent`. Undefined when it is not traced. */
  current(): string | undefined;
  /** Sends what was noted, within a short time. */
  close(): Promise<void>;
}

const nothing: TracedWork = { note: () => undefined };

/** Notes nothing. */
export const noTracing: Tracing = {
  request: () => ({
    ...nothing,
    run: (next) => next(),
    traceparent: () => undefined,
    end: () => undefined,
  }),
  within: (_start, work) => work(nothing),
  resume: (_parent, _start, work) => work(),
  resumeAll: (_parents, _start, work) => work(),
  current: () => undefined,
  close: () => Promise.resolve(),
};

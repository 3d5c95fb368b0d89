import { createServer, type Server } from 'node:http';
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What the service counts. Labels are route patterns and reasons: never a person. */
export interface Metrics {
  answered(route: string, method: string, status: number, seconds: number): void;
  /** The Prometheus text. */
  text(): Promise<string>;
  /** In a worker of the cluster: answers when the primary process collects. */
  answerPrimary(): void;
}

/** What is asked at each scrape. */
export interface Gauges {
  readonly outbox: () => Promise<{ readonly pending: number; readonly oldestSeconds: number }>;
  /** The lanes of messages, e.g. `code`. */
  readonly lanes: readonly string[];
  readonly lane: (name: string) => Promise<{ readonly pending: number; readonly oldestSeconds: number }>;
  /** Whether each channel can be sent to. */
  readonly channels: () => Readonly<Record<string, boolean>>;
  readonly pool: () => { readonly total: number; readonly idle: number; readonly waiting: number };
}

/** Counts answers by route, and reads outbox and pool at each scrape. */
export function makeMetrics(gauges: Gauges): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to answer, by route',
    labelNames: ['route', 'method'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const answers = new Counter({
    name: 'http_requests_total',
    help: 'Answers, by route and status',
    labelNames: ['route', 'method', 'status'] as const,
    registers,
  });
  // Workers of one machine read the same tables: their answers are one, not a sum.
  const shared = { registers, aggregator: 'max' } as const;
  const ofFund = forOneScrape(gauges.outbox);
  new Gauge({
    ...shared,
    name: 'outbox_pending',
    help: 'Changes not yet at the fund',
    async collect() {
      const depth = await ofFund();
      if (depth) this.set(depth.pending);
    },
  });
  new Gauge({
    ...shared,
    name: 'outbox_oldest_seconds',
    help: 'Age of the oldest of them',
    async collect() {
      const depth = await ofFund();
      if (depth) this.set(depth.oldestSeconds);
    },
  });
  const ofLanes = forOneScrape(() =>
    Promise.all(gauges.lanes.map(async (lane) => ({ lane, ...(await gauges.lane(lane)) }))),
  );
  new Gauge({
    ...shared,
    name: 'messages_pending',
    help: 'SMS and e-mails not yet at their gateway, by lane',
    labelNames: ['lane'] as const,
    async collect() {
      for (const { lane, pending } of (await ofLanes()) ?? []) this.set({ lane }, pending);
    },
  });
  new Gauge({
    ...shared,
    name: 'messages_oldest_seconds',
    help: 'Age of the oldest of them',
    labelNames: ['lane'] as const,
    async collect() {
      for (const { lane, oldestSeconds } of (await ofLanes()) ?? []) this.set({ lane }, oldestSeconds);
    },
  });
  new Gauge({
    registers,
    // With workers: 0 as soon as one of them cannot send.
    aggregator: 'min',
    name: 'channel_available',
    help: '1 while messages of the channel can be sent by this process',
    labelNames: ['channel'] as const,
    collect() {
      for (const [channel, is] of Object.entries(gauges.channels())) this.set({ channel }, is ? 1 : 0);
    },
  });
  new Gauge({
    registers,
    name: 'database_connections',
    help: 'Connections, by state',
    labelNames: ['state'] as const,
    collect() {
      for (const [state, count] of Object.entries(gauges.pool())) this.set({ state }, count);
    },
  });

  return {
    answered(route, method, status, took) {
      seconds.observe({ route, method }, took);
      answers.inc({ route, method, status });
    },
    text: () => registry.metrics(),
    answerPrimary() {
      AggregatorRegistry.setRegistries([registry]);
      // Only an instance listens for the primary's question.
      new AggregatorRegistry();
    },
  };
}

/** Asks once for all gauges that are read at the same time; undefined while the database does not answer. */
function forOneScrape<Value>(ask: () => Promise<Value>): () => Promise<Value | undefined> {
  let asked: Promise<Value | undefined> | undefined;
  return () => {
    asked ??= ask()
      .catch(() => undefined)
      .finally(() => {
        asked = undefined;
      });
    return asked;
  };
}

/** In the primary process: the metrics of all workers, summed up. */
export function workersMetrics(): () => Promise<string> {
  const registry = new AggregatorRegistry();
  return () => registry.clusterMetrics();
}

/** Serves the metrics on a port of their own, apart from what people reach. */
export function metricsServer(text: () => Promise<string>): Server {
  return createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    text().then(
      (body) =>
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(body),
      () => response.writeHead(500).end(),
    );
  });
}

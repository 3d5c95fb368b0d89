import { createServer, type Server } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What the service counts. Labels are route patterns and reasons: never a person. */
export interface Metrics {
  answered(route: string, method: string, status: number, seconds: number): void;
  /** The Prometheus text. */
  text(): Promise<string>;
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
  const pending = new Gauge({ name: 'outbox_pending', help: 'Changes not yet at the fund', registers });
  const age = new Gauge({ name: 'outbox_oldest_seconds', help: 'Age of the oldest of them', registers });
  const waiting = new Gauge({
    name: 'messages_pending',
    help: 'SMS and e-mails not yet at their gateway, by lane',
    labelNames: ['lane'] as const,
    registers,
  });
  const waitingAge = new Gauge({
    name: 'messages_oldest_seconds',
    help: 'Age of the oldest of them',
    labelNames: ['lane'] as const,
    registers,
  });
  const available = new Gauge({
    name: 'channel_available',
    help: '1 while messages of the channel can be sent by this process',
    labelNames: ['channel'] as const,
    registers,
  });
  const pool = new Gauge({
    name: 'database_connections',
    help: 'Connections, by state',
    labelNames: ['state'] as const,
    registers,
  });

  return {
    answered(route, method, status, took) {
      seconds.observe({ route, method }, took);
      answers.inc({ route, method, status });
    },
    async text() {
      const depth = await gauges.outbox().catch(() => undefined);
      if (depth) {
        pending.set(depth.pending);
        age.set(depth.oldestSeconds);
      }
      for (const name of gauges.lanes) {
        const lane = await gauges.lane(name).catch(() => undefined);
        if (!lane) continue;
        waiting.set({ lane: name }, lane.pending);
        waitingAge.set({ lane: name }, lane.oldestSeconds);
      }
      for (const [channel, is] of Object.entries(gauges.channels())) available.set({ channel }, is ? 1 : 0);
      for (const [state, count] of Object.entries(gauges.pool())) pool.set({ state }, count);
      return registry.metrics();
    },
  };
}

/** Serves the metrics on a port of their own, apart from what people reach. */
export function metricsServer(metrics: Metrics): Server {
  return createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    metrics.text().then(
      (text) =>
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
      () => response.writeHead(500).end(),
    );
  });
}

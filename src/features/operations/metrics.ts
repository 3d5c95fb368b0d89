import { createServer, type Server } from 'node:http';
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CircuitBreakerView } from '../../platform/circuit-breaker.ts';
import type { Readings } from './readings-store.ts';

/**
 * Counts what the service does. Labels are route patterns and reasons, and never identify a person.
 */
export interface Metrics {
  answered(route: string, method: string, status: number, seconds: number): void;
  /** A part of the fund's answer could not be read: `documents[].type: unknown`. */
  fundFault(fault: string): void;
  /** A request to the fund had no usable answer. */
  fundFailure(code: string): void;
  /** The Prometheus text. */
  text(): Promise<string>;
  /** In a worker of the cluster: answers the primary process when it collects. */
  answerPrimary(): void;
}

/** What is read at each scrape. */
export interface Gauges {
  readonly readings: () => Promise<Readings>;
  /** Whether messages of each channel can be sent. */
  readonly channels: () => Readonly<Record<string, boolean>>;
  readonly breakers: readonly CircuitBreakerView[];
  /**
   * The date until which each certificate of the cabinet is valid, by the party that it is shown
   * to.
   */
  readonly certificates: Readonly<Record<string, Date | undefined>>;
  readonly pool: () => { readonly total: number; readonly idle: number; readonly waiting: number };
}

/** Counts answers by route, and reads the database, pool and breakers at each scrape. */
export function createMetrics(gauges: Gauges): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const seconds = new Histogram({
    name: 'kabinet_http_request_duration_seconds',
    help: 'Time to answer, by route',
    labelNames: ['route', 'method'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  const answers = new Counter({
    name: 'kabinet_http_requests_total',
    help: 'Answers, by route and status',
    labelNames: ['route', 'method', 'status'] as const,
    registers: [registry],
  });
  const faults = new Counter({
    name: 'kabinet_fund_faults_total',
    help: "Places of the fund's answers that could not be read, by place and fault",
    labelNames: ['fault'] as const,
    registers: [registry],
  });
  const failures = new Counter({
    name: 'kabinet_fund_failures_total',
    help: 'Questions to the fund without a usable answer, by code',
    labelNames: ['code'] as const,
    registers: [registry],
  });
  addReadings(registry, gauges.readings);
  addProcessGauges(registry, gauges);

  return {
    answered(route, method, status, took) {
      seconds.observe({ route, method }, took);
      answers.inc({ route, method, status });
    },
    fundFault: (fault) => faults.inc({ fault }),
    fundFailure: (code) => failures.inc({ code }),
    text: () => registry.metrics(),
    answerPrimary() {
      AggregatorRegistry.setRegistries([registry]);
      // Creating an instance is what makes it listen for the primary's request.
      new AggregatorRegistry();
    },
  };
}

/** A gauge whose value comes from the database. */
interface Reading {
  readonly name: string;
  readonly help: string;
  readonly label?: string;
  readonly values: (readings: Readings) => readonly (readonly [value: number, label?: string])[];
}

const readingGauges: readonly Reading[] = [
  {
    name: 'outbox_pending',
    help: 'Messages not yet delivered, by lane: changes for the fund, codes, notices',
    label: 'lane',
    values: ({ lanes }) => lanes.map(({ lane, pending }) => [pending, lane]),
  },
  {
    name: 'outbox_oldest_seconds',
    help: 'Age of the oldest of them',
    label: 'lane',
    values: ({ lanes }) => lanes.map(({ lane, oldestSeconds }) => [oldestSeconds, lane]),
  },
  {
    name: 'outbox_dead',
    help: 'Dead letters, by lane',
    label: 'lane',
    values: ({ lanes }) => lanes.map(({ lane, dead }) => [dead, lane]),
  },
  {
    name: 'codes_sent_last_hour',
    help: 'Codes sent in the last hour, by purpose',
    label: 'purpose',
    values: ({ codes }) => codes.map(({ purpose, sent }) => [sent, purpose]),
  },
  {
    name: 'codes_used_last_hour',
    help: 'Those of them that were typed back',
    label: 'purpose',
    values: ({ codes }) => codes.map(({ purpose, used }) => [used, purpose]),
  },
  {
    name: 'code_tries_last_hour',
    help: 'Codes compared in the last hour, by outcome',
    label: 'outcome',
    values: ({ tries }) => [
      [tries.right, 'right'],
      [tries.wrong, 'wrong'],
    ],
  },
  {
    name: 'alerts_open',
    help: 'What the service noticed by itself and has not ended, by kind',
    label: 'kind',
    values: ({ alerts }) => alerts.map(({ kind, open }) => [open, kind]),
  },
  {
    name: 'audit_seal_age_seconds',
    help: 'Since the log was last sealed',
    values: ({ sealSeconds }) => (sealSeconds === undefined ? [] : [[sealSeconds]]),
  },
  {
    name: 'retention_overdue_seconds',
    help: 'How long rows have been past the term after which they are removed, by kind',
    label: 'kind',
    values: ({ overdue }) => overdue.map(({ kind, seconds }) => [seconds, kind]),
  },
  { name: 'sessions', help: 'Sessions in force', values: ({ sessions }) => [[sessions]] },
];

/** The workers of one machine read the same tables, so their values must not be added up. */
function addReadings(registry: Registry, readings: Gauges['readings']): void {
  const read = oncePerScrape(readings);
  for (const { name, help, label, values } of readingGauges) {
    new Gauge({
      name: `kabinet_${name}`,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [registry],
      aggregator: 'max',
      async collect() {
        const found = await read();
        // Old values must disappear: something that ended has no row, and something that cannot be
        // read is not known.
        this.reset();
        if (label === undefined) this.remove();
        for (const [value, of] of found ? values(found) : [])
          this.set(label === undefined || of === undefined ? {} : { [label]: of }, value);
      },
    });
  }
}

/** Gauges about the process itself. */
function addProcessGauges(registry: Registry, gauges: Gauges): void {
  const registers = [registry];
  new Gauge({
    registers,
    // With workers: 0 as soon as one of them cannot send.
    aggregator: 'min',
    name: 'kabinet_channel_available',
    help: '1 while messages of the channel can be sent by this process',
    labelNames: ['channel'] as const,
    collect() {
      for (const [channel, is] of Object.entries(gauges.channels())) this.set({ channel }, is ? 1 : 0);
    },
  });
  new Gauge({
    registers,
    name: 'kabinet_breaker_state',
    help: 'Processes whose breaker before a dependency is closed, open or half-open',
    labelNames: ['dependency', 'state'] as const,
    collect() {
      for (const { name, state } of gauges.breakers)
        for (const one of ['closed', 'open', 'half-open'])
          this.set({ dependency: name, state: one }, state() === one ? 1 : 0);
    },
  });
  new Gauge({
    registers,
    name: 'kabinet_certificate_valid_seconds',
    help: 'Seconds until a certificate that the cabinet shows others is no longer valid',
    labelNames: ['shown_to'] as const,
    aggregator: 'min',
    collect() {
      for (const [shownTo, until] of Object.entries(gauges.certificates))
        if (until) this.set({ shown_to: shownTo }, (until.getTime() - Date.now()) / 1_000);
    },
  });
  new Gauge({
    registers,
    name: 'kabinet_database_connections',
    help: 'Connections, by state; waiting are requests that wait for one',
    labelNames: ['state'] as const,
    collect() {
      for (const [state, count] of Object.entries(gauges.pool())) this.set({ state }, count);
    },
  });
}

/**
 * Makes one query for all gauges that are read at the same time. Undefined while the database does
 * not answer.
 */
function oncePerScrape<Value>(ask: () => Promise<Value>): () => Promise<Value | undefined> {
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

/** In the primary process: the metrics of all workers, added up. */
export function createWorkersMetrics(): () => Promise<string> {
  const registry = new AggregatorRegistry();
  return () => registry.clusterMetrics();
}

/** Serves the metrics on a separate port that people cannot reach. */
export function createMetricsServer(text: () => Promise<string>): Server {
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

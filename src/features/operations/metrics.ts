import { createServer, type Server } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { OnAnswered } from '../../platform/answered.ts';
import type { Reachability } from '../reachability/count-store.ts';
import { type Setback, setbacks } from './database-watch.ts';
import { addProcessGauges, type ProcessGauges } from './process-gauges.ts';
import type { Readings } from './readings-store.ts';

/**
 * Counts what the service does. Labels are route patterns and reasons, and never identify a person.
 */
export interface Metrics {
  answered: OnAnswered;
  /** A part of the fund's answer could not be read: `documents[].type: unknown`. */
  fundFault(fault: string): void;
  /** A request to the fund had no usable answer. */
  fundFailure(code: string): void;
  /** The database was found to be behind what was seen of it. */
  databaseSetback(by: Setback): void;
  /** The Prometheus text. */
  text(): Promise<string>;
  /** What a worker gives its primary process, which adds the workers up. */
  readonly registry: Registry;
}

/** What is read at each scrape. */
export interface Gauges extends ProcessGauges {
  readonly readings: () => Promise<Readings>;
}

/** Counts answers by route, and reads the database, pool and breakers at each scrape. */
export function createMetrics(gauges: Gauges): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const seconds = new Histogram({
    name: 'kabinet_http_request_duration_seconds',
    help: 'Seconds from a request to its answer, by route',
    labelNames: ['route', 'method'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  const answers = new Counter({
    name: 'kabinet_http_requests_total',
    help: 'Answered requests, by route and status',
    labelNames: ['route', 'method', 'status'] as const,
    registers: [registry],
  });
  const actions = new Counter({
    name: 'kabinet_actions_total',
    help: 'Saves, confirmations and sign-ins, by outcome',
    labelNames: ['action', 'outcome'] as const,
    registers: [registry],
  });
  const faults = new Counter({
    name: 'kabinet_fund_faults_total',
    help: "Values in the fund's answers that could not be read, by field and fault",
    labelNames: ['fault'] as const,
    registers: [registry],
  });
  const failures = new Counter({
    name: 'kabinet_fund_failures_total',
    help: 'Requests to the fund without a usable answer, by error code',
    labelNames: ['code'] as const,
    registers: [registry],
  });
  const setBack = new Counter({
    name: 'kabinet_database_setbacks_total',
    help: 'Times the database was behind what this process had seen of it, by what showed it',
    labelNames: ['by'] as const,
    registers: [registry],
  });
  // From 0 on, so that the first one is a rise.
  for (const by of setbacks) setBack.inc({ by }, 0);
  // Before the readings: they ask for a connection, and the scrape itself would seem to wait for
  // one.
  addProcessGauges(registry, gauges);
  addReadings(registry, gauges.readings);

  return {
    answered({ route, method, status, seconds: took, outcome }) {
      seconds.observe({ route, method }, took);
      answers.inc({ route, method, status });
      if (outcome) actions.inc({ action: outcome.action, outcome: outcome.outcome });
    },
    fundFault: (fault) => faults.inc({ fault }),
    fundFailure: (code) => failures.inc({ code }),
    databaseSetback: (by) => setBack.inc({ by }),
    text: () => registry.metrics(),
    registry,
  };
}

/** A gauge whose value comes from the database. */
interface Reading {
  readonly name: string;
  readonly help: string;
  readonly label?: string;
  readonly values: (readings: Readings) => readonly (readonly [value: number, label?: string])[];
}

/** The values of the label, in the form of Prometheus. */
const reachabilityLabels: Readonly<Record<keyof Reachability, string>> = {
  holders: 'all',
  mobileProved: 'mobile_proved',
  emailProved: 'email_proved',
  neitherProved: 'neither_proved',
  confirmed: 'confirmed',
  marked: 'marked',
};

const readingGauges: readonly Reading[] = [
  {
    name: 'outbox_pending',
    help: 'Outbox messages not yet delivered, by lane (changes, codes, notices)',
    label: 'lane',
    values: ({ lanes }) => lanes.map(({ lane, pending }) => [pending, lane]),
  },
  {
    name: 'outbox_oldest_seconds',
    help: 'Age in seconds of the oldest undelivered outbox message, by lane',
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
    help: 'Codes sent in the last hour that were entered correctly, by purpose',
    label: 'purpose',
    values: ({ codes }) => codes.map(({ purpose, used }) => [used, purpose]),
  },
  {
    name: 'code_tries_last_hour',
    help: 'Codes entered in the last hour, by outcome',
    label: 'outcome',
    values: ({ tries }) => [
      [tries.right, 'right'],
      [tries.wrong, 'wrong'],
    ],
  },
  {
    name: 'alerts_open',
    help: 'Open alerts that the service raised by itself, by kind',
    label: 'kind',
    values: ({ alerts }) => alerts.map(({ kind, open }) => [open, kind]),
  },
  {
    name: 'audit_seal_age_seconds',
    help: 'Seconds since the audit log was last sealed',
    values: ({ sealSeconds }) => (sealSeconds === undefined ? [] : [[sealSeconds]]),
  },
  {
    name: 'retention_overdue_seconds',
    help: 'Seconds by which the oldest row has outlived its retention period, by kind',
    label: 'kind',
    values: ({ overdue }) => overdue.map(({ kind, seconds }) => [seconds, kind]),
  },
  {
    name: 'job_last_success_seconds',
    help: 'Unix time at which each background job last succeeded on any node, or since when it is expected to',
    label: 'job',
    values: ({ jobs }) => jobs.map(({ job, at }) => [at, job]),
  },
  {
    name: 'holders',
    help: 'Holders by what is known of their contacts, as counted once a day',
    label: 'contacts',
    values: ({ reachability }) =>
      Object.entries(reachability ?? {}).map(([name, count]) => [
        count,
        reachabilityLabels[name as keyof Reachability],
      ]),
  },
  { name: 'sessions', help: 'Active sessions', values: ({ sessions }) => [[sessions]] },
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

import { Gauge, type Registry } from 'prom-client';
import type { CircuitBreakerView } from '../../platform/circuit-breaker.ts';
import type { MaintenanceState } from '../../platform/maintenance.ts';
import type { TrustedCertificate } from '../eds/verifier.ts';
import { buildInfo } from './build-info.ts';
import type { DatabaseGauges } from './database-watch.ts';

/** What a process tells of itself at each scrape. */
export interface ProcessGauges {
  /** Whether each channel that has a gateway can be sent to. */
  readonly channels: () => Readonly<Record<string, boolean>>;
  readonly breakers: readonly CircuitBreakerView[];
  /** By whom it is shown to: until when each certificate of the cabinet is valid. */
  readonly certificates: Readonly<Record<string, Date | undefined>>;
  /** Until when each certificate that signatures are checked against is valid. */
  readonly trusted: () => Promise<readonly TrustedCertificate[]>;
  readonly maintenance: () => MaintenanceState;
  /** What was last read of the database. Undefined before that. */
  readonly database: () => DatabaseGauges | undefined;
  /** Whether a standby could be read now. Undefined where there is none to read. */
  readonly standby: () => boolean | undefined;
  readonly pool: () => { readonly total: number; readonly idle: number; readonly waiting: number };
}

/** What each process knows of itself. */
export function addProcessGauges(registry: Registry, gauges: ProcessGauges): void {
  const registers = [registry];
  addDatabaseGauges(registry, gauges);
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
    help: 'State of the circuit breaker in front of a dependency; 1 for the state that holds',
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
    name: 'kabinet_trust_valid_seconds',
    help: 'Seconds until a certificate that signatures are checked against is no longer valid',
    labelNames: ['certificate'] as const,
    aggregator: 'min',
    async collect() {
      // A certificate that was taken away has no row any more.
      this.reset();
      for (const { name, until } of await gauges.trusted().catch(() => []))
        this.set({ certificate: name }, (until.getTime() - Date.now()) / 1_000);
    },
  });
  new Gauge({
    registers,
    aggregator: 'max',
    name: 'kabinet_maintenance_open',
    help: '1 during planned maintenance, when saving is refused on purpose',
    collect() {
      this.set(gauges.maintenance().kind === 'open' ? 1 : 0);
    },
  });
  new Gauge({
    registers,
    aggregator: 'max',
    name: 'kabinet_build_info',
    help: 'Always 1; labels name the version, the build and the Node.js version',
    labelNames: ['version', 'build', 'node'] as const,
  }).set(buildInfo(), 1);
}

function addDatabaseGauges(
  registry: Registry,
  gauges: Pick<ProcessGauges, 'database' | 'standby' | 'pool'>,
): void {
  const registers = [registry];
  new Gauge({
    registers,
    aggregator: 'min',
    name: 'kabinet_database_timeline',
    help: "PostgreSQL's timeline: it rises by one with each failover and never falls by itself",
    collect() {
      setKnown(this, gauges.database()?.timeline);
    },
  });
  new Gauge({
    registers,
    aggregator: 'min',
    name: 'kabinet_database_synchronous',
    help: '1 while a COMMIT waits for a standby; only with REQUIRE_SYNCHRONOUS=1',
    collect() {
      setKnown(this, gauges.database()?.synchronous);
    },
  });
  new Gauge({
    registers,
    aggregator: 'min',
    name: 'kabinet_standby_readable',
    help: '1 while pages could be read from the standby; only with DATABASE_REPLICA_URL',
    collect() {
      setKnown(this, gauges.standby());
    },
  });
  new Gauge({
    registers,
    name: 'kabinet_database_connections',
    help: 'Connections of the database pool, by state; waiting counts requests that wait for one',
    labelNames: ['state'] as const,
    collect() {
      for (const [state, count] of Object.entries(gauges.pool())) this.set({ state }, count);
    },
  });
}

/** What is not known has no row. */
function setKnown(gauge: Gauge, value: number | boolean | undefined): void {
  if (value === undefined) gauge.remove();
  else gauge.set(Number(value));
}

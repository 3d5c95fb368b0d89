import type { TraceSettings } from '../../platform/tracing.ts';

/** How the service is monitored, and how long its log is kept. */
export interface OperationsSettings {
  /** Where traces go. Undefined means no traces. */
  readonly traces: TraceSettings | undefined;
  readonly eventsKeptYears: number;
  /** File to which each new seal of the log is added. */
  readonly auditHeadFile: string | undefined;
  /** Undefined means no metrics. */
  readonly metricsPort: number | undefined;
  /** Where the port listens: loopback unless it is set. */
  readonly metricsHost: string;
  readonly logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug';
}

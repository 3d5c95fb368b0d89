import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Lets in as many requests as can be answered, and first those who have begun something. */
export interface AdmissionControl {
  /**
   * Counts a request in and gives what counts it out again; undefined when it has to wait.
   * @param begun somebody signed in, or a form that was filled in: more is lost by turning these
   * away
   */
  admit(begun: boolean): (() => void) | undefined;
}

export interface AdmissionOptions {
  /** Requests answered at the same time; those who begin get two thirds of it. */
  readonly atOnce: number;
  /**
   * Of the requests under way, those that only wait for a slot of their own and cost nothing
   * meanwhile.
   */
  readonly resting: () => number;
  /** How late this process's timers are, milliseconds. */
  readonly lag: () => number;
}

/** Lateness at which those who begin have to wait, and at which everybody has to. Milliseconds. */
const late = { beginning: 500, all: 2_000 } as const;

/** Creates the admission control of a process. Health and assets never come to it. */
export function createAdmissionControl({ atOnce, resting, lag }: AdmissionOptions): AdmissionControl {
  let underWay = 0;
  return {
    admit(begun) {
      const busy = underWay - resting();
      const most = begun ? atOnce : Math.floor((atOnce * 2) / 3);
      if (busy >= most || lag() >= (begun ? late.all : late.beginning)) return undefined;
      underWay += 1;
      let inside = true;
      return () => {
        if (inside) underWay -= 1;
        inside = false;
      };
    },
  };
}

const lookEvery = 500;

/**
 * Follows how late the event loop is. One long task is no overload: of the last two looks the
 * better one counts.
 */
export function startLagMonitor(): { ms(): number; stop(): void } {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let last = 0;
  let before = 0;
  const timer = setInterval(() => {
    before = last;
    last = Number.isNaN(delay.mean) ? 0 : delay.mean / 1e6;
    delay.reset();
  }, lookEvery).unref();
  return {
    ms: () => Math.min(last, before),
    stop() {
      clearInterval(timer);
      delay.disable();
    },
  };
}

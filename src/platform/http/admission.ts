import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Admits as many requests as the process can answer. Those who have begun something come first. */
export interface AdmissionControl {
  /**
   * Counts a request in and returns the function that counts it out; undefined when it must wait.
   * @param begun somebody is signed in or has filled in a form: turning them away loses more
   */
  admit(begun: boolean): (() => void) | undefined;
}

export interface AdmissionOptions {
  /** How many requests are answered at the same time. Newcomers may take two thirds of them. */
  readonly atOnce: number;
  /** How many of these requests only wait for a slot elsewhere, and cost nothing meanwhile. */
  readonly resting: () => number;
  /** How late the timers of this process are, in milliseconds. */
  readonly lag: () => number;
}

/** Lateness from which newcomers must wait, and from which everybody must. Milliseconds. */
const late = { beginning: 500, all: 2_000 } as const;

/** Creates the admission control of a process. Health checks and assets bypass it. */
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
 * Measures how late the event loop is. One long task is no overload, so the lower of the last two
 * measurements counts.
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

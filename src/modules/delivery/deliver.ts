import type { Outbox, Parcel } from './ports.ts';

/** Seconds before the next try; the last one is repeated (facts-security, 3.4: back-off up to 72 hours). */
const backOff = [1, 5, 30, 120, 600, 1_800, 3_600];
/** With the back-off above, three days of hourly tries. */
const maxAttempts = 78;
const batch = 20;

export interface Lane {
  readonly name: string;
  /** Hands one parcel over. Throws when that failed and is worth another try. */
  readonly handOver: (parcel: Parcel) => Promise<void>;
}

/** Hands over everything that is due once. Returns how many parcels were delivered. */
export async function deliverDue(outbox: Outbox, lane: Lane): Promise<number> {
  let delivered = 0;
  for (;;) {
    const parcels = await outbox.lease(lane.name, batch);
    if (parcels.length === 0) return delivered;
    const outcomes = await Promise.all(parcels.map((parcel) => deliverOne(outbox, lane, parcel)));
    delivered += outcomes.filter(Boolean).length;
  }
}

async function deliverOne(outbox: Outbox, lane: Lane, parcel: Parcel): Promise<boolean> {
  try {
    await lane.handOver(parcel);
  } catch (error) {
    const code = codeOf(error);
    if (parcel.attempt >= maxAttempts) await outbox.bury(parcel, code);
    else await outbox.retry(parcel, backOff[Math.min(parcel.attempt, backOff.length) - 1] ?? 3_600, code);
    return false;
  }
  return outbox.delivered(parcel);
}

/** What may be stored of an error: never its message, which can hold values. */
function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}

/** Delivers a lane for as long as the process runs: when woken, and every `everyMs` for what others have left. */
export function startDelivery(
  outbox: Outbox,
  lane: Lane,
  { everyMs, onError }: { everyMs: number; onError: (error: Error) => void },
): { wake(): void; stop(): Promise<void> } {
  let stopped = false;
  let again = false;
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    do {
      again = false;
      await deliverDue(outbox, lane).catch(onError);
    } while (again && !stopped);
  };
  const wake = (): void => {
    if (stopped) return;
    if (running) again = true;
    else
      running = run().finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(wake, everyMs);
  wake();
  return {
    wake,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

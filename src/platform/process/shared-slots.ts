import cluster from 'node:cluster';
import PQueue from 'p-queue';

/** Runs `work` when this process has a slot. */
export type SlotRunner = <Value>(work: () => Promise<Value>) => Promise<Value>;

const wanted = 'slot:wanted';
const given = 'slot:given';
const over = 'slot:over';

/**
 * In the primary process: lends `size` slots to the workers in the order of their requests. All
 * workers together then do no more at once than the machine has cores. A worker that dies returns
 * its slots.
 */
export function lendSlots(size: number): void {
  const slots = new PQueue({ concurrency: size });
  /** What takes back the slots of each worker. */
  const lent = new Map<number, (() => void)[]>();
  const lend = (id: number) =>
    new Promise<void>((takeBack) => {
      const worker = cluster.workers?.[id];
      // The end of a worker may be heard before that of its channel.
      if (!worker?.isConnected() || worker.isDead()) return takeBack();
      lent.set(id, [...(lent.get(id) ?? []), takeBack]);
      worker.send(given);
    });
  cluster.on('message', ({ id }, message) => {
    if (message === wanted) void slots.add(() => lend(id));
    else if (message === over) lent.get(id)?.shift()?.();
  });
  cluster.on('exit', ({ id }) => {
    for (const takeBack of lent.get(id) ?? []) takeBack();
    lent.delete(id);
  });
}

/** In a worker: takes slots that the primary process lends. */
export function borrowSlots(): SlotRunner {
  const waiting: (() => void)[] = [];
  process.on('message', (message) => {
    if (message === given) waiting.shift()?.();
  });
  return async (work) => {
    const slot = new Promise<void>((resolve) => waiting.push(resolve));
    process.send?.(wanted);
    await slot;
    try {
      return await work();
    } finally {
      process.send?.(over);
    }
  };
}

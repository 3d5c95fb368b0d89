import cluster from 'node:cluster';

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
  const asking: number[] = [];
  const lent: number[] = [];
  const lend = () => {
    while (lent.length < size) {
      const id = asking.shift();
      if (id === undefined) return;
      const worker = cluster.workers?.[id];
      if (!worker?.isConnected()) continue;
      lent.push(id);
      worker.send(given);
    }
  };
  const takeBack = (id: number) => {
    const at = lent.indexOf(id);
    if (at >= 0) lent.splice(at, 1);
    return at >= 0;
  };
  cluster.on('message', ({ id }, message) => {
    if (message === wanted) asking.push(id);
    else if (message === over) takeBack(id);
    else return;
    lend();
  });
  cluster.on('exit', ({ id }) => {
    while (takeBack(id));
    lend();
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

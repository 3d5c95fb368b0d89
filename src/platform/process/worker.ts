import cluster from 'node:cluster';
import { once } from 'node:events';
import { dataVariable, type ListeningAddress, type Order, type ReadyMessage } from './orders.ts';
import { endWith, stopBySignal } from './stop.ts';

/** What the pool tells this worker at its start. */
export function workerData<Data>(): Data {
  return JSON.parse(process.env[dataVariable] ?? '') as Data;
}

/** Tells the pool that this worker listens. */
export function sayReady(ready: ListeningAddress): void {
  process.send?.({ ready } satisfies ReadyMessage);
}

/**
 * Ends this worker when the pool says so, or by signal.
 * @param leave completes what is under way; called once
 */
export function obeyOrders(leave: (order: Order) => Promise<void>, warn: (message: string) => void): void {
  let leaving: Promise<void> | undefined;
  const obey = (order: Order): Promise<void> => {
    leaving ??= leave(order).then(disconnect);
    return leaving;
  };
  // Meant for the primary process, which says what follows from it.
  process.on('SIGHUP', () => undefined);
  // A signal to the whole group, as by Ctrl-C, comes here too; the primary process says the same a
  // moment later.
  stopBySignal(() => obey('stop'), warn);
  process.on('message', (message) => {
    if (message === 'stop' || message === 'relieved') void endWith(() => obey(message), warn);
  });
}

/**
 * Leaves the cluster in order: connections that were on their way here are handed to another
 * worker.
 */
async function disconnect(): Promise<void> {
  const gone = once(process, 'disconnect');
  cluster.worker?.disconnect();
  await gone;
}

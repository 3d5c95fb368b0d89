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
 * Ends this worker on the pool's order or by signal.
 * @param leave finishes the current work; called once
 */
export function obeyOrders(leave: (order: Order) => Promise<void>, warn: (message: string) => void): void {
  let leaving: Promise<void> | undefined;
  const obey = (order: Order): Promise<void> => {
    leaving ??= leave(order).then(disconnect);
    return leaving;
  };
  // SIGHUP is meant for the primary process, which tells its workers what to do.
  process.on('SIGHUP', () => undefined);
  // A signal to the whole process group, such as Ctrl-C, also arrives here. The primary process
  // sends the same order a moment later.
  stopBySignal(() => obey('stop'), warn);
  process.on('message', (message) => {
    if (message === 'stop' || message === 'relieved') void endWith(() => obey(message), warn);
  });
}

/** Leaves the cluster. Connections on their way to this worker go to another one. */
async function disconnect(): Promise<void> {
  const gone = once(process, 'disconnect');
  cluster.worker?.disconnect();
  await gone;
}

import type { AddressInfo } from 'node:net';

/**
 * From the primary process to a worker: the service stops, or another worker has taken its place.
 */
export type Order = 'stop' | 'relieved';

/** Where a server listens, in Node's form. */
export type ListeningAddress = AddressInfo | string | null | undefined;

/** From a worker to the primary process: the worker listens. */
export interface ReadyMessage {
  readonly ready: ListeningAddress;
}

/** The environment variable that carries a worker's data. */
export const dataVariable = 'WORKER_DATA';

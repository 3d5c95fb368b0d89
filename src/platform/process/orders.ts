import type { AddressInfo } from 'node:net';

/** From the primary process to a worker: all stop, or another one has taken this one's place. */
export type Order = 'stop' | 'relieved';

/** Where a server listens, as Node says it. */
export type ListeningAddress = AddressInfo | string | null | undefined;

/** From a worker to the primary process: it listens. */
export interface ReadyMessage {
  readonly ready: ListeningAddress;
}

/** The environment variable by which a worker gets its data. */
export const dataVariable = 'WORKER_DATA';

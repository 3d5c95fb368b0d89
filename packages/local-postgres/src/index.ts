// biome-ignore-all lint/performance/noBarrelFile: the entry of a published package
/** Starts and supervises a bundled PostgreSQL. The README has an example. */
export type { Binaries } from './binaries.ts';
export { LocalPostgresError, type LocalPostgresReason } from './error.ts';
export type { Connection, LocalPostgresOptions, Log, Words } from './options.ts';
export { attachLocalPostgres, type LocalPostgres, startLocalPostgres } from './start.ts';

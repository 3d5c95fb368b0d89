// biome-ignore-all lint/performance/noBarrelFile: an entry of a published package
/** For tools that run their own servers: PostgreSQL's programs, and the users that they accept. */
export { type Binaries, packagedBinaries } from './binaries.ts';
export { give } from './files.ts';
export { type Command, commandFor, type Identity, initdbIdentity } from './identity.ts';
export { findPlace, type Place } from './place.ts';
export { isServer, serverProcess } from './process.ts';

// biome-ignore-all lint/performance/noBarrelFile: the entry of a published package
/**
 * Verifies signatures of Kazakhstan's National Certification Authority. The README has an example.
 */
export * from './everywhere.ts';
export {
  type BusyReason,
  createVerifierPool,
  type TurnOptions,
  VerifierBusyError,
  type VerifierPool,
  type VerifierPoolOptions,
} from './pool.ts';

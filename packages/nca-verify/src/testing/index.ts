// biome-ignore-all lint/performance/noBarrelFile: an entry of a published package
/**
 * A certification authority, keys, signatures and key files for tests and demonstrations.
 * Production code must not import this: its private-key arithmetic leaks through timing, and
 * nothing should trust what it makes.
 */
export {
  type AuthorityOptions,
  createTestAuthority,
  type IssueOptions,
  keyFileName,
  restoreTestAuthority,
  type TestAuthority,
} from './authority.ts';
export {
  type CertificateForm,
  type Identity,
  keyIdentifier,
  makeCertificate,
  nameOf,
  personName,
  type TestAttribute,
  type TestKeyUsage,
  type TestPerson,
} from './certificates.ts';
export {
  attribute,
  type CmsForm,
  cmsPem,
  identifierOf,
  makeCms,
  type SignerForm,
  type SignOptions,
  signCms,
  signedAttributes,
  signerInfo,
} from './cms.ts';
export { makeGostKey, makeRsaKey, readPrivateKey, type TestDigest, type TestKey } from './keys.ts';
export {
  type CrlForm,
  makeCrl,
  makeOcspResponse,
  type OcspForm,
  type RevokedEntry,
  readOcspRequest,
} from './lists.ts';
export { KeyFileError, readPkcs12, writePkcs12 } from './pkcs12.ts';
export type { Profile } from './profiles.ts';
export {
  makeTimeStamp,
  readTimeStampRequest,
  type TimeStampForm,
  timeStampResponse,
} from './time-stamps.ts';

// biome-ignore-all lint/performance/noBarrelFile: what both entries of a published package export
/** What the verifier offers in Node and in browsers alike. */
export { PRODUCTION_ANCHORS, productionCertificates, productionTrust } from './anchors.ts';
export {
  checkRevocation,
  type OcspAnswer,
  ocspRequest,
  type RevocationRequest,
  type RevocationSources,
} from './check-revocation.ts';
export { type Crl, currentCrls, type LoadedCrl, loadCrl } from './crl.ts';
export type { SealKey } from './es256.ts';
export {
  EVIDENCE_SEAL_TYPE,
  type EvidenceRecord,
  type EvidenceSeal,
  evidenceLeaf,
  readEvidence,
  type SealHash,
  type SealTree,
  sealTree,
  writeEvidence,
} from './evidence.ts';
export { REQUIREMENTS, type Requirement } from './signer.ts';
export {
  addTimeStamps,
  readTimeStampResponse,
  signatureValue,
  type TimeStampRequestOptions,
  timeStampRequest,
  type VerifyTimeStampRequest,
  verifyTimeStamp,
} from './time-stamp-request.ts';
export { createTrust, type Trust } from './trust.ts';
export {
  type AcceptedTimeStamp,
  type RefusedTimeStamp,
  TIME_STAMP_REASONS,
  type TimeStampReason,
  type TimeStampVerdict,
} from './trusted-time.ts';
export {
  type Accepted,
  type CertificateSummary,
  type ClaimedSigner,
  type KeyFamily,
  REASONS,
  type Reason,
  type Refused,
  type RevocationEvidence,
  type Signer,
  type SignerKind,
  type Verdict,
} from './verdict.ts';
export {
  type AllVerdicts,
  MAX_MESSAGE_BYTES,
  type VerifyAllRequest,
  type VerifyRequest,
  verify,
  verifyAll,
} from './verify.ts';
export {
  type AcceptedCertificate,
  type CertificateRequest,
  readCertificate,
  verifyCertificate,
} from './verify-certificate.ts';
export {
  type AcceptedEvidence,
  type CheckedSeal,
  EVIDENCE_REASONS,
  type EvidenceReason,
  type EvidenceVerdict,
  type RefusedEvidence,
  type VerifyEvidenceRequest,
  verifyEvidence,
} from './verify-evidence.ts';

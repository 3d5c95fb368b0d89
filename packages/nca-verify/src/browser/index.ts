// biome-ignore-all lint/performance/noBarrelFile: an entry of a published package
/**
 * The same verifier for browsers: an ES module without Node's interfaces. A page that verifies a
 * signature proves something to its own visitor, and nothing to a server.
 */
import { bestBinary, useModule } from '../gost-wasm.ts';

export { PRODUCTION_ANCHORS, productionCertificates, productionTrust } from '../anchors.ts';
export {
  checkRevocation,
  type OcspAnswer,
  ocspRequest,
  type RevocationRequest,
  type RevocationSources,
} from '../check-revocation.ts';
export { type Crl, currentCrls, type LoadedCrl, loadCrl } from '../crl.ts';
export { REQUIREMENTS, type Requirement } from '../signer.ts';
export { createTrust, type Trust } from '../trust.ts';
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
} from '../verdict.ts';
export {
  type AllVerdicts,
  MAX_MESSAGE_BYTES,
  type VerifyAllRequest,
  type VerifyRequest,
  verify,
  verifyAll,
} from '../verify.ts';
export {
  type AcceptedCertificate,
  type CertificateRequest,
  readCertificate,
  verifyCertificate,
} from '../verify-certificate.ts';

/**
 * Compiles the WebAssembly beside the page's own work. Without this, the first GOST signature
 * compiles it, or is verified in plain JavaScript where the browser compiles no large binary on the
 * main thread. False when the page's content policy forbids WebAssembly: plain JavaScript then does
 * the same, several times slower.
 */
export async function prepare(): Promise<boolean> {
  const binary = bestBinary();
  if (binary === null) return false;
  try {
    useModule(await WebAssembly.compile(binary));
    return true;
  } catch {
    return false;
  }
}

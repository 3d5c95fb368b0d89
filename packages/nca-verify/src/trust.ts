/** Trust anchors, intermediates, and the chain from a certificate to an anchor. */
import { isAllowedSignature, verifySignature } from './algorithms.ts';
import { checkBytes, fault } from './arguments.ts';
import { type Certificate, certificate, fingerprint } from './certificate.ts';
import { sameBytes } from './der.ts';
import { decodeCertificates } from './input.ts';
import { Refusal, refusalAsValue } from './verdict.ts';

/**
 * What is trusted. Make it once with `createTrust`: it remembers which CA certificates were
 * verified.
 */
export interface Trust {
  readonly anchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  /**
   * Pairs of fingerprints (certificate and issuer) whose signature was verified, the longest unused
   * first. The size is limited.
   */
  readonly verified: Map<string, true>;
}

const MAX_PATH = 4;
/** The most pairs that are remembered, about 1 MB: those who return within a day or so. */
const MAX_VERIFIED = 4096;

/**
 * Sorts certificates (DER or PEM). Self-signed CA certificates become anchors, other CA
 * certificates become intermediates. Everything else is ignored, including unreadable files.
 */
export function createTrust(files: Iterable<Uint8Array>): Trust {
  // A single file is also iterable, octet by octet, and would give a trust in nothing.
  if (typeof files?.[Symbol.iterator] !== 'function' || files instanceof Uint8Array) {
    fault('files', files, 'a list of files, each a Uint8Array');
  }
  const anchors: Certificate[] = [];
  const intermediates: Certificate[] = [];
  const seen = new Set<string>();
  for (const file of files) {
    checkBytes('a file of `files`', file);
    for (const der of decodeCertificates(file)) {
      const read = refusalAsValue(() => certificate(der));
      if ('ok' in read || !isIssuer(read) || seen.has(fingerprint(read))) continue;
      seen.add(fingerprint(read));
      if (!sameBytes(read.issuer, read.subject)) intermediates.push(read);
      else if (identifies(read, read) && signedBy(read, read)) anchors.push(read);
    }
  }
  return { anchors, intermediates, verified: new Map() };
}

function isIssuer(of: Certificate): boolean {
  return of.isCa && (of.keyUsage?.includes('keyCertSign') ?? false) && of.unknownCritical.length === 0;
}

/**
 * True when the names and key identifiers of `of` refer to `issuer`. Only an anchor may lack the
 * key identifier.
 */
export function identifies(of: Certificate, issuer: Certificate): boolean {
  if (!sameBytes(of.issuer, issuer.subject)) return false;
  if (of.authoritySerial !== null && !sameBytes(of.authoritySerial, issuer.serial)) return false;
  if (of.authorityKeyId === null) return of === issuer;
  return issuer.subjectKeyId !== null && sameBytes(of.authorityKeyId, issuer.subjectKeyId);
}

function signedBy(of: Certificate, issuer: Certificate): boolean {
  return (
    of.algorithmsAgree && verifySignature(issuer.key, of.signatureAlgorithm, [of.tbs], of.signature, true)
  );
}

/**
 * `signedBy` with memory. CA and responder certificates come again and again, a signer's when its
 * revocation is checked.
 */
export function signedByRemembered(trust: Trust, of: Certificate, issuer: Certificate): boolean {
  const mark = `${fingerprint(of)} ${fingerprint(issuer)}`;
  const known = trust.verified.delete(mark);
  if (!known && !signedBy(of, issuer)) return false;
  const [oldest] = trust.verified.keys();
  if (trust.verified.size >= MAX_VERIFIED && oldest !== undefined) trust.verified.delete(oldest);
  trust.verified.set(mark, true);
  return true;
}

/**
 * The chain [leaf, its issuer, …, anchor], with every signature verified and every certificate
 * valid at `at` (milliseconds).
 * @throws Refusal `untrusted`, `notYetValid` or `expired`
 */
export function buildChain(
  leaf: Certificate,
  trust: Trust,
  at: number,
  allowGost2004: boolean,
): readonly [Certificate, Certificate, ...Certificate[]] {
  if (leaf.unknownCritical.length > 0) throw new Refusal('untrusted', 'an unknown critical extension');
  const chain = extend([leaf], trust, allowGost2004);
  const [, issuer, ...rest] = chain ?? [];
  if (issuer === undefined) throw new Refusal('untrusted', 'no chain to an anchor');
  const whole = [leaf, issuer, ...rest] as const;
  for (const member of whole) {
    if (at < member.notBefore)
      throw new Refusal('notYetValid', member === leaf ? 'the certificate' : 'an issuer');
  }
  for (const member of whole) {
    if (at > member.notAfter) throw new Refusal('expired', member === leaf ? 'the certificate' : 'an issuer');
  }
  return whole;
}

function extend(
  chain: readonly Certificate[],
  trust: Trust,
  allowGost2004: boolean,
): readonly Certificate[] | null {
  const last = chain.at(-1);
  if (last === undefined || chain.length > MAX_PATH) return null;
  if (!isAllowedSignature(last.signatureAlgorithm, allowGost2004)) return null;
  const candidates = [...trust.anchors, ...trust.intermediates].filter(
    (candidate) =>
      !chain.includes(candidate) &&
      identifies(last, candidate) &&
      // The number of CA certificates between this one and the leaf.
      (candidate.pathLength === null || candidate.pathLength >= chain.length - 1),
  );
  for (const candidate of candidates) {
    if (!signedByRemembered(trust, last, candidate)) continue;
    const longer = [...chain, candidate];
    if (trust.anchors.includes(candidate)) return longer;
    const found = extend(longer, trust, allowGost2004);
    if (found !== null) return found;
  }
  return null;
}

/** The verification of signed XML: XMLDSig, and SOAP with WS-Security. */
import { digest, verifySignature } from '../algorithms.ts';
import {
  checkBoolean,
  checkCount,
  checkObject,
  checkRules,
  checkText,
  checkTrust,
  fault,
} from '../arguments.ts';
import type { Certificate } from '../certificate.ts';
import { notRevoked } from '../check-revocation.ts';
import { sameBytes } from '../der.ts';
import { checkAlgorithms } from '../signature.ts';
import { checkSigner, claimedSignerOf, signerOf } from '../signer.ts';
import { buildChain } from '../trust.ts';
import type { VerifyRequest } from '../verify.ts';
import { schemeOf } from './algorithms.ts';
import { type Canonicalization, canonicalDocument, canonicalElement } from './canonical.ts';
import {
  elementWithId,
  onlySignature,
  readSignature,
  signerCertificate,
  type Target,
  WSSE,
  type XmlSignature,
} from './signature.ts';
import { elementsOf, isNamed, parseXml, type XmlDocument, type XmlElement } from './tree.ts';
import {
  type ElementName,
  type XmlAccepted,
  XmlRefusal,
  type XmlRefused,
  type XmlVerdict,
  xmlRefusalAsValue,
} from './verdict.ts';

/** The largest document in bytes, unless the caller allows more. */
export const MAX_XML_BYTES = 65_536;

const SOAP = ['http://schemas.xmlsoap.org/soap/envelope/', 'http://www.w3.org/2003/05/soap-envelope'];

export interface VerifyXmlRequest
  extends Omit<
    VerifyRequest,
    'message' | 'content' | 'at' | 'now' | 'timeStamps' | 'tokens' | 'timeStampTrust'
  > {
  /** The moment for which everything is judged. */
  readonly at: Date;
  /** The signed document: text, or octets in UTF-8. */
  readonly document: Uint8Array | string;
  /**
   * The XML that should have been signed, without the signature. It is compared in canonical form,
   * so the declaration, the quotes and the order of attributes may differ.
   */
  readonly content?: Uint8Array | string | undefined;
  /**
   * The element that the signature must cover, if it is neither the whole document nor the body of
   * a SOAP message. Outside of it, the document must have no element of this name.
   */
  readonly element?: ElementName | undefined;
}

/**
 * Verifies a document with one signature. Any document gives a verdict. An accepted verdict has the
 * octets that were signed: read the data from these, not from the document.
 * @throws TypeError when an argument is missing or of another type
 */
export function verifyXml(request: VerifyXmlRequest): XmlVerdict {
  checkRequest(request);
  const { document: input, maxBytes = MAX_XML_BYTES, claims = false } = request;
  const read = xmlRefusalAsValue(() => {
    const document = parseXml(input, maxBytes);
    return { document, signature: readSignature(onlySignature(document)) };
  });
  if ('ok' in read) return claims ? { ...read, claims: [] } : read;
  const verdict = xmlRefusalAsValue(() => judge(read.document, read.signature, request, maxBytes));
  return verdict.ok || !claims ? verdict : withClaims(verdict, read.document, read.signature);
}

function withClaims(refused: XmlRefused, document: XmlDocument, signature: XmlSignature): XmlRefused {
  const leaf = xmlRefusalAsValue(() => signerCertificate(signature, document));
  return { ...refused, claims: 'ok' in leaf ? [] : [claimedSignerOf(leaf)] };
}

function judge(
  document: XmlDocument,
  signature: XmlSignature,
  request: VerifyXmlRequest,
  maxBytes: number,
): XmlAccepted {
  const { trust, allowGost2004 = false } = request;
  const at = request.at.getTime();
  const { info } = signature;
  const element = coveredElement(document, signature, request.element);
  const scheme = schemeOf(info.signatureUri, info.digestUri, allowGost2004);
  const omitted = info.enveloped ? signature.element : null;
  const content = signedOctets(document, info.target, info.form, element, omitted);
  const computed = digest(scheme.digest, content);
  if (computed === null || !sameBytes(computed, info.digest)) {
    throw new XmlRefusal('contentMismatch', 'the signed digest is of other content');
  }
  if (request.content !== undefined) {
    const expected = parseXml(request.content, maxBytes);
    const wanted = signedOctets(expected, info.target, info.form, expected.root, null);
    if (!sameBytes(wanted, content)) throw new XmlRefusal('contentMismatch', 'other content than expected');
  }
  const leaf = signerCertificate(signature, document);
  checkAlgorithms(leaf, allowGost2004);
  checkSignature(leaf, scheme, signature);
  const chain = buildChain(leaf, trust, at, allowGost2004);
  checkSigner(leaf, request.require ?? null);
  const revocation = notRevoked(chain, trust, at, request, allowGost2004);
  return {
    ok: true,
    signer: signerOf(leaf),
    content,
    element: { namespace: element.namespace, name: element.name },
    chain: chain.map(({ der }) => der),
    revocation,
  };
}

function checkSignature(
  leaf: Certificate,
  { family, signature: id }: ReturnType<typeof schemeOf>,
  { info, value }: XmlSignature,
): void {
  if (leaf.key.family !== family) {
    throw new XmlRefusal('algorithmNotAllowed', 'a signature algorithm that does not fit the key');
  }
  if (!verifySignature(leaf.key, id, [info.octets], value, false)) {
    throw new XmlRefusal('badSignature', 'the signature is wrong');
  }
}

/**
 * The element that the signature covers, which the caller gets back.
 * @throws XmlRefusal `wrongElement` when it is not the one that was to be signed
 */
function coveredElement(
  document: XmlDocument,
  { info, element: signature }: XmlSignature,
  wanted: ElementName | undefined,
): XmlElement {
  const { root } = document;
  const { id } = info.target;
  const found = id === null ? root : elementWithId(document, id);
  if (found === null) throw new XmlRefusal('wrongElement', 'the reference points to no element');
  if (wanted !== undefined) {
    const isWanted = (one: XmlElement): boolean => isNamed(one, wanted.namespace, wanted.name);
    const others = [...elementsOf(root)].filter((one) => isWanted(one) && !isWithin(one, found));
    if (!isWanted(found) || others.length > 0) {
      throw new XmlRefusal('wrongElement', 'not the only element of the name asked for');
    }
  } else if (found !== root && found !== bodyOf(root, signature)) {
    throw new XmlRefusal('wrongElement', 'neither the document nor the body of a SOAP message');
  }
  return found;
}

function isWithin(element: XmlElement, outer: XmlElement): boolean {
  for (let one: XmlElement | null = element; one !== null; one = one.parent) if (one === outer) return true;
  return false;
}

/** The body of a SOAP message whose header has the signature; null for any other document. */
function bodyOf(envelope: XmlElement, signature: XmlElement): XmlElement | null {
  const { namespace } = envelope;
  const [header, body, more] = envelope.children.filter((child) => child.kind === 'element');
  const isMessage =
    SOAP.includes(namespace) &&
    isNamed(envelope, namespace, 'Envelope') &&
    header !== undefined &&
    isNamed(header, namespace, 'Header') &&
    body !== undefined &&
    isNamed(body, namespace, 'Body') &&
    more === undefined;
  const security = signature.parent;
  const inHeader = security !== null && isNamed(security, WSSE, 'Security') && security.parent === header;
  return isMessage && inHeader ? body : null;
}

function signedOctets(
  document: XmlDocument,
  { id, comments }: Target,
  asked: Canonicalization,
  element: XmlElement,
  omitted: XmlElement | null,
): Uint8Array {
  const form = { ...asked, comments: asked.comments && comments };
  return id === null ? canonicalDocument(document, form, omitted) : canonicalElement(element, form, omitted);
}

function checkRequest(request: VerifyXmlRequest): void {
  checkObject('request', request);
  const { document, content, element, maxBytes, claims } = request;
  checkText('document', document);
  if (content !== undefined) checkText('content', content);
  if (element !== undefined) {
    checkObject('element', element);
    if (typeof element.namespace !== 'string') fault('element.namespace', element.namespace, 'a string');
    if (typeof element.name !== 'string') fault('element.name', element.name, 'a string');
  }
  if (maxBytes !== undefined) checkCount('maxBytes', maxBytes, 1);
  checkBoolean('claims', claims);
  checkRules(request);
  checkTrust(request.trust);
}

/**
 * Reads a ds:Signature. What it says is read from its canonical octets, after these were put aside
 * for the signature: nothing counts that is not signed.
 */
import { type Certificate, certificate } from '../certificate.ts';
import { decodeCertificate, fromBase64 } from '../input.ts';
import { printable } from './algorithms.ts';
import { type Canonicalization, canonicalElement, canonicalization } from './canonical.ts';
import {
  attributeOf,
  elementsOf,
  isNamed,
  parseXml,
  type XmlAttribute,
  type XmlDocument,
  type XmlElement,
} from './tree.ts';
import { XmlRefusal } from './verdict.ts';

const DS = 'http://www.w3.org/2000/09/xmldsig#';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = `${DS}enveloped-signature`;
const DEFAULT_CANONICALIZATION = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
const WSS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-';
export const WSSE = `${WSS}wssecurity-secext-1.0.xsd`;
const WSU = `${WSS}wssecurity-utility-1.0.xsd`;
const X509V3 = `${WSS}x509-token-profile-1.0#X509v3`;
const BASE64 = `${WSS}soap-message-security-1.0#Base64Binary`;
const XML = 'http://www.w3.org/XML/1998/namespace';

/** The most certificates of one signature, as in a CMS message. */
const MAX_CERTIFICATES = 5;

/** Half a kilobyte of values, and the namespaces of a large message. */
const MAX_SIGNED_INFO_BYTES = 16_384;

/** The most prefixes in a list of inclusive namespaces. Each is looked up at every element. */
const MAX_PREFIXES = 32;

/** What a reference points to: the whole document, or the element with an identifier. */
export type Target = { readonly id: string | null; readonly comments: boolean };

export interface SignedInfo {
  /** The octets that the signature covers. */
  readonly octets: Uint8Array;
  readonly signatureUri: string;
  readonly digestUri: string;
  readonly digest: Uint8Array;
  readonly target: Target;
  /** The signature itself is left out of what it signs. */
  readonly enveloped: boolean;
  readonly form: Canonicalization;
}

export interface XmlSignature {
  readonly element: XmlElement;
  readonly info: SignedInfo;
  readonly value: Uint8Array;
  readonly keyInfo: XmlElement | null;
}

/**
 * The only signature of a document.
 * @throws XmlRefusal `noSigner`, `severalSigners` and what `readSignature` throws
 */
export function onlySignature({ root }: XmlDocument): XmlElement {
  const [element, second] = [...elementsOf(root)].filter((one) => isNamed(one, DS, 'Signature'));
  if (element === undefined) throw new XmlRefusal('noSigner', 'no ds:Signature');
  if (second !== undefined) throw new XmlRefusal('severalSigners', 'more than one ds:Signature');
  return element;
}

export function readSignature(element: XmlElement): XmlSignature {
  const [infoElement, value, keyInfo] = childrenOf(element);
  if (infoElement === undefined || !isNamed(infoElement, DS, 'SignedInfo')) {
    throw new XmlRefusal('malformed', 'a signature without ds:SignedInfo');
  }
  if (value === undefined || !isNamed(value, DS, 'SignatureValue')) {
    throw new XmlRefusal('malformed', 'a signature without ds:SignatureValue');
  }
  return {
    element,
    info: readSignedInfo(infoElement),
    value: octetsOf(value),
    keyInfo: keyInfo !== undefined && isNamed(keyInfo, DS, 'KeyInfo') ? keyInfo : null,
  };
}

function readSignedInfo(element: XmlElement): SignedInfo {
  const [method] = childrenOf(element);
  if (method === undefined || !isNamed(method, DS, 'CanonicalizationMethod')) {
    throw new XmlRefusal('malformed', 'no ds:CanonicalizationMethod');
  }
  const octets = canonicalElement(element, canonicalizationOf(method));
  const { root } = parseXml(octets, MAX_SIGNED_INFO_BYTES);
  const [canonical, signature, reference, second, ...more] = childrenOf(root);
  if (canonical === undefined || !isNamed(canonical, DS, 'CanonicalizationMethod')) {
    throw new XmlRefusal('malformed', 'no ds:CanonicalizationMethod');
  }
  if (signature === undefined || !isNamed(signature, DS, 'SignatureMethod')) {
    throw new XmlRefusal('malformed', 'no ds:SignatureMethod');
  }
  if (reference === undefined || !isNamed(reference, DS, 'Reference')) {
    throw new XmlRefusal('malformed', 'no ds:Reference');
  }
  if (second !== undefined) {
    if ([second, ...more].every((one) => isNamed(one, DS, 'Reference'))) {
      throw new XmlRefusal('severalReferences', `${2 + more.length} references`);
    }
    throw new XmlRefusal('malformed', 'more than references in ds:SignedInfo');
  }
  const signatureUri = algorithmOf(signature);
  // Parameters, such as a shorter HMAC, are of algorithms that are not accepted anyway.
  if (childrenOf(signature).length > 0 && !/hmac/i.test(signatureUri)) {
    throw new XmlRefusal('algorithmNotAllowed', 'a signature algorithm with parameters');
  }
  return { octets, signatureUri, ...readReference(reference) };
}

function readReference(reference: XmlElement): Omit<SignedInfo, 'octets' | 'signatureUri'> {
  const uri = attributeOf(reference, 'URI');
  const children = childrenOf(reference);
  const [first] = children;
  const list = first !== undefined && isNamed(first, DS, 'Transforms') ? first : null;
  const [method, value, more] = list === null ? children : children.slice(1);
  if (
    method === undefined ||
    value === undefined ||
    more !== undefined ||
    !isNamed(method, DS, 'DigestMethod') ||
    !isNamed(value, DS, 'DigestValue')
  ) {
    throw new XmlRefusal('malformed', 'a reference of another form');
  }
  if (childrenOf(method).length > 0) {
    throw new XmlRefusal('algorithmNotAllowed', 'a digest algorithm with parameters');
  }
  return {
    target: targetOf(uri),
    ...readTransforms(list === null ? [] : childrenOf(list)),
    digestUri: algorithmOf(method),
    digest: octetsOf(value),
  };
}

/**
 * Only places in the document itself. By XMLDSig 1.0 (4.3.3.3), comments are part of what is signed
 * only if the reference is a full XPointer.
 */
function targetOf(uri: string | null): Target {
  if (uri === '') return { id: null, comments: false };
  if (uri === '#xpointer(/)') return { id: null, comments: true };
  const pointed = /^#xpointer\(id\((['"])([^'"()]+)\1\)\)$/.exec(uri ?? '')?.[2];
  if (pointed !== undefined) return { id: pointed, comments: true };
  const plain = /^#([^()'"%\s]+)$/.exec(uri ?? '')?.[1];
  if (plain !== undefined) return { id: plain, comments: false };
  throw new XmlRefusal('externalReference', 'a reference to something outside of the document');
}

/** Leaving out the signature, then canonicalization; each may be missing, and nothing else may occur. */
function readTransforms(transforms: readonly XmlElement[]): Pick<SignedInfo, 'enveloped' | 'form'> {
  let enveloped = false;
  let form: Canonicalization | null = null;
  for (const transform of transforms) {
    if (!isNamed(transform, DS, 'Transform')) throw new XmlRefusal('malformed', 'no ds:Transform');
    const uri = algorithmOf(transform);
    if (uri === ENVELOPED && !enveloped && form === null && childrenOf(transform).length === 0) {
      enveloped = true;
    } else if (uri !== ENVELOPED && form === null) {
      form = canonicalizationOf(transform);
    } else {
      throw new XmlRefusal('transformNotAllowed', 'transforms in another order or number');
    }
  }
  form ??= canonicalization(DEFAULT_CANONICALIZATION, []);
  if (form === null) throw new Error('the table has no default');
  return { enveloped, form };
}

/** @throws XmlRefusal `transformNotAllowed` for any other algorithm, such as XPath or XSLT */
function canonicalizationOf(method: XmlElement): Canonicalization {
  const uri = algorithmOf(method);
  const [list, more] = childrenOf(method);
  const exclusive = uri.startsWith(EXCLUSIVE);
  const isList = list === undefined || (exclusive && isNamed(list, EXCLUSIVE, 'InclusiveNamespaces'));
  const prefixes = list === undefined ? '' : (attributeOf(list, 'PrefixList') ?? '');
  const form = canonicalization(
    uri,
    prefixes
      .split(/[ \t\r\n]+/)
      .filter((prefix) => prefix !== '')
      .map((prefix) => (prefix === '#default' ? '' : prefix)),
  );
  if (form === null || !isList || more !== undefined || form.inclusivePrefixes.length > MAX_PREFIXES) {
    throw new XmlRefusal('transformNotAllowed', `the transform ${printable(uri)}`);
  }
  return form;
}

/**
 * The certificate of the signer: that of ds:X509Data, or of a token in the same wsse:Security.
 * @throws XmlRefusal `keyNotCertified`, `certificateMissing` or `externalReference`
 */
export function signerCertificate({ keyInfo, element }: XmlSignature, document: XmlDocument): Certificate {
  const children = keyInfo === null ? [] : childrenOf(keyInfo);
  const certificates = children.flatMap((child) => {
    if (isNamed(child, DS, 'X509Data')) return certificatesIn(child);
    if (isNamed(child, WSSE, 'SecurityTokenReference')) return certificatesByToken(child, element, document);
    return [];
  });
  if (certificates.length === 0 && children.some((child) => /^(Key|DEREncodedKey|RSAKey)/.test(child.name))) {
    throw new XmlRefusal('keyNotCertified', 'a key or its name instead of a certificate');
  }
  if (certificates.length > MAX_CERTIFICATES) throw new XmlRefusal('tooLarge', 'too many certificates');
  // A chain may come along. It is not used: issuers come from the trust.
  const read = certificates.map((text) => certificate(decodeCertificate(text)));
  const [leaf, second] = read.length === 1 ? read : read.filter((one) => !one.isCa);
  if (leaf === undefined || second !== undefined) {
    throw new XmlRefusal('certificateMissing', 'not exactly one certificate of the signer');
  }
  return leaf;
}

function certificatesIn(data: XmlElement): readonly string[] {
  return childrenOf(data)
    .filter((one) => isNamed(one, DS, 'X509Certificate'))
    .map(textOf);
}

/** wsse:Reference to a wsse:BinarySecurityToken, wsse:KeyIdentifier with a certificate, or ds:X509Data. */
function certificatesByToken(
  by: XmlElement,
  signature: XmlElement,
  document: XmlDocument,
): readonly string[] {
  return childrenOf(by).flatMap((child) => {
    if (isNamed(child, DS, 'X509Data')) return certificatesIn(child);
    if (isNamed(child, WSSE, 'KeyIdentifier')) return isX509(child) ? [textOf(child)] : [];
    if (!isNamed(child, WSSE, 'Reference')) return [];
    const { id } = targetOf(attributeOf(child, 'URI'));
    if (id === null) throw new XmlRefusal('externalReference', 'a token that is no element');
    const token = elementWithId(document, id);
    const isToken =
      token !== null &&
      isNamed(token, WSSE, 'BinarySecurityToken') &&
      token.parent === signature.parent &&
      isX509(token);
    return isToken ? [textOf(token)] : [];
  });
}

/** True for a single certificate in base64. Lists of certificates (PKCS#7, PKIPath) are not read. */
function isX509(token: XmlElement): boolean {
  return (
    attributeOf(token, 'ValueType') === X509V3 && [null, BASE64].includes(attributeOf(token, 'EncodingType'))
  );
}

/**
 * The element with an identifier; null when there is none.
 * @throws XmlRefusal `duplicateId` when there are two, in whatever attribute
 */
export function elementWithId({ root }: XmlDocument, id: string): XmlElement | null {
  const [found, second] = [...elementsOf(root)].filter(({ attributes }) =>
    attributes.some((one) => isId(one) && one.value === id),
  );
  if (second !== undefined) throw new XmlRefusal('duplicateId', 'two elements with the signed identifier');
  return found ?? null;
}

/** Without a document type, identifiers are known by convention only. */
function isId({ namespace, name }: XmlAttribute): boolean {
  if (namespace === '') return ['Id', 'ID', 'id'].includes(name);
  return (namespace === WSU && name === 'Id') || (namespace === XML && name === 'id');
}

/** @throws XmlRefusal `malformed` when there is text between the elements */
function childrenOf(element: XmlElement): readonly XmlElement[] {
  return element.children.flatMap((child) => {
    if (child.kind === 'element') return [child];
    if (child.kind !== 'text' || !/[^ \t\r\n]/.test(child.value)) return [];
    throw new XmlRefusal('malformed', 'text between the elements of a signature');
  });
}

/** @throws XmlRefusal `malformed` when there is more than text, such as a comment */
function textOf(element: XmlElement): string {
  const [text, more] = element.children;
  if (more !== undefined || (text !== undefined && text.kind !== 'text')) {
    throw new XmlRefusal('malformed', 'more than text in a value of a signature');
  }
  return text?.value ?? '';
}

function octetsOf(element: XmlElement): Uint8Array {
  const octets = fromBase64(textOf(element));
  if (octets === null) throw new XmlRefusal('malformed', 'a value that is not base64');
  return octets;
}

function algorithmOf(element: XmlElement): string {
  const uri = attributeOf(element, 'Algorithm');
  if (uri === null) throw new XmlRefusal('malformed', 'no algorithm');
  return uri;
}

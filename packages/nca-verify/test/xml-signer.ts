/**
 * Signs XML in two ways, neither of which uses the code under test. `signature` writes a signature
 * whose text is canonical as it stands, so a test decides about every part of it. `signXml` leaves
 * the work, canonicalization included, to the package `xml-crypto`.
 */
import { SignedXml } from 'xml-crypto';
import type { Identity } from '../src/testing/certificates.ts';
import type { TestDigest } from '../src/testing/keys.ts';

export const DS = 'http://www.w3.org/2000/09/xmldsig#';
export const C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const ENVELOPED = `${DS}enveloped-signature`;
const WSS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-';
const WSSE = `${WSS}wssecurity-secext-1.0.xsd`;
const WSU = `${WSS}wssecurity-utility-1.0.xsd`;
export const X509V3 = `${WSS}x509-token-profile-1.0#X509v3`;
const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';

const AUTHORITY = 'urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:';
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';

/** The identifiers of the algorithms, as the authority's library writes them. */
export const URIS: Readonly<Record<TestDigest, { readonly signature: string; readonly digest: string }>> = {
  streebog512: {
    signature: `${AUTHORITY}gostr34102015-gostr34112015-512`,
    digest: `${AUTHORITY}gostr34112015-512`,
  },
  gost94: { signature: `${MORE}gost34310-gost34311`, digest: `${MORE}gost34311` },
  sha256: { signature: `${MORE}rsa-sha256`, digest: 'http://www.w3.org/2001/04/xmlenc#sha256' },
  sha512: { signature: `${MORE}rsa-sha512`, digest: 'http://www.w3.org/2001/04/xmlenc#sha512' },
};

export interface SignatureForm {
  /** The canonical text that is digested. */
  readonly content: string;
  readonly uri?: string | undefined;
  /** The elements in ds:Transforms; null leaves ds:Transforms out. */
  readonly transforms?: string | null | undefined;
  readonly canonicalization?: string | undefined;
  readonly digest?: TestDigest | undefined;
  readonly signatureUri?: string | undefined;
  readonly digestUri?: string | undefined;
  /** What stands after the first ds:Reference. */
  readonly more?: string | undefined;
  /** What stands inside ds:SignatureMethod. */
  readonly parameters?: string | undefined;
  /** The elements in ds:KeyInfo; null leaves ds:KeyInfo out. */
  readonly keyInfo?: string | null | undefined;
  /** Changes the text of ds:SignedInfo before it is signed. */
  readonly edit?: ((signedInfo: string) => string) | undefined;
  /** Takes the place of the signature's octets. */
  readonly value?: ((signedInfo: Uint8Array) => Uint8Array) | undefined;
}

export const transform = (uri: string, inside = ''): string =>
  `<ds:Transform Algorithm="${uri}">${inside}</ds:Transform>`;

export const x509Data = (...certificates: readonly Uint8Array[]): string =>
  `<ds:X509Data>${certificates.map((der) => `<ds:X509Certificate>${base64(der)}</ds:X509Certificate>`).join('')}</ds:X509Data>`;

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** A ds:Signature element as text. Right in everything that the form does not change. */
export function signature(identity: Identity, form: SignatureForm): string {
  const { key, certificate } = identity;
  const { content, uri = '', transforms, canonicalization = EXCLUSIVE, more = '' } = form;
  const digest = form.digest ?? key.digest;
  const uris = URIS[digest];
  const list = transforms === undefined ? transform(ENVELOPED) + transform(EXCLUSIVE) : transforms;
  const written =
    `<ds:SignedInfo xmlns:ds="${DS}">` +
    `<ds:CanonicalizationMethod Algorithm="${canonicalization}"></ds:CanonicalizationMethod>` +
    `<ds:SignatureMethod Algorithm="${form.signatureUri ?? uris.signature}">${form.parameters ?? ''}</ds:SignatureMethod>` +
    `<ds:Reference URI="${uri}">` +
    (list === null ? '' : `<ds:Transforms>${list}</ds:Transforms>`) +
    `<ds:DigestMethod Algorithm="${form.digestUri ?? uris.digest}"></ds:DigestMethod>` +
    `<ds:DigestValue>${base64(key.hash(Buffer.from(content), digest))}</ds:DigestValue>` +
    `</ds:Reference>${more}</ds:SignedInfo>`;
  const signedInfo = form.edit?.(written) ?? written;
  const octets = Buffer.from(signedInfo);
  const value = form.value?.(octets) ?? key.sign(octets, digest);
  const keyInfo = form.keyInfo === undefined ? x509Data(certificate) : form.keyInfo;
  return (
    `<ds:Signature xmlns:ds="${DS}">${signedInfo}` +
    `<ds:SignatureValue>${base64(value)}</ds:SignatureValue>` +
    `${keyInfo === null ? '' : `<ds:KeyInfo>${keyInfo}</ds:KeyInfo>`}</ds:Signature>`
  );
}

/** A document with an enveloped signature; `content` is canonical and contains the mark `<!-->`. */
export function enveloped(identity: Identity, content: string, form: Partial<SignatureForm> = {}): string {
  const [before, after] = content.split('<!-->');
  return `${before}${signature(identity, { content: `${before}${after}`, ...form })}${after}`;
}

export interface SoapForm extends Partial<SignatureForm> {
  /** The certificate in the header, as the elements of wsse:Security before the signature. */
  readonly token?: string | undefined;
  readonly body?: string | undefined;
}

export const binaryToken = (der: Uint8Array, id = 'token', attributes = `ValueType="${X509V3}"`): string =>
  `<wsse:BinarySecurityToken ${attributes} wsu:Id="${id}">${base64(der)}</wsse:BinarySecurityToken>`;

export const tokenReference = (inside: string): string =>
  `<wsse:SecurityTokenReference>${inside}</wsse:SecurityTokenReference>`;

/** A SOAP message with a signature of its body in wsse:Security. */
export function soap(identity: Identity, form: SoapForm = {}): string {
  const { token = binaryToken(identity.certificate), body = '<amount>900</amount>', ...rest } = form;
  const text = `<s:Body xmlns:s="${SOAP}" xmlns:wsu="${WSU}" wsu:Id="body">${body}</s:Body>`;
  const signed = signature(identity, {
    content: text,
    uri: '#body',
    transforms: transform(EXCLUSIVE),
    keyInfo: tokenReference(`<wsse:Reference URI="#token" ValueType="${X509V3}"/>`),
    ...rest,
  });
  return (
    `<s:Envelope xmlns:s="${SOAP}" xmlns:wsse="${WSSE}" xmlns:wsu="${WSU}"><s:Header>` +
    `<wsse:Security s:mustUnderstand="1">${token}${signed}</wsse:Security></s:Header>${text}</s:Envelope>`
  );
}

export interface SignXmlOptions {
  readonly digest?: TestDigest | undefined;
  /** An XPath; the element gets an Id. Without it, the whole document is signed. */
  readonly element?: string | undefined;
  readonly transforms?: readonly string[] | undefined;
  readonly canonicalization?: string | undefined;
  /** Line ends within the values, as some programs on Windows write them. */
  readonly lineEnd?: string | undefined;
}

/** Signs by `xml-crypto`, in the form of NCALayer unless the options say otherwise. */
export function signXml({ key, certificate }: Identity, xml: string, options: SignXmlOptions = {}): string {
  const digest = options.digest ?? key.digest;
  const uris = URIS[digest];
  const lines = (bytes: Uint8Array): string =>
    (base64(bytes).match(/.{1,76}/g) ?? []).join(options.lineEnd ?? '\n');
  const signer = new SignedXml({
    privateKey: 'the algorithms below have their own',
    canonicalizationAlgorithm: options.canonicalization ?? C14N,
    signatureAlgorithm: uris.signature,
    getKeyInfoContent: () =>
      `<ds:X509Data><ds:X509Certificate>${lines(certificate)}</ds:X509Certificate></ds:X509Data>`,
  });
  signer.SignatureAlgorithms[uris.signature] = class {
    getSignature = (signedInfo: unknown): string => lines(key.sign(Buffer.from(String(signedInfo)), digest));
    verifySignature = (): boolean => false;
    getAlgorithmName = (): string => uris.signature;
  };
  signer.HashAlgorithms[uris.digest] = class {
    getHash = (text: string): string => lines(key.hash(Buffer.from(text), digest));
    getAlgorithmName = (): string => uris.digest;
  };
  signer.addReference({
    xpath: options.element ?? '/*',
    isEmptyUri: options.element === undefined,
    transforms: options.transforms ?? [ENVELOPED, `${C14N}#WithComments`],
    digestAlgorithm: uris.digest,
  });
  signer.computeSignature(xml, { prefix: 'ds', location: { reference: '/*', action: 'append' } });
  return signer.getSignedXml();
}

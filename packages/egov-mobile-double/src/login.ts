/** The proof of `auth_type: "Eds"`: a short XML document, signed with the authentication key. */
import type { Identity } from 'nca-verify/testing';

const DS = 'http://www.w3.org/2000/09/xmldsig#';
const CANONICAL = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
const AUTHORITY = 'urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:';

const ALGORITHMS = {
  gost2015: {
    signature: `${AUTHORITY}gostr34102015-gostr34112015-512`,
    digest: `${AUTHORITY}gostr34112015-512`,
  },
  rsa: {
    signature: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    digest: 'http://www.w3.org/2001/04/xmlenc#sha256',
  },
} as const;

/**
 * Names API №2 and the time, with an enveloped XMLDSig. Everything is written in canonical form, so
 * nothing has to be canonicalized.
 */
export function signLogin({ key, certificate }: Identity, url: URL, at: Date): string {
  const { signature, digest } = ALGORITHMS[key.family === 'rsa' ? 'rsa' : 'gost2015'];
  const inside = `<url>${escaped(url.href)}</url><timeStamp>${at.toISOString()}</timeStamp>`;
  const hash = base64(key.hash(Buffer.from(`<login>${inside}</login>`)));
  const signedInfo =
    `<ds:SignedInfo xmlns:ds="${DS}"><ds:CanonicalizationMethod Algorithm="${CANONICAL}"></ds:CanonicalizationMethod>` +
    `<ds:SignatureMethod Algorithm="${signature}"></ds:SignatureMethod><ds:Reference URI=""><ds:Transforms>` +
    `<ds:Transform Algorithm="${DS}enveloped-signature"></ds:Transform>` +
    `<ds:Transform Algorithm="${CANONICAL}"></ds:Transform></ds:Transforms>` +
    `<ds:DigestMethod Algorithm="${digest}"></ds:DigestMethod><ds:DigestValue>${hash}</ds:DigestValue>` +
    '</ds:Reference></ds:SignedInfo>';
  const value = base64(key.sign(Buffer.from(signedInfo)));
  return (
    `<login>${inside}<ds:Signature xmlns:ds="${DS}">${signedInfo}<ds:SignatureValue>${value}</ds:SignatureValue>` +
    `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${base64(certificate)}</ds:X509Certificate></ds:X509Data>` +
    '</ds:KeyInfo></ds:Signature></login>'
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** Signed XML: the accepted forms, and every refusal in a document that is otherwise right. */
import { createHmac } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { createTestAuthority } from '../src/testing/authority.ts';
import type { Identity } from '../src/testing/certificates.ts';
import { makeGostKey, makeRsaKey } from '../src/testing/keys.ts';
import { createTrust } from '../src/trust.ts';
import { XML_REASONS, type XmlVerdict } from '../src/xml/verdict.ts';
import { type VerifyXmlRequest, verifyXml } from '../src/xml/verify.ts';
import { AT, gost, gostTrust, later, PERSON } from './support.ts';
import {
  base64,
  binaryToken,
  C14N,
  DS,
  ENVELOPED,
  EXCLUSIVE,
  enveloped,
  type SignatureForm,
  type SoapForm,
  signature,
  signXml,
  soap,
  tokenReference,
  transform,
  URIS,
  X509V3,
  x509Data,
} from './xml-signer.ts';

const person = gost.issue(PERSON, { key: makeGostKey('gost2015', 'xml') });
const other = gost.issue({ ...PERSON, iin: '900101300025' }, { key: makeGostKey('gost2015', 'other') });
/** Canonical, with the mark where the signature goes. */
const CONTENT = '<pay><to>900101300017</to><amount>900</amount><!--></pay>';
const CONTENT_XML = CONTENT.replace('<!-->', '');

const rsa = createTestAuthority({ at: AT, family: 'rsa', name: 'XML' });
let rsaPerson: Identity;
beforeAll(() => {
  rsaPerson = rsa.issue(PERSON, { key: makeRsaKey() });
});
const trust = createTrust([...gost.certificates, ...rsa.certificates]);

function judge(document: string | Uint8Array, given: Partial<VerifyXmlRequest> = {}): XmlVerdict {
  return verifyXml({ document, at: AT, trust, revocation: 'skip', ...given });
}

/** The text that was signed, or the reason of the refusal. */
function outcome(document: string | Uint8Array, given: Partial<VerifyXmlRequest> = {}): string {
  const verdict = judge(document, given);
  return verdict.ok ? Buffer.from(verdict.content).toString() : verdict.reason;
}

const of = (form: Partial<SignatureForm> = {}) => outcome(enveloped(person, CONTENT, form));
const ofSoap = (form: SoapForm = {}) => outcome(soap(person, form));

describe('accepted', () => {
  it('an enveloped signature, with all that the verdict says', () => {
    const verdict = judge(enveloped(person, CONTENT), { require: 'individual', content: CONTENT_XML });
    if (!verdict.ok) throw new Error(verdict.detail);
    expect(Buffer.from(verdict.content).toString()).toBe(CONTENT_XML);
    expect(verdict.element).toEqual({ namespace: '', name: 'pay' });
    expect(verdict.signer).toMatchObject({ proven: true, iin: PERSON.iin, kind: 'individual' });
    expect(verdict.chain).toHaveLength(3);
    expect(verdict.revocation).toEqual({ source: 'notChecked', asOf: null });
  });

  it.each(['\n', '\r\n'])('what NCALayer writes, with the line end %j', (lineEnd) => {
    const document = signXml(person, `<?xml version="1.0"?>\n${CONTENT_XML}`, { lineEnd });
    expect(outcome(document)).toBe(CONTENT_XML);
    expect(outcome(Buffer.from(document), { content: `<?xml version='1.0'?>${CONTENT_XML}` })).toBe(
      CONTENT_XML,
    );
    expect(outcome(document.replace('900</amount>', '901</amount>'))).toBe('contentMismatch');
  });

  it('values with returns, as the authority’s library writes them on Windows', () => {
    const broken = (text: string): string => text.replace(/(<ds:DigestValue>.{40})/, '$1&#xD;\n');
    const document = enveloped(person, CONTENT, { edit: broken })
      .replace(/(<ds:SignatureValue>.{76})/, '$1&#13;\n')
      .replace(/(<ds:X509Certificate>.{76})/, '$1&#13;\n');
    expect(document.match(/&#(13|xD);/g)).toHaveLength(3);
    expect(outcome(document)).toBe(CONTENT_XML);
    // Whoever "cleans up" the document changes what was signed.
    expect(outcome(document.replaceAll(/&#(13|xD);/g, ''))).toBe('badSignature');
  });

  it.each([
    [C14N, C14N],
    [`${C14N}#WithComments`, `${C14N}#WithComments`],
    [EXCLUSIVE, EXCLUSIVE],
    [`${EXCLUSIVE}WithComments`, `${EXCLUSIVE}WithComments`],
    [C14N, EXCLUSIVE],
    [EXCLUSIVE, C14N],
  ])('signed by xml-crypto: SignedInfo in %s, content in %s', (canonicalization, content) => {
    const xml = '<a:x xmlns:a="urn:a" xmlns:b="urn:b" xmlns="urn:c" b:y="2" z="&lt;1"><y>1&amp;2</y></a:x>';
    for (const identity of [person, rsaPerson]) {
      const document = signXml(identity, xml, { canonicalization, transforms: [ENVELOPED, content] });
      expect(judge(document).ok).toBe(true);
    }
  });

  it('RSA with SHA-256 and SHA-512', () => {
    for (const digest of ['sha256', 'sha512'] as const) {
      expect(outcome(signXml(rsaPerson, CONTENT_XML, { digest }))).toBe(CONTENT_XML);
    }
  });

  it('GOST 34.310-2004 only when asked for', () => {
    const old = gost.issue(PERSON, { key: makeGostKey('gost2004', 'xml') });
    const document = enveloped(old, CONTENT);
    expect(outcome(document)).toBe('algorithmNotAllowed');
    expect(outcome(document, { allowGost2004: true })).toBe(CONTENT_XML);
  });

  it('without transforms: canonical by default', () => {
    const text = `<pay Id="x"><amount>900</amount></pay>`;
    const document = `<all>${text}${signature(person, { content: text, uri: '#x', transforms: null })}</all>`;
    expect(outcome(document, { element: { namespace: '', name: 'pay' } })).toBe(text);
  });

  it('the bytes that come back have neither comments nor the signature', () => {
    const document = enveloped(person, CONTENT).replace('900</amount>', '9<!-- -->00</amount>');
    expect(outcome(document)).toBe(CONTENT_XML);
  });

  it('comments, when a full XPointer says so', () => {
    const text = '<pay><!-- yes --><!--></pay>';
    const form = (inside: string) => ({ uri: '#xpointer(/)', transforms: transform(ENVELOPED) + inside });
    const kept = enveloped(person, text, form(transform(`${EXCLUSIVE}WithComments`)));
    expect(outcome(kept)).toBe('<pay><!-- yes --></pay>');
    expect(outcome(kept.replace(' yes ', ' no '))).toBe('contentMismatch');
    const content = '<pay></pay>';
    expect(outcome(enveloped(person, text, { content, ...form(transform(EXCLUSIVE)) }))).toBe(content);
    const byId = '<pay Id="x"><!-- yes --><!--></pay>';
    const pointed = { ...form(transform(`${EXCLUSIVE}WithComments`)), uri: "#xpointer(id('x'))" };
    expect(outcome(enveloped(person, byId, pointed))).toBe('<pay Id="x"><!-- yes --></pay>');
  });

  it('a byte order mark, instructions, CDATA, and a text instead of bytes', () => {
    const document = enveloped(person, CONTENT).replace('900<', '<![CDATA[900]]><');
    expect(outcome(`\ufeff<?xml version="1.0" encoding="utf-8"?>${document}`)).toBe(CONTENT_XML);
    expect(outcome(Buffer.from(`\ufeff${document}`))).toBe(CONTENT_XML);
    // A text was decoded before, so its declaration says nothing about it.
    expect(outcome(`<?xml version="1.0" encoding="windows-1251"?>${document}`)).toBe(CONTENT_XML);
    expect(outcome(`<?note?>${document}`)).toBe('contentMismatch');
  });

  it('a chain beside the certificate, and a key beside it', () => {
    const keyValue = '<ds:KeyValue><ds:RSAKeyValue></ds:RSAKeyValue></ds:KeyValue>';
    const chain = x509Data(...[...gost.certificates].reverse(), person.certificate);
    expect(of({ keyInfo: chain })).toBe(CONTENT_XML);
    expect(of({ keyInfo: keyValue + x509Data(person.certificate) })).toBe(CONTENT_XML);
  });
});

describe('SOAP', () => {
  const body = /^<s:Body .*<amount>900<\/amount><\/s:Body>$/;
  const x509 = `<wsse:KeyIdentifier ValueType="${X509V3}">${base64(person.certificate)}</wsse:KeyIdentifier>`;

  it('the body comes back, whichever way the certificate comes', () => {
    expect(ofSoap()).toMatch(body);
    expect(ofSoap({ keyInfo: tokenReference(x509), token: '' })).toMatch(body);
    expect(ofSoap({ keyInfo: tokenReference(x509Data(person.certificate)), token: '' })).toMatch(body);
    expect(ofSoap({ keyInfo: x509Data(person.certificate), token: '' })).toMatch(body);
    expect(outcome(soap(rsaPerson))).toMatch(body);
    // Some put the transform for enveloped signatures where it has no effect.
    expect(ofSoap({ transforms: transform(ENVELOPED) + transform(EXCLUSIVE) })).toMatch(body);
  });

  it('SOAP 1.2, and the whole envelope', () => {
    const version = (text: string) =>
      text.replaceAll('http://schemas.xmlsoap.org/soap/envelope/', 'http://www.w3.org/2003/05/soap-envelope');
    const content = version(soap(person)).match(/<s:Body.*<\/s:Body>/)?.[0] ?? '';
    expect(outcome(version(soap(person, { content })))).toMatch(body);
    const message = soap(person);
    const [before, after] = [message.split('<ds:Signature')[0], message.split('</ds:Signature>')[1]];
    const whole = signXml(person, `${before}${after}`, { canonicalization: EXCLUSIVE });
    expect(judge(whole)).toMatchObject({ ok: true, element: { name: 'Envelope' } });
  });

  it.each([
    ['a token that is not there', { token: '' }, 'certificateMissing'],
    [
      'a token elsewhere',
      { keyInfo: tokenReference('<wsse:Reference URI="http://a.kz/cert"/>') },
      'externalReference',
    ],
    [
      'a token that is the document',
      { keyInfo: tokenReference('<wsse:Reference URI=""/>') },
      'externalReference',
    ],
    ['two tokens of one name', { token: binaryToken(person.certificate).repeat(2) }, 'duplicateId'],
    [
      'a token of another kind',
      { token: binaryToken(person.certificate, 'token', 'ValueType="urn:x"') },
      'certificateMissing',
    ],
    [
      'a token that is no token',
      { token: `<token wsu:Id="token">${base64(person.certificate)}</token>` },
      'certificateMissing',
    ],
    [
      'a name of a key',
      { keyInfo: tokenReference('<wsse:KeyIdentifier ValueType="urn:ski">AA==</wsse:KeyIdentifier>') },
      'certificateMissing',
    ],
  ] as const)('%s: refused', (_, form, reason) => {
    expect(ofSoap(form)).toBe(reason);
  });

  it('a token outside of the header with the signature is not used', () => {
    const message = soap(person, { token: '' });
    const token = binaryToken(person.certificate);
    expect(outcome(message.replace('</wsse:Security>', `</wsse:Security><o>${token}</o>`))).toBe(
      'certificateMissing',
    );
  });
});

describe('signature wrapping', () => {
  const good = soap(person);
  const signedBody = good.slice(good.indexOf('<s:Body'), good.indexOf('</s:Envelope>'));
  const head = good.slice(0, good.indexOf('<s:Body'));
  const hidden = `<x>${signedBody}</x>`;
  const forged = (id: string): string => signedBody.replace('900<', '900000<').replace('wsu:Id="body"', id);

  it.each([
    ['in the header', (id: string) => head.replace('</s:Header>', `${hidden}</s:Header>`) + forged(id)],
    ['in the security header', (id: string) => head.replace('</wsse:S', `${hidden}</wsse:S`) + forged(id)],
    ['after a forged body', (id: string) => head + forged(id) + hidden],
    ['before a forged body', (id: string) => head + hidden + forged(id)],
    ['beside a forged body', (id: string) => head + forged(id) + signedBody],
    ['within a forged body', (id: string) => head + forged(id).replace('</s:Body>', `${hidden}</s:Body>`)],
  ])('the signed body %s', (_, wrap) => {
    const message = (id: string): string => `${wrap(id)}</s:Envelope>`;
    expect(outcome(message(''))).toBe('wrongElement');
    expect(outcome(message('wsu:Id="other"'))).toBe('wrongElement');
    expect(outcome(message('wsu:Id="body"'))).toBe('duplicateId');
    expect(outcome(message('Id="body"'))).toBe('duplicateId');
    expect(outcome(message('xml:id="body"'))).toBe('duplicateId');
  });

  it('a signed element is given back only if it is the one that was asked for', () => {
    const text = '<pay Id="x"><amount>900</amount></pay>';
    const signed = signature(person, { content: text, uri: '#x', transforms: transform(EXCLUSIVE) });
    const pay = { namespace: '', name: 'pay' };
    const document = `<all>${text}${signed}</all>`;
    expect(outcome(document)).toBe('wrongElement');
    expect(outcome(document, { element: pay })).toBe(text);
    expect(outcome(document, { element: { namespace: 'urn:x', name: 'pay' } })).toBe('wrongElement');
    expect(outcome(document, { element: { namespace: '', name: 'all' } })).toBe('wrongElement');
    // One within the other is signed with it.
    const nested = '<pay Id="x"><pay>9</pay></pay>';
    const outer = signature(person, { content: nested, uri: '#x', transforms: transform(EXCLUSIVE) });
    expect(outcome(`<all>${nested}${outer}</all>`, { element: pay })).toBe(nested);
    // Two of the name: whoever reads the document by name may find the other one.
    expect(outcome(`<all><pay>9</pay>${text}${signed}</all>`, { element: pay })).toBe('wrongElement');
    expect(outcome(`<all><old>${text}</old><pay>9</pay>${signed}</all>`, { element: pay })).toBe(
      'wrongElement',
    );
  });

  it('what stands around the signed element never comes back', () => {
    const verdict = judge(good.replace('<s:Header>', '<s:Header><amount>1</amount>'));
    expect(verdict.ok && Buffer.from(verdict.content).toString()).toBe(signedBody);
  });

  it('an enveloped signature in another place of the same document gives the same bytes', () => {
    const document = enveloped(person, CONTENT);
    const [, text = ''] = /(<ds:Signature.*<\/ds:Signature>)/.exec(document) ?? [];
    expect(outcome(document.replace(text, '').replace('<to>', `<to>${text}`))).toBe(CONTENT_XML);
    expect(outcome(`<x>${document}</x>`)).toBe('contentMismatch');
  });

  it('a reference to nothing', () => {
    expect(of({ uri: '#nothing' })).toBe('wrongElement');
  });
});

describe('refused before anything is verified', () => {
  const document = enveloped(person, CONTENT);
  const entity = '<!ENTITY x "900">';

  it.each([
    ['a document type', `<!DOCTYPE pay>${document}`, 'doctype'],
    ['an entity of its own', `<!DOCTYPE pay [${entity}]>${document}`, 'doctype'],
    ['an external entity', `<!DOCTYPE pay [<!ENTITY x SYSTEM "file:///etc/passwd">]>${document}`, 'doctype'],
    ['a parameter entity', `<!DOCTYPE pay [<!ENTITY % x "1">%x;]>${document}`, 'doctype'],
    [
      'a billion laughs',
      `<!DOCTYPE pay [<!ENTITY a "${'x'.repeat(99)}"><!ENTITY b "${'&a;'.repeat(99)}">]>${document}`,
      'doctype',
    ],
    ['a document type behind a comment', `<!-- --><?x?>\n<!DOCTYPE pay>${document}`, 'doctype'],
    ['an entity without a document type', document.replace('900<', '&x;<'), 'entity'],
    ['an entity named as a property', document.replace('900<', '&constructor;<'), 'entity'],
    ['a prefix named as a property', document.replace('<to>', '<to><toString:a/>'), 'malformed'],
    ['an entity in an attribute', document.replace('<to>', '<to a="&x;">'), 'entity'],
    ['too deep', document.replace('900<', `${'<a>'.repeat(64)}${'</a>'.repeat(64)}<`), 'tooDeep'],
    ['far too deep', '<a>'.repeat(20_000), 'tooDeep'],
    ['too large', document.replace('900<', `${'0'.repeat(66_000)}<`), 'tooLarge'],
    [
      'too many attributes',
      document.replace('<to>', `<to ${Array.from({ length: 200 }, (_, i) => `a${i}=""`).join(' ')}>`),
      'tooLarge',
    ],
    ['no XML', 'MIIB', 'malformed'],
    ['nothing', '', 'malformed'],
    ['half a document', document.slice(0, -3), 'malformed'],
    ['two roots', `${document}<a/>`, 'malformed'],
    ['another version', `<?xml version="1.1"?>${document}`, 'malformed'],
    ['an attribute twice', document.replace('<to>', '<to a="" a="">'), 'malformed'],
    [
      'an attribute twice by two prefixes',
      document.replace('<to>', '<to xmlns:a="u" xmlns:b="u" a:c="" b:c="">'),
      'malformed',
    ],
    ['a prefix of nothing', document.replace('<to>', '<to><x:a/>'), 'malformed'],
    ['half a surrogate pair', document.replace('900<', '\ud800<'), 'malformed'],
    ['a control character', document.replace('900<', '\u0001<'), 'malformed'],
    ['no signature', CONTENT_XML, 'noSigner'],
    ['two signatures', enveloped(person, document.replace('</pay>', '<!--></pay>')), 'severalSigners'],
  ])('%s', (_, text, reason) => {
    expect(outcome(text, { claims: true })).toBe(reason);
  });

  it('bytes in another encoding, declared or not', () => {
    expect(outcome(Buffer.from(`<?xml version="1.0" encoding="utf-16"?>${document}`))).toBe('malformed');
    expect(outcome(Buffer.from('<pay>\xe9</pay>', 'latin1'))).toBe('malformed');
    expect(outcome(Buffer.from(document, 'utf16le'))).toBe('malformed');
  });

  it('more nodes than are read, when the caller allows more bytes', () => {
    expect(outcome(`<a>${'<b/>'.repeat(30_000)}</a>`, { maxBytes: 1_000_000 })).toBe('tooLarge');
    expect(outcome(document, { maxBytes: 100 })).toBe('tooLarge');
  });
});

describe('refused for what the signature says', () => {
  const another = (uri: string) =>
    `<ds:Reference URI="${uri}"><ds:DigestMethod Algorithm="${URIS.streebog512.digest}"></ds:DigestMethod><ds:DigestValue>AA==</ds:DigestValue></ds:Reference>`;
  const xpath = 'http://www.w3.org/TR/1999/REC-xpath-19991116';
  const key = '<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AA==</ds:Modulus></ds:RSAKeyValue></ds:KeyValue>';

  it.each([
    ['several references', { more: another('') }, 'severalReferences'],
    ['three references', { more: another('#a') + another('#b') }, 'severalReferences'],
    ['another element in SignedInfo', { more: '<ds:Manifest></ds:Manifest>' }, 'malformed'],
    [
      'a large SignedInfo',
      { edit: (text: string) => text.replace(' URI=', ` Id="${'x'.repeat(20_000)}" URI=`) },
      'tooLarge',
    ],
    [
      'no reference',
      { edit: (text: string) => text.replace(/<ds:Reference.*<\/ds:Reference>/, '') },
      'malformed',
    ],
    ['an address', { uri: 'http://a.kz/pay.xml' }, 'externalReference'],
    ['a file', { uri: 'file:///etc/passwd' }, 'externalReference'],
    ['an attachment', { uri: 'cid:1' }, 'externalReference'],
    ['another XPointer', { uri: '#xpointer(//to)' }, 'externalReference'],
    ['a part of another document', { uri: 'pay.xml#x' }, 'externalReference'],
    ['no address', { edit: (text: string) => text.replace(' URI=""', '') }, 'externalReference'],
    [
      'XPath',
      { transforms: transform(xpath, `<ds:XPath xmlns:ds="${DS}">//to</ds:XPath>`) },
      'transformNotAllowed',
    ],
    [
      'XPath 2',
      { transforms: transform('http://www.w3.org/2002/06/xmldsig-filter2') },
      'transformNotAllowed',
    ],
    ['XSLT', { transforms: transform('http://www.w3.org/TR/1999/REC-xslt-19991116') }, 'transformNotAllowed'],
    ['base64', { transforms: transform(`${DS}base64`) }, 'transformNotAllowed'],
    [
      'Canonical XML 1.1',
      { transforms: transform('http://www.w3.org/2006/12/xml-c14n11') },
      'transformNotAllowed',
    ],
    ['a name that every object has', { transforms: transform('constructor') }, 'transformNotAllowed'],
    ['an unknown canonicalization', { canonicalization: 'urn:x' }, 'transformNotAllowed'],
    ['canonicalization twice', { transforms: transform(EXCLUSIVE).repeat(2) }, 'transformNotAllowed'],
    ['enveloped twice', { transforms: transform(ENVELOPED).repeat(2) }, 'transformNotAllowed'],
    ['enveloped last', { transforms: transform(EXCLUSIVE) + transform(ENVELOPED) }, 'transformNotAllowed'],
    [
      'a long list of prefixes',
      {
        transforms: transform(
          EXCLUSIVE,
          `<e:InclusiveNamespaces xmlns:e="${EXCLUSIVE}" PrefixList="${'a '.repeat(40)}"></e:InclusiveNamespaces>`,
        ),
      },
      'transformNotAllowed',
    ],
    [
      'without the transform for enveloped signatures',
      { transforms: transform(EXCLUSIVE) },
      'contentMismatch',
    ],
    ['SHA-1 as the digest', { digestUri: `${DS}sha1` }, 'algorithmNotAllowed'],
    ['SHA-256 with GOST', { digestUri: URIS.sha256.digest }, 'algorithmNotAllowed'],
    ['RSA with SHA-1', { signatureUri: `${DS}rsa-sha1` }, 'algorithmNotAllowed'],
    ['an unknown algorithm', { signatureUri: 'urn:x' }, 'algorithmNotAllowed'],
    [
      'GOST 2015 of 256 bits',
      { signatureUri: URIS.streebog512.signature.replace('-512', '-256') },
      'algorithmNotAllowed',
    ],
    [
      'the algorithm of another key',
      {
        digest: 'sha256',
        value: () => person.key.sign(Buffer.from('x')),
        digestUri: URIS.sha256.digest,
        edit: (text: string) =>
          text.replace(
            /<ds:DigestValue>.*?</,
            `<ds:DigestValue>${base64(rsaPerson.key.hash(Buffer.from(CONTENT_XML), 'sha256'))}<`,
          ),
      },
      'algorithmNotAllowed',
    ],
    ['parameters of the algorithm', { parameters: '<ds:X></ds:X>' }, 'algorithmNotAllowed'],
    ['a key instead of a certificate', { keyInfo: key }, 'keyNotCertified'],
    ['the name of a key', { keyInfo: '<ds:KeyName>me</ds:KeyName>' }, 'keyNotCertified'],
    ['no key at all', { keyInfo: null }, 'certificateMissing'],
    [
      'a certificate elsewhere',
      { keyInfo: '<ds:RetrievalMethod URI="http://a.kz/cert"></ds:RetrievalMethod>' },
      'certificateMissing',
    ],
    [
      'two certificates of people',
      { keyInfo: x509Data(person.certificate, other.certificate) },
      'certificateMissing',
    ],
    ['six certificates', { keyInfo: x509Data(...Array<Uint8Array>(6).fill(person.certificate)) }, 'tooLarge'],
    ['half a certificate', { keyInfo: x509Data(person.certificate.subarray(0, 100)) }, 'malformed'],
    ['another person’s certificate', { keyInfo: x509Data(other.certificate) }, 'badSignature'],
    ['a wrong digest', { content: 'x' }, 'contentMismatch'],
    ['a signature of other octets', { value: () => person.key.sign(Buffer.from('x')) }, 'badSignature'],
    ['an empty signature', { value: () => new Uint8Array() }, 'malformed'],
    [
      'a comment in the digest',
      {
        edit: (text: string) => text.replace('<ds:DigestValue>', '<ds:DigestValue><!-- -->'),
        canonicalization: `${EXCLUSIVE}WithComments`,
      },
      'malformed',
    ],
    [
      'text in SignedInfo',
      { edit: (text: string) => text.replace('<ds:Reference', 'x<ds:Reference') },
      'malformed',
    ],
  ] satisfies readonly (readonly [string, Partial<SignatureForm>, string])[])('%s', (_, form, reason) => {
    expect(of(form)).toBe(reason);
  });

  it('a MAC by a key that everybody knows', () => {
    const mac = (uri: string, parameters = '') =>
      of({
        signatureUri: uri,
        parameters,
        value: (octets) => createHmac('sha256', person.certificate).update(octets).digest(),
      });
    expect(mac('http://www.w3.org/2001/04/xmldsig-more#hmac-sha256')).toBe('hmacNotAllowed');
    expect(mac(`${DS}hmac-sha1`, '<ds:HMACOutputLength>0</ds:HMACOutputLength>')).toBe('hmacNotAllowed');
  });

  it('SignedInfo is read from what was signed: a comment within it changes nothing', () => {
    const document = enveloped(person, CONTENT);
    expect(outcome(document.replace('<ds:Reference', '<!-- x --><ds:Reference'))).toBe(CONTENT_XML);
    expect(outcome(document.replace('<ds:DigestValue>', '<ds:DigestValue><!---->'))).toBe(CONTENT_XML);
    expect(outcome(document.replace(ENVELOPED, EXCLUSIVE))).toBe('transformNotAllowed');
  });
});

describe('refused for the certificate, as a CMS message is', () => {
  const document = enveloped(person, CONTENT);

  it('chain, time, purpose and revocation', () => {
    const company = gost.issue(PERSON, { profile: 'head', key: makeGostKey('gost2015', 'head') });
    const stranger = createTestAuthority({ at: AT, seed: 'stranger' }).issue(PERSON);
    expect(outcome(enveloped(stranger, CONTENT))).toBe('untrusted');
    expect(outcome(document, { at: later(-800 * 86_400_000) })).toBe('notYetValid');
    expect(outcome(document, { at: later(800 * 86_400_000) })).toBe('expired');
    expect(outcome(enveloped(company, CONTENT), { require: 'individual' })).toBe('notIndividual');
    expect(outcome(document, { revocation: 'check' })).toBe('revocationUnknown');
    const ocsp = (status: 'good' | 'revoked') => ({
      response: gost.ocsp(person.certificate, { status, thisUpdate: AT }),
    });
    expect(outcome(document, { revocation: 'check', ocsp: ocsp('revoked') })).toBe('revoked');
    expect(outcome(document, { revocation: 'check', ocsp: ocsp('good') })).toBe(CONTENT_XML);
  });

  it('a refusal names whom the document claims, only when asked', () => {
    const changed = document.replace('900<', '901<');
    expect(judge(changed)).not.toHaveProperty('claims');
    expect(judge(changed, { claims: true })).toMatchObject({
      reason: 'contentMismatch',
      claims: [{ proven: false, iin: PERSON.iin }],
    });
    expect(judge('<a/>', { claims: true })).toMatchObject({ reason: 'noSigner', claims: [] });
  });
});

describe('what was expected', () => {
  it('is compared in canonical form', () => {
    const document = enveloped(person, '<pay a="1" b="2"><!--></pay>');
    expect(outcome(document, { content: "<?xml version='1.0'?><pay b='2'\n a='1'/>" })).toMatch(/^<pay a/);
    expect(outcome(document, { content: Buffer.from('<pay a="1" b="2"> </pay>') })).toBe('contentMismatch');
    expect(outcome(document, { content: 'no XML' })).toBe('malformed');
  });
});

describe('arguments', () => {
  it.each([
    [{ document: 1 }, /`document` is not/],
    [{ content: 1 }, /`content` is not/],
    [{ element: 'pay' }, /`element` is not an object/],
    [{ element: { name: 'pay' } }, /`element.namespace` is missing/],
    [{ element: { namespace: '' } }, /`element.name` is missing/],
    [{ at: 'now' }, /`at` is not/],
    [{ trust: undefined }, /`trust` is missing/],
    [{ require: 'person' }, /`require` is not/],
    [{ revocation: 'no' }, /`revocation` is not/],
    [{ maxBytes: 0 }, /`maxBytes` is not/],
    [{ claims: 1 }, /`claims` is not/],
  ])('%j throws a TypeError', (wrong, message) => {
    const request = { document: '<a/>', at: AT, trust: gostTrust, ...wrong } as unknown as VerifyXmlRequest;
    expect(() => verifyXml(request)).toThrow(TypeError);
    expect(() => verifyXml(request)).toThrow(message);
  });

  it('every reason is in the list once', () => {
    expect(new Set(XML_REASONS).size).toBe(XML_REASONS.length);
    expect(XML_REASONS).toContain('wrongElement');
  });
});

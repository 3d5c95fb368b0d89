/**
 * The rule for judging mutants of signed XML: one may be accepted only if what comes back is, octet
 * for octet, what one original signed, by that original's certificate. Everything else gets a
 * verdict and never an exception.
 */
import { describe, expect, it } from 'vitest';
import { createTestAuthority } from '../src/testing/authority.ts';
import type { Identity } from '../src/testing/certificates.ts';
import { makeGostKey, makeRsaKey } from '../src/testing/keys.ts';
import { createTrust } from '../src/trust.ts';
import { XML_REASONS, type XmlVerdict } from '../src/xml/verdict.ts';
import { verifyXml } from '../src/xml/verify.ts';
import { seeded } from './mutator.ts';
import { AT, gost, PERSON } from './support.ts';
import {
  C14N,
  ENVELOPED,
  EXCLUSIVE,
  enveloped,
  signature,
  signXml,
  soap,
  tokenReference,
  transform,
  URIS,
  x509Data,
} from './xml-signer.ts';

const CASES = process.env['TEST_COMPLETE'] === undefined ? 4000 : 20_000;
const SEED = 20_261_129;

const person = gost.issue(PERSON, { key: makeGostKey('gost2015', 'xml mutation') });
const stranger = gost.issue(
  { ...PERSON, iin: '900101300025', surname: 'ДРУГОЙ' },
  { key: makeGostKey('gost2015', 'xml stranger') },
);
const rsa = createTestAuthority({ at: AT, family: 'rsa', name: 'XML' });
const rsaPerson = rsa.issue(PERSON, { key: makeRsaKey() });
const trust = createTrust([...gost.certificates, ...rsa.certificates]);

interface Original {
  readonly text: string;
  readonly signed: string;
  readonly identity: Identity;
  readonly element?: { readonly namespace: string; readonly name: string };
}

const PAY = '<pay><to>900101300017</to><amount>900</amount></pay>';
const part = '<pay Id="x"><amount>900</amount></pay>';
const soapText = soap(person);
const body = soapText.slice(soapText.indexOf('<s:Body'), soapText.indexOf('</s:Envelope>'));
const form = { uri: '#x', transforms: transform(EXCLUSIVE) };

const originals: readonly Original[] = [
  { text: enveloped(person, PAY.replace('</pay>', '<!--></pay>')), signed: PAY, identity: person },
  { text: signXml(rsaPerson, PAY), signed: PAY, identity: rsaPerson },
  {
    text: enveloped(stranger, '<pay><amount>1</amount><!--></pay>'),
    signed: '<pay><amount>1</amount></pay>',
    identity: stranger,
  },
  { text: soapText, signed: body, identity: person },
  {
    text: soap(person, { keyInfo: tokenReference(x509Data(person.certificate)) }),
    signed: body,
    identity: person,
  },
  {
    text: `<all><note>1</note>${part}${signature(person, { content: part, ...form })}</all>`,
    signed: part,
    identity: person,
    element: { namespace: '', name: 'pay' },
  },
];

/** An element, or a text or tag that is kept as it is written. */
interface Node {
  /** Everything between "<" and ">" of the opening tag; null for text. */
  open: string | null;
  text: string;
  children: Node[];
}

/** Our documents have only tags and text, so this needs no parser, least of all the tested one. */
function read(xml: string): Node {
  const root: Node = { open: '', text: '', children: [] };
  const stack = [root];
  for (const [token] of xml.matchAll(/<[^>]*>|[^<]+/g)) {
    const top = stack.at(-1) ?? root;
    if (!token.startsWith('<')) top.children.push({ open: null, text: token, children: [] });
    else if (token.startsWith('</')) stack.pop();
    else {
      const node: Node = { open: token.slice(1, -1).replace(/\/$/, ''), text: '', children: [] };
      top.children.push(node);
      if (!token.endsWith('/>')) stack.push(node);
    }
  }
  return root;
}

function write(node: Node): string {
  if (node.open === null) return node.text;
  const inside = node.children.map(write).join('');
  return node.open === '' ? inside : `<${node.open}>${inside}</${node.open.split(/\s/)[0]}>`;
}

interface Place {
  readonly node: Node;
  readonly siblings: Node[];
  readonly index: number;
}

function places(root: Node): Place[] {
  const found: Place[] = [];
  const visit = (siblings: Node[]): void =>
    siblings.forEach((node, index) => {
      found.push({ node, siblings, index });
      visit(node.children);
    });
  visit(root.children);
  return found;
}

const KINDS = [
  'drop',
  'duplicate',
  'swap',
  'move',
  'wrap',
  'unwrap',
  'rename',
  'character',
  'attribute',
  'identifier',
  'add',
  'insert',
  'transplant',
  'markup',
  'space',
] as const;

const URI_VALUES = [
  C14N,
  `${C14N}#WithComments`,
  EXCLUSIVE,
  `${EXCLUSIVE}WithComments`,
  ENVELOPED,
  ...Object.values(URIS).flatMap(({ signature, digest }) => [signature, digest]),
  'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256',
  'http://www.w3.org/TR/1999/REC-xpath-19991116',
  '',
  '#x',
  '#body',
  '#token',
  '#xpointer(/)',
  'x',
  'body',
  'http://a.kz/',
];
const MARKUP = [
  '<!-- c -->',
  '<?p x?>',
  '<![CDATA[900]]>',
  '<![CDATA[]]>',
  '&#57;',
  '&amp;',
  '&x;',
  '<!DOCTYPE pay>',
  '</x>',
  '<',
  ']]>',
  '\u0000',
];
const ADDED = [
  'Id="x"',
  'Id="body"',
  'wsu:Id="body"',
  'xmlns="urn:x"',
  'xmlns:ds="urn:x"',
  'xmlns:q="urn:q"',
  'a="1"',
  'xml:lang="kk"',
  'xml:id="x"',
];

function mutate(xml: string, random: () => number): { kinds: string[]; text: string } {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const donor = (): Node => pick(places(read(pick(originals).text))).node;
  for (;;) {
    const root = read(xml);
    const kinds: string[] = [];
    const count = 1 + Math.floor(random() * 3);
    for (let i = 0; i < count; i++) {
      const all = places(root);
      if (all.length === 0) break;
      const kind = pick(KINDS);
      kinds.push(kind);
      apply(kind, pick(all), all);
    }
    const text = write(root);
    if (text !== xml) return { kinds, text };
  }

  function apply(kind: (typeof KINDS)[number], { node, siblings, index }: Place, all: Place[]): void {
    switch (kind) {
      case 'drop':
        siblings.splice(index, 1);
        return;
      case 'duplicate':
        siblings.splice(index, 0, structuredClone(node));
        return;
      case 'swap': {
        const to = Math.floor(random() * siblings.length);
        const other = siblings[to];
        if (other === undefined) return;
        siblings[to] = node;
        siblings[index] = other;
        return;
      }
      case 'move': {
        const copy = structuredClone(node);
        if (random() < 0.5) siblings.splice(index, 1);
        pick(all).node.children.push(copy);
        return;
      }
      case 'wrap': {
        const copy = { ...node };
        Object.assign(node, {
          open: pick(['x', 'pay', 's:Body', 's:Header', 'ds:Object']),
          text: '',
          children: [copy],
        });
        return;
      }
      case 'unwrap':
        siblings.splice(index, 1, ...node.children);
        return;
      case 'rename':
        if (node.open !== null)
          node.open = node.open.replace(/^\S+/, pick(['x', 'pay', 'ds:Signature', 's:Body', 'ds:KeyValue']));
        return;
      case 'character': {
        const at = Math.floor(random() * node.text.length);
        if (node.open === null)
          node.text = node.text.slice(0, at) + pick(['0', 'A', '9', '']) + node.text.slice(at + 1);
        return;
      }
      case 'attribute':
        if (node.open !== null) node.open = node.open.replace(/"[^"]*"/, `"${pick(URI_VALUES)}"`);
        return;
      case 'identifier':
        for (const { node: one } of all) {
          if (one.open !== null && random() < 0.5)
            one.open = one.open.replace(/Id="[^"]*"/, `Id="${pick(['x', 'body', 'y'])}"`);
        }
        return;
      case 'add':
        if (node.open !== null) node.open = `${node.open} ${pick(ADDED)}`;
        return;
      case 'insert':
        node.children.splice(0, 0, donor());
        return;
      case 'transplant':
        Object.assign(node, donor());
        return;
      case 'markup':
        siblings.splice(index, 0, { open: null, text: pick(MARKUP), children: [] });
        return;
      case 'space':
        if (node.open === null) node.text = ` ${node.text}\n`;
        else node.open = node.open.replace(/ /g, '  ');
    }
  }
}

function judge(document: string, element: Original['element']): XmlVerdict {
  return verifyXml({ document, at: AT, trust, revocation: 'skip', element, claims: true });
}

/** True when an accepted mutant gives back exactly what one original signed. */
function isWhole(verdict: XmlVerdict): boolean {
  if (!verdict.ok) return XML_REASONS.includes(verdict.reason);
  const { content, signer } = verdict;
  return originals.some(
    ({ signed, identity }) =>
      Buffer.compare(content, Buffer.from(signed)) === 0 &&
      Buffer.compare(signer.certificate.der, identity.certificate) === 0,
  );
}

describe('mutants of signed XML', { timeout: 300_000 }, () => {
  it('the originals are accepted', () => {
    const answers = originals.map(({ text, element }) => judge(text, element));
    expect(answers.map(({ ok }) => ok)).toEqual(originals.map(() => true));
    expect(answers.every(isWhole)).toBe(true);
  });

  it(`${CASES} mutants: accepted only with the octets and the certificate of an original`, () => {
    const random = seeded(SEED);
    const tally = new Map<string, number>();
    const used = new Set<string>();
    const broken: string[] = [];
    for (let i = 0; i < CASES; i++) {
      const original = originals[i % originals.length];
      if (original === undefined) continue;
      const { kinds, text } = mutate(original.text, random);
      const verdict = judge(text, original.element);
      const result = verdict.ok ? 'accepted' : verdict.reason;
      tally.set(result, (tally.get(result) ?? 0) + 1);
      for (const kind of kinds) used.add(kind);
      if (!isWhole(verdict)) broken.push(`case ${i} ${kinds}: ${text}`);
    }
    console.log(
      `mutants of XML: ${CASES}, ${[...tally].map(([what, count]) => `${what} ${count}`).join(', ')}`,
    );
    expect(broken).toEqual([]);
    expect(used.size).toBe(KINDS.length);
    // The mutator is only useful if its mutants get past the first check and reach the reasons.
    for (const reason of [
      'accepted',
      'malformed',
      'entity',
      'noSigner',
      'severalSigners',
      'severalReferences',
      'externalReference',
      'transformNotAllowed',
      'duplicateId',
      'wrongElement',
      'algorithmNotAllowed',
      'contentMismatch',
      'certificateMissing',
      'badSignature',
    ]) {
      expect([reason, (tally.get(reason) ?? 0) > 0]).toEqual([reason, true]);
    }
  });

  it('every truncation and single changed character is refused or harmless', () => {
    const broken: string[] = [];
    for (const { text, element } of [originals[0], originals[3]].filter((one) => one !== undefined)) {
      for (let at = 0; at < text.length; at++) {
        if (judge(text.slice(0, at), element).ok) broken.push(`cut at ${at}`);
        const other = text[at] === '0' ? '1' : '0';
        if (!isWhole(judge(text.slice(0, at) + other + text.slice(at + 1), element)))
          broken.push(`character ${at}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('random text gets a verdict', () => {
    const random = seeded(SEED + 1);
    const pieces = [
      '<',
      '>',
      '/',
      'a',
      ' ',
      '"',
      '=',
      '&',
      ';',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?',
      '?>',
      'xmlns',
      ':',
      '\u0000',
      '\ud800',
      '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">',
    ];
    for (let i = 0; i < 3000; i++) {
      const text = Array.from({ length: 12 }, () => pieces[Math.floor(random() * pieces.length)]).join('');
      const verdict = judge(text, undefined);
      expect(!verdict.ok && XML_REASONS.includes(verdict.reason)).toBe(true);
    }
  });
});

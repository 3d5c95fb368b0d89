/**
 * Paths of RSA certificates, correct or with one fault, judged by our code and by OpenSSL. When the
 * two differ, the case says why.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { certificate } from '../src/certificate.ts';
import { ATTRIBUTE } from '../src/name.ts';
import {
  type CertificateForm,
  type Identity,
  makeCertificate,
  nameOf,
  personName,
} from '../src/testing/certificates.ts';
import { extension, NULL, utf8 } from '../src/testing/der.ts';
import { makeRsaKey } from '../src/testing/keys.ts';
import { buildChain, createTrust } from '../src/trust.ts';
import { refusalAsValue } from '../src/verdict.ts';
import { AT, later, PERSON } from './support.ts';

const DAY = 86_400_000;
const keys = {
  root: makeRsaKey(),
  a: makeRsaKey(),
  b: makeRsaKey(),
  leaf: makeRsaKey(),
  stranger: makeRsaKey(),
};
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'nca-verify-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Change = Partial<CertificateForm>;

function name(text: string): Uint8Array {
  return nameOf([ATTRIBUTE.commonName, utf8(text)]);
}

function make(role: keyof typeof keys, issuer: Identity | null, change: Change): Identity {
  const ca = role !== 'leaf' && role !== 'stranger';
  const key = change.key ?? keys[role];
  const form: CertificateForm = {
    subject: ca ? name(role) : personName(PERSON),
    key,
    issuer,
    notBefore: later(-DAY),
    notAfter: later(DAY),
    keyUsage: ca ? ['keyCertSign', 'cRLSign'] : ['digitalSignature'],
    ca: ca ? {} : undefined,
    ...change,
  };
  return { key, certificate: makeCertificate(form) };
}

interface Path {
  readonly root?: Change;
  readonly a?: Change;
  readonly b?: Change;
  readonly leaf?: Change;
  /** A certificate that is left out of those available. */
  readonly without?: 'root' | 'a';
  readonly accepted: boolean;
  /** Why OpenSSL decides otherwise. */
  readonly differs?: string;
}

const unknown = [extension('1.2.3.4', NULL, true)];
const cases: Record<string, Path> = {
  'a right path of four': { accepted: true },
  'with SHA-512': { a: { digest: 'sha512' }, leaf: { digest: 'sha512' }, accepted: true },
  'valid from this very second': { leaf: { notBefore: AT }, accepted: true },
  'valid to this very second': {
    leaf: { notAfter: AT },
    accepted: true,
    differs: 'the last second is included (RFC 5280, 4.1.2.5), which OpenSSL leaves out',
  },
  'a leaf not yet valid': { leaf: { notBefore: later(1000) }, accepted: false },
  'a leaf expired': { leaf: { notAfter: later(-1000) }, accepted: false },
  'an intermediate not yet valid': { a: { notBefore: later(1000) }, accepted: false },
  'an intermediate expired': { b: { notAfter: later(-1000) }, accepted: false },
  'a root not yet valid': { root: { notBefore: later(1000) }, accepted: false },
  'a root expired': { root: { notAfter: later(-1000) }, accepted: false },
  'path lengths just long enough': {
    root: { ca: { pathLength: 2 } },
    a: { ca: { pathLength: 1 } },
    b: { ca: { pathLength: 0 } },
    accepted: true,
  },
  'path length 1 of the root': { root: { ca: { pathLength: 1 } }, accepted: false },
  'path length 0 of the root': { root: { ca: { pathLength: 0 } }, accepted: false },
  'path length 0 of the upper intermediate': { a: { ca: { pathLength: 0 } }, accepted: false },
  'path length 0 of the lower intermediate': { b: { ca: { pathLength: 0 } }, accepted: true },
  'path length beyond need': { a: { ca: { pathLength: 100 } }, accepted: true },
  'an intermediate that is no CA': { b: { ca: undefined }, accepted: false },
  'an upper intermediate that is no CA': { a: { ca: undefined }, accepted: false },
  'an intermediate that may not sign certificates': {
    b: { keyUsage: ['digitalSignature', 'cRLSign'] },
    accepted: false,
  },
  'an intermediate without key usage': {
    b: { keyUsage: [] },
    accepted: false,
    differs: 'a CA must have keyCertSign (RFC 5280, 4.2.1.3)',
  },
  'a root that is no CA': {
    root: { ca: undefined },
    accepted: false,
    differs: 'OpenSSL takes an anchor with keyCertSign for a CA',
  },
  'an unknown critical extension of the leaf': { leaf: { extraExtensions: unknown }, accepted: false },
  'an unknown critical extension of an intermediate': { a: { extraExtensions: unknown }, accepted: false },
  'an unknown extension that is not critical': {
    a: { extraExtensions: [extension('1.2.3.4', NULL)] },
    accepted: true,
  },
  'a key identifier of another issuer': { leaf: { authorityKeyId: Buffer.alloc(20, 9) }, accepted: false },
  'no key identifier of the issuer': {
    leaf: { authorityKeyId: null },
    accepted: false,
    differs: 'required (RFC 5280, 4.2.1.1)',
  },
  'the root not at hand': { without: 'root', accepted: false },
  'an intermediate not at hand': { without: 'a', accepted: false },
  'a leaf signed by a stranger of the same name': { leaf: { issuer: null, key: keys.leaf }, accepted: false },
  'RSA of 1024 bits in an intermediate': {
    b: { key: makeRsaKey(1024) },
    accepted: false,
    differs: 'too short',
  },
};

const pem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n')}\n-----END CERTIFICATE-----\n`;

function openssl(root: Uint8Array | null, intermediates: readonly Uint8Array[], leaf: Uint8Array): boolean {
  writeFileSync(
    join(folder, 'root.pem'),
    root === null
      ? pem(make('stranger', null, { ca: {}, keyUsage: ['keyCertSign'] }).certificate)
      : pem(root),
  );
  writeFileSync(join(folder, 'between.pem'), intermediates.map(pem).join(''));
  writeFileSync(join(folder, 'leaf.pem'), pem(leaf));
  const args = [
    'verify',
    '-attime',
    String(AT.getTime() / 1000),
    '-no-CApath',
    '-no-CAstore',
    '-CAfile',
    'root.pem',
    '-untrusted',
    'between.pem',
    'leaf.pem',
  ];
  return spawnSync('openssl', args, { cwd: folder }).status === 0;
}

it.each(Object.entries(cases))('%s', (_, path) => {
  const root = make('root', null, path.root ?? {});
  const a = make('a', root, path.a ?? {});
  const b = make('b', a, path.b ?? {});
  const stranger: Identity = { key: keys.stranger, certificate: b.certificate };
  const leaf = make('leaf', path.leaf?.issuer === null ? stranger : b, {
    ...path.leaf,
    issuer: path.leaf?.issuer === null ? stranger : b,
  });
  const between = path.without === 'a' ? [b.certificate] : [a.certificate, b.certificate];
  const anchor = path.without === 'root' ? null : root.certificate;
  const trust = createTrust(anchor === null ? between : [anchor, ...between]);
  const chain = refusalAsValue(() => buildChain(certificate(leaf.certificate), trust, AT.getTime(), false));
  expect(!('ok' in chain)).toBe(path.accepted);
  if (hasOpenssl && path.differs === undefined)
    expect(openssl(anchor, between, leaf.certificate)).toBe(path.accepted);
});

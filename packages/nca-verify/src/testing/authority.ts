/**
 * A complete certification authority for tests and demonstrations: root, issuing CA, OCSP
 * responder, and keys for invented people.
 */
import { certificate as readCertificate } from '../certificate.ts';
import { hex, sameBytes } from '../der.ts';
import { encodeOid } from '../der-writer.ts';
import { ATTRIBUTE } from '../name.ts';
import {
  type CertificateForm,
  type Identity,
  keyIdentifier,
  makeCertificate,
  nameOf,
  personName,
  type TestPerson,
} from './certificates.ts';
import { extension, NULL, printable, sequence, utf8 } from './der.ts';
import { makeGostKey, makeRsaKey, readPrivateKey, type TestKey } from './keys.ts';
import { makeCrl, makeOcspResponse, type OcspForm, type RevokedEntry, readOcspRequest } from './lists.ts';
import { CLIENT_AUTH, PROFILES, type Profile } from './profiles.ts';
import { makeTimeStamp, readTimeStampRequest, type TimeStampForm, timeStampResponse } from './time-stamps.ts';

const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

const ORGANISATION = { name: 'ТОО "Ромашка"', bin: '000140000019' };

const DAY = 86_400_000;

export interface IssueOptions {
  readonly profile?: Profile | undefined;
  readonly organisation?: { readonly name: string; readonly bin: string } | undefined;
  /** Valid for one year from the authority's own time, unless given. */
  readonly notBefore?: Date | undefined;
  readonly notAfter?: Date | undefined;
  readonly key?: TestKey | undefined;
  /** Fields of the certificate to change, for tests of refusals. */
  readonly override?: Partial<CertificateForm> | undefined;
}

export interface TestAuthority {
  readonly family: 'gost2015' | 'rsa';
  readonly root: Identity;
  /** The CA that issues people's certificates. */
  readonly issuing: Identity;
  readonly responder: Identity;
  /** The time-stamp authority. */
  readonly stamping: Identity;
  /** Root and issuing CA, as DER: the content of a trust folder. */
  readonly certificates: readonly Uint8Array[];
  readonly issue: (person: TestPerson, options?: IssueOptions) => Identity;
  /**
   * A revocation list of the issuing CA, valid for one day unless given. `baseNumber` makes it a
   * delta.
   */
  readonly crl: (
    revoked: readonly RevokedEntry[],
    form: {
      readonly thisUpdate: Date;
      readonly nextUpdate?: Date;
      readonly number?: number;
      readonly baseNumber?: number;
    },
  ) => Uint8Array;
  /** The responder's OCSP answer about a certificate. */
  readonly ocsp: (
    certificate: Uint8Array,
    form: Pick<OcspForm, 'status' | 'thisUpdate'> & Partial<OcspForm>,
  ) => Uint8Array;
  /**
   * Answers an OCSP request and repeats its nonce. `revoked` lists the certificates to answer as
   * revoked.
   */
  readonly answerOcsp: (
    request: Uint8Array,
    issued: readonly Uint8Array[],
    revoked: readonly Uint8Array[],
    at: Date,
  ) => Uint8Array;
  /** A time-stamp about `data`. */
  readonly timeStamp: (
    data: Uint8Array,
    at: Date,
    form?: Partial<Omit<TimeStampForm, 'at' | 'data'>>,
  ) => Uint8Array;
  /** Answers a request for a time-stamp, and repeats its nonce. */
  readonly answerTimeStamp: (request: Uint8Array, at: Date) => Uint8Array;
  /** The whole authority as a text for `restoreTestAuthority`. It contains the private keys. */
  readonly save: () => string;
}

export interface AuthorityOptions {
  readonly family?: 'gost2015' | 'rsa' | undefined;
  /**
   * The authority's certificates are valid from one year before to twenty years after this time.
   */
  readonly at: Date;
  /**
   * Part of the CA names: two authorities have different names, or the same if a test wants that.
   */
  readonly name?: string | undefined;
  /** The same seed gives the same GOST keys. */
  readonly seed?: string | undefined;
}

/** Makes an authority. RSA needs three keys, which takes a moment. */
export function createTestAuthority(options: AuthorityOptions): TestAuthority {
  const { family = 'gost2015', at, name = 'TEST', seed } = options;
  const key = (role: string): TestKey =>
    family === 'rsa'
      ? makeRsaKey()
      : makeGostKey('gost2015', seed === undefined ? undefined : `${seed} ${role}`);
  const notBefore = new Date(at.getTime() - 365 * DAY);
  const notAfter = new Date(at.getTime() + 20 * 365 * DAY);
  const label = family === 'rsa' ? 'RSA' : 'GOST';
  const caName = (text: string): Uint8Array =>
    nameOf([ATTRIBUTE.commonName, utf8(`${text} (${label}) ${name}`)], [ATTRIBUTE.country, printable('KZ')]);
  const self = (form: Omit<CertificateForm, 'notBefore' | 'notAfter'>): Identity => ({
    key: form.key,
    certificate: makeCertificate({ notBefore, notAfter, ...form }),
  });
  const root = self({
    subject: caName('НЕГІЗГІ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ'),
    key: key('root'),
    issuer: null,
    keyUsage: ['keyCertSign', 'cRLSign'],
    ca: {},
  });
  const issuing = self({
    subject: caName('ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ'),
    key: key('issuing'),
    issuer: root,
    keyUsage: ['keyCertSign', 'cRLSign'],
    ca: { pathLength: 0 },
  });
  const responder = self({
    subject: caName('OCSP RESPONDER'),
    key: key('responder'),
    issuer: issuing,
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.9'],
    extraExtensions: [extension('1.3.6.1.5.5.7.48.1.5', NULL)],
  });
  const stamping = stampingBy(issuing, key('stamping'), notBefore, notAfter);
  return authority({ family, root, issuing, responder, stamping });
}

/** A time-stamp authority whose certificate the CA issues. */
function stampingBy(issuer: Identity, key: TestKey, notBefore: Date, notAfter: Date): Identity {
  const certificate = makeCertificate({
    subject: nameOf(
      [ATTRIBUTE.commonName, utf8('TIME-STAMPING AUTHORITY')],
      [ATTRIBUTE.country, printable('KZ')],
    ),
    key,
    issuer,
    notBefore,
    notAfter,
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: [TIME_STAMPING],
    extendedKeyUsageCritical: true,
    policies: ['1.2.398.3.3.2.6'],
  });
  return { key, certificate };
}

/** Restores an authority from the text that `save` returned. */
export function restoreTestAuthority(saved: string): TestAuthority {
  const { family, root, issuing, responder, stamping } = JSON.parse(saved) as Record<string, unknown>;
  const identity = (value: unknown): Identity => {
    const { certificate, key } = value as Record<'certificate' | 'key', string>;
    return {
      certificate: Buffer.from(certificate, 'base64'),
      key: readPrivateKey(Buffer.from(key, 'base64')),
    };
  };
  return authority({
    family: family === 'rsa' ? 'rsa' : 'gost2015',
    root: identity(root),
    issuing: identity(issuing),
    responder: identity(responder),
    // Texts of former versions have none.
    stamping: stamping === undefined ? newStamping(identity(issuing)) : identity(stamping),
  });
}

function newStamping(issuer: Identity): Identity {
  const { notBefore, notAfter } = readCertificate(issuer.certificate);
  const key = issuer.key.family === 'rsa' ? makeRsaKey() : makeGostKey();
  return stampingBy(issuer, key, new Date(notBefore), new Date(notAfter));
}

function authority(
  parts: Pick<TestAuthority, 'family' | 'root' | 'issuing' | 'responder' | 'stamping'>,
): TestAuthority {
  const { family, root, issuing, responder, stamping } = parts;
  const from = new Date(readCertificate(issuing.certificate).notBefore);

  const issue = (person: TestPerson, options: IssueOptions = {}): Identity => {
    const profile = PROFILES[options.profile ?? 'individual'];
    const key = options.key ?? (family === 'rsa' ? makeRsaKey() : makeGostKey());
    const notBefore = options.notBefore ?? new Date(from.getTime() + 364 * DAY);
    const organisation = profile.organisation ? (options.organisation ?? ORGANISATION) : options.organisation;
    const subject =
      options.profile === 'informationSystem'
        ? nameOf(
            [ATTRIBUTE.commonName, utf8('INFORMATION SYSTEM')],
            [ATTRIBUTE.country, printable('KZ')],
            [ATTRIBUTE.organisation, utf8(organisation?.name ?? '')],
            [ATTRIBUTE.organisationalUnit, utf8(`BIN${organisation?.bin ?? ''}`)],
            [ATTRIBUTE.userId, utf8('1.2.398.3.3.9.9.1')],
          )
        : personName(person, organisation);
    const certificate = makeCertificate({
      subject,
      key,
      issuer: issuing,
      notBefore,
      notAfter: options.notAfter ?? new Date(notBefore.getTime() + 366 * DAY),
      keyUsage: profile.usage,
      extendedKeyUsage: profile.purposes,
      policies: [profile.policy],
      // The kind of key store: a file.
      extraExtensions: [extension('1.2.398.3.3.5', sequence(encodeOid('1.2.398.3.3.5.1.1')))],
      ...options.override,
    });
    return { certificate, key };
  };

  const crl: TestAuthority['crl'] = (revoked, { thisUpdate, nextUpdate, ...numbers }) =>
    makeCrl({
      issuer: issuing,
      revoked,
      thisUpdate,
      nextUpdate: nextUpdate ?? new Date(thisUpdate.getTime() + DAY),
      ...numbers,
    });

  const ocsp: TestAuthority['ocsp'] = (certificate, form) =>
    makeOcspResponse({ issuer: issuing, responder, certificate, ...form });

  const answerOcsp: TestAuthority['answerOcsp'] = (request, issued, revoked, at) => {
    const { serial, nonce } = readOcspRequest(request);
    const isAsked = (der: Uint8Array): boolean => sameBytes(readCertificate(der).serial, serial);
    const known = [...issued, ...revoked].find(isAsked);
    // The authority answers in this way for a certificate that it never issued.
    if (known === undefined) {
      const dummy = issue(
        { iin: '000000000000', surname: 'X', name: 'X' },
        { override: { serial } },
      ).certificate;
      return ocsp(dummy, { status: 'revoked', revokedAt: new Date(0), thisUpdate: at, nonce });
    }
    return ocsp(known, { status: revoked.some(isAsked) ? 'revoked' : 'good', thisUpdate: at, nonce });
  };

  const save = (): string => {
    const plain = ({ certificate, key }: Identity): Record<string, string> => ({
      certificate: Buffer.from(certificate).toString('base64'),
      key: Buffer.from(key.privateKey).toString('base64'),
    });
    return JSON.stringify({
      family,
      root: plain(root),
      issuing: plain(issuing),
      responder: plain(responder),
      stamping: plain(stamping),
    });
  };

  const timeStamp: TestAuthority['timeStamp'] = (data, at, form) =>
    makeTimeStamp({ authority: stamping, data, at, ...form });

  const answerTimeStamp: TestAuthority['answerTimeStamp'] = (request, at) => {
    const { imprint, nonce, policy } = readTimeStampRequest(request);
    return timeStampResponse(makeTimeStamp({ authority: stamping, at, imprint, nonce, policy }));
  };

  return {
    ...parts,
    certificates: [root.certificate, issuing.certificate],
    issue,
    crl,
    ocsp,
    answerOcsp,
    timeStamp,
    answerTimeStamp,
    save,
  };
}

/** The name that the authority gives a key file: family and purpose, with the key identifier. */
export function keyFileName({ certificate, key }: Identity): string {
  const id = hex(keyIdentifier(key));
  if (key.family === 'gost2015') return `GOST512_${id}.p12`;
  const authentication = readCertificate(certificate).extendedKeyUsage.includes(CLIENT_AUTH);
  if (key.family === 'gost2004') return `GOSTKNCA_${id}.p12`;
  return `${authentication ? 'AUTH_RSA256' : 'RSA256'}_${id}.p12`;
}

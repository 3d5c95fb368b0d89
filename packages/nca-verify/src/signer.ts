/** Whom a certificate names, and whether it may do what is required. */
import { type Certificate, fingerprint } from './certificate.ts';
import { hex, TAG } from './der.ts';
import { ATTRIBUTE, attributes, displayName, only } from './name.ts';
import {
  type CertificateSummary,
  type ClaimedSigner,
  Refusal,
  type Signer,
  type SignerKind,
} from './verdict.ts';

/** Key purposes in the authority's own branch, as found in the certificates it issues. */
const PURPOSE = {
  clientAuth: '1.3.6.1.5.5.7.3.2',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  individual: '1.2.398.3.3.4.1.1',
  legalEntity: '1.2.398.3.3.4.1.2',
  informationSystem: '1.2.398.3.3.4.1.2.6',
  /** Administrators, managers and operators of the authority itself. */
  authority: '1.2.398.3.3.4.2',
  treasury: '1.2.398.5.19',
} as const;

/**
 * What the certificate must allow besides a valid signature. `individual`: the rules for a natural
 * person who signs in. `individual-signature`: the key must also be allowed to sign documents
 * (nonRepudiation), which a mere authentication key is not.
 */
export const REQUIREMENTS = ['individual', 'individual-signature'] as const;
export type Requirement = (typeof REQUIREMENTS)[number];

function within(purpose: string, branch: string): boolean {
  return purpose === branch || purpose.startsWith(`${branch}.`);
}

/** @throws Refusal `wrongKeyUsage`, `notIndividual` or `noIin` */
export function checkSigner(of: Certificate, requirement: Requirement | null): void {
  const usage = of.keyUsage ?? [];
  if (of.isCa) throw new Refusal('wrongKeyUsage', 'a CA certificate');
  if (!usage.includes('digitalSignature') && !usage.includes('nonRepudiation')) {
    throw new Refusal('wrongKeyUsage', 'the key may not sign');
  }
  if (requirement !== null) {
    if (!usage.includes('digitalSignature')) throw new Refusal('wrongKeyUsage', 'no digitalSignature');
    if (requirement === 'individual-signature' && !usage.includes('nonRepudiation')) {
      throw new Refusal('wrongKeyUsage', 'no nonRepudiation');
    }
    if (kindOf(of) !== 'individual') throw new Refusal('notIndividual', 'not a key of a natural person');
    // Check this after the holder's kind: a system's key has neither purpose, and its owner should
    // read that it is a system's key.
    const purposes = of.extendedKeyUsage;
    if (!purposes.includes(PURPOSE.clientAuth) && !purposes.includes(PURPOSE.emailProtection)) {
      throw new Refusal('wrongKeyUsage', 'neither clientAuth nor emailProtection');
    }
  }
  const iins = attributes(of.subjectName, ATTRIBUTE.serialNumber);
  if ((requirement !== null || iins.length > 0) && readIin(of) === null) {
    throw new Refusal('noIin', 'not exactly one IIN');
  }
}

/**
 * Reads the IIN from exactly one RDN that holds only a serialNumber, a PrintableString in the one
 * accepted form.
 */
function readIin(of: Certificate): string | null {
  const [found, second] = attributes(of.subjectName, ATTRIBUTE.serialNumber);
  if (found === undefined || second !== undefined || found.tag !== TAG.printableString) return null;
  if (of.subjectName.some((rdn) => rdn.length !== 1)) return null;
  return /^IIN([0-9]{12})$/.exec(found.text ?? '')?.[1] ?? null;
}

/**
 * True when an organisational unit gives an organisation's number, in any spelling: BIN, БИН or
 * БСН, or twelve digits.
 */
function namesOrganisation(unit: string): boolean {
  const text = unit.normalize('NFKC');
  return /^[^\p{L}\p{N}]*(?:BIN|БИН|БСН)(?!\p{L})/iu.test(text) || /\p{Nd}{12}/u.test(text);
}

function kindOf(of: Certificate): SignerKind {
  const purposes = of.extendedKeyUsage;
  const units = attributes(of.subjectName, ATTRIBUTE.organisationalUnit);
  if (purposes.some((purpose) => within(purpose, PURPOSE.informationSystem))) return 'informationSystem';
  if (
    purposes.some((purpose) => within(purpose, PURPOSE.legalEntity)) ||
    attributes(of.subjectName, ATTRIBUTE.organisation).length > 0 ||
    attributes(of.subjectName, ATTRIBUTE.organisationIdentifier).length > 0 ||
    units.some(({ text }) => text === null || namesOrganisation(text))
  ) {
    return 'legalEntity';
  }
  if (purposes.some((purpose) => within(purpose, PURPOSE.authority) || within(purpose, PURPOSE.treasury)))
    return 'other';
  return purposes.includes(PURPOSE.individual) ? 'individual' : 'other';
}

/** The signer's data from a verified certificate. */
export function signerOf(of: Certificate): Signer {
  const { certificate, ...claimed } = claimedSignerOf(of);
  return { ...claimed, proven: true, certificate: supported(certificate) };
}

/** The same data from a certificate that may be anybody's work. */
export function claimedSignerOf(of: Certificate): ClaimedSigner {
  const { subjectName } = of;
  const commonName = only(subjectName, ATTRIBUTE.commonName);
  const surname = only(subjectName, ATTRIBUTE.surname);
  const first =
    commonName !== null && surname !== null && commonName.startsWith(`${surname} `)
      ? commonName.slice(surname.length + 1).trim()
      : commonName;
  const units = attributes(subjectName, ATTRIBUTE.organisationalUnit).flatMap(
    ({ text }) => /^BIN([0-9]{12})$/.exec(text ?? '')?.[1] ?? [],
  );
  return {
    proven: false,
    iin: readIin(of),
    bin: units.length === 1 ? (units[0] ?? null) : null,
    surname,
    name: first === '' ? null : first,
    patronymic: only(subjectName, ATTRIBUTE.givenName),
    commonName,
    organisation: only(subjectName, ATTRIBUTE.organisation),
    kind: kindOf(of),
    certificate: describe(of),
  };
}

function describe(of: Certificate): ClaimedSigner['certificate'] {
  return {
    der: of.der,
    sha256: fingerprint(of),
    serial: hex(of.serial),
    issuer: displayName(of.issuerName),
    notBefore: new Date(of.notBefore),
    notAfter: new Date(of.notAfter),
    keyFamily: of.key.family === 'unsupported' ? null : of.key.family,
    keyUsage: of.keyUsage ?? [],
    extendedKeyUsage: of.extendedKeyUsage,
  };
}

/** A certificate whose key verified something. */
export function summaryOf(of: Certificate): CertificateSummary {
  return supported(describe(of));
}

function supported({ keyFamily, ...summary }: ClaimedSigner['certificate']): CertificateSummary {
  if (keyFamily === null) throw new Refusal('algorithmNotAllowed', 'an unsupported key');
  return { ...summary, keyFamily };
}

/** Distinguished names. They are read by attribute type, never by splitting text. */
import { body, type Element, Fields, oid, TAG } from './der.ts';
import { toLatin1 } from './platform.ts';
import { Refusal } from './verdict.ts';

export const ATTRIBUTE = {
  commonName: '2.5.4.3',
  surname: '2.5.4.4',
  serialNumber: '2.5.4.5',
  country: '2.5.4.6',
  organisation: '2.5.4.10',
  organisationalUnit: '2.5.4.11',
  organisationIdentifier: '2.5.4.97',
  /** Holds the patronymic. */
  givenName: '2.5.4.42',
  userId: '0.9.2342.19200300.100.1.1',
} as const;

export interface Attribute {
  readonly type: string;
  /** The ASN.1 type of the value. */
  readonly tag: number;
  /** Null for a string type that is not read here, a wrong encoding, or control characters. */
  readonly text: string | null;
}

/** One entry for each RDN, in the order of the certificate. */
export type Name = readonly (readonly Attribute[])[];

export function name(element: Element): Name {
  if (element.tag !== TAG.sequence) throw new Refusal('malformed', 'a name is of another type');
  return element.children.map((rdn) => {
    if (rdn.tag !== TAG.set || rdn.children.length === 0)
      throw new Refusal('malformed', 'an RDN is of another type');
    return rdn.children.map((pair) => {
      const fields = new Fields(pair, 'an attribute of a name');
      const type = oid(fields.take(TAG.oid));
      const value = fields.take();
      fields.end();
      return { type, tag: value.tag, text: text(value) };
    });
  });
}

const PRINTABLE = /^[A-Za-z0-9 '()+,\-./:=?]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression searches for them
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function text(element: Element): string | null {
  const octets = body(element);
  if (element.tag === TAG.printableString || element.tag === TAG.ia5String) {
    const value = toLatin1(octets);
    if (element.tag === TAG.ia5String) return /^[ -~]*$/.test(value) ? value : null;
    return PRINTABLE.test(value) ? value : null;
  }
  if (element.tag !== TAG.utf8String) return null;
  try {
    const value = UTF8.decode(octets);
    return CONTROL.test(value) ? null : value;
  } catch {
    return null;
  }
}

/** All values of an attribute type. */
export function attributes(of: Name, type: string): readonly Attribute[] {
  return of.flat().filter((attribute) => attribute.type === type);
}

/**
 * The value of an attribute that occurs exactly once; null when it is absent, repeated or
 * unreadable.
 */
export function only(of: Name, type: string): string | null {
  const [first, second] = attributes(of, type);
  return second === undefined ? (first?.text ?? null) : null;
}

const LABELS: Readonly<Record<string, string>> = {
  [ATTRIBUTE.commonName]: 'CN',
  [ATTRIBUTE.surname]: 'SURNAME',
  [ATTRIBUTE.serialNumber]: 'SERIALNUMBER',
  [ATTRIBUTE.country]: 'C',
  [ATTRIBUTE.organisation]: 'O',
  [ATTRIBUTE.organisationalUnit]: 'OU',
  [ATTRIBUTE.givenName]: 'GIVENNAME',
};

/** "CN=…, C=KZ" for display. No decision depends on it. */
export function displayName(of: Name): string {
  return of
    .map((rdn) => rdn.map(({ type, text: value }) => `${LABELS[type] ?? type}=${value ?? '?'}`).join('+'))
    .join(', ');
}

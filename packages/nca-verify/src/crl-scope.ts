/**
 * What a revocation list is complete for: compares its issuing distribution point (RFC 5280, 5.2.5)
 * with the certificate. The extension is read whether it is critical or not, because a list that
 * leaves certificates out says nothing about them.
 */
import type { Certificate } from './certificate.ts';
import { body, type Element, Fields, hex, inner, parse, TAG, whole } from './der.ts';
import { Refusal } from './verdict.ts';

/** Plain data, because lists are sent to threads. */
export interface CrlScope {
  /** The certificates that the list covers. */
  readonly holders: 'all' | 'users' | 'authorities';
  /** False for a list of some reasons only. Such a list can say "revoked" but never "good". */
  readonly allReasons: boolean;
  /** The names of the distribution point, DER in hexadecimal; null when the list has none. */
  readonly names: readonly string[] | null;
}

export const WHOLE_SCOPE: CrlScope = { holders: 'all', allReasons: true, names: null };

/** BOOLEAN DEFAULT FALSE with an implicit tag: when present, it means true. */
function flag(fields: Fields, tag: number): boolean {
  const element = fields.option(tag);
  if (element === undefined) return false;
  const octets = body(element);
  if (octets.length !== 1 || octets[0] !== 0xff) throw new Refusal('malformed', 'a flag that is not FF');
  return true;
}

/** A DistributionPointName: full names, or one relative to the issuer. */
function namesIn(point: Element): readonly string[] {
  const choice = inner(point, 'a distribution point', 0xa0, 0xa1);
  return choice.tag === 0xa0 ? choice.children.map((name) => hex(whole(name))) : [hex(whole(choice))];
}

/**
 * Reads an IssuingDistributionPoint.
 * @throws Refusal `malformed`, also for lists of attribute certificates and of several issuers
 */
export function readScope(value: Uint8Array): CrlScope {
  const fields = new Fields(parse(value), 'an issuing distribution point');
  const point = fields.option(0xa0);
  const users = flag(fields, 0x81);
  const authorities = flag(fields, 0x82);
  const someReasons = fields.option(0x83) !== undefined;
  const indirect = flag(fields, 0x84);
  const attributeCertificates = flag(fields, 0x85);
  fields.end();
  if (indirect) throw new Refusal('malformed', 'a list of several issuers');
  if (attributeCertificates) throw new Refusal('malformed', 'a list of attribute certificates');
  if (users && authorities) throw new Refusal('malformed', 'a list of users only and of authorities only');
  return {
    holders: users ? 'users' : authorities ? 'authorities' : 'all',
    allReasons: !someReasons,
    names: point === undefined ? null : namesIn(point),
  };
}

/**
 * The names where the certificate says that its lists are, full and delta. Distribution points of
 * another issuer are left out.
 */
function pointsOf(of: Certificate): readonly string[] {
  return of.distributionPoints.flatMap((value) => {
    const points = parse(value);
    if (points.tag !== TAG.sequence) throw new Refusal('malformed', 'distribution points of another type');
    return points.children.flatMap((element) => {
      const fields = new Fields(element, 'a distribution point');
      const point = fields.option(0xa0);
      fields.option(0x81);
      const otherIssuer = fields.option(0xa2);
      fields.end();
      return point === undefined || otherIssuer !== undefined ? [] : namesIn(point);
    });
  });
}

/**
 * True when absence from this list means that the certificate is not revoked. A list with a name is
 * complete for the certificates that name it, and for those that name no distribution point.
 */
export function covers({ holders, allReasons, names }: CrlScope, of: Certificate): boolean {
  if (!allReasons || (holders !== 'all' && (holders === 'authorities') !== of.isCa)) return false;
  if (names === null || of.distributionPoints.length === 0) return true;
  return pointsOf(of).some((name) => names.includes(name));
}

export function sameScope(a: CrlScope, b: CrlScope): boolean {
  return (
    a.holders === b.holders && a.allReasons === b.allReasons && a.names?.join(' ') === b.names?.join(' ')
  );
}

/** Why a signature is not taken; keys of the texts. The first seventeen are the verifier's own. */
export type EdsReason =
  | 'malformed'
  | 'tooLarge'
  | 'noSigner'
  | 'severalSigners'
  | 'noSignedAttributes'
  | 'contentMismatch'
  | 'algorithmNotAllowed'
  | 'certificateMissing'
  | 'badSignature'
  | 'untrusted'
  | 'notYetValid'
  | 'expired'
  | 'wrongKeyUsage'
  | 'notIndividual'
  | 'noIin'
  | 'revoked'
  | 'revocationUnknown'
  /** Unknown, used, too old, given to another browser or for another purpose: not told apart. */
  | 'challengeOver'
  | 'unknownPerson'
  | 'notActive'
  /** The fund gave a status that the cabinet does not know. */
  | 'statusUnknown'
  | 'otherPerson'
  /** Nothing was found out: too many wait, or the verification did not end in time. */
  | 'busy'
  /** Nobody can say whether the person may come in. */
  | 'fundDown';

/**
 * What a person is shown. The nine ways in which a message can be no signature of theirs are one to
 * them.
 */
export type ShownReason = Exclude<EdsReason, (typeof brokenMessages)[number]> | 'badMessage';

const brokenMessages = [
  'malformed',
  'tooLarge',
  'noSigner',
  'severalSigners',
  'noSignedAttributes',
  'contentMismatch',
  'algorithmNotAllowed',
  'certificateMissing',
  'badSignature',
] as const satisfies readonly EdsReason[];

/** The words under which a reason is shown. */
export function shownReason(reason: EdsReason): ShownReason {
  return isBrokenMessage(reason) ? 'badMessage' : reason;
}

/** Since when no certificate could be checked, where that is the reason. */
export function unknownSince({
  reason,
  detail,
}: {
  readonly reason: EdsReason;
  readonly detail?: string | undefined;
}): Date | undefined {
  return reason === 'revocationUnknown' && detail !== undefined ? new Date(detail) : undefined;
}

/** Reasons that say nothing against the signature: the same one may be sent again. */
const passing: readonly EdsReason[] = ['revocationUnknown', 'busy', 'fundDown'];

/** Whether the same signature may be sent again later. */
export function isPassing(reason: EdsReason): boolean {
  return passing.includes(reason);
}

/** Seconds after which the same signature may be sent again; undefined where it never will do. */
export function retryAfter(reason: EdsReason): number | undefined {
  return isPassing(reason) ? (reason === 'busy' ? 3 : 10) : undefined;
}

function isBrokenMessage(reason: EdsReason): reason is (typeof brokenMessages)[number] {
  return (brokenMessages as readonly EdsReason[]).includes(reason);
}

/** Why a signature is refused, as keys of the texts. The first eighteen come from the verifier. */
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
  | 'noTrustedTime'
  | 'untrusted'
  | 'notYetValid'
  | 'expired'
  | 'wrongKeyUsage'
  | 'notIndividual'
  | 'noIin'
  | 'revoked'
  | 'revocationUnknown'
  /**
   * Unknown, used, too old, or given to another browser or for another purpose. The person is not
   * told which.
   */
  | 'challengeOver'
  | 'unknownPerson'
  | 'notActive'
  /** The fund gave a status that this service does not know. */
  | 'statusUnknown'
  | 'otherPerson'
  /** No result: too many signatures wait, or the verification took too long. */
  | 'busy'
  /** Nobody can say whether the person may sign in. */
  | 'fundDown';

/**
 * What a person is shown. The ten reasons why a message is not a valid signature are shown as one.
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
  'noTrustedTime',
] as const satisfies readonly EdsReason[];

/** The key of the text that is shown for a reason. */
export function shownReason(reason: EdsReason): ShownReason {
  return isBrokenMessage(reason) ? 'badMessage' : reason;
}

/** Since when no certificate could be checked, if that is the reason. */
export function unknownSince({
  reason,
  detail,
}: {
  readonly reason: EdsReason;
  readonly detail?: string | undefined;
}): Date | undefined {
  return reason === 'revocationUnknown' && detail !== undefined ? new Date(detail) : undefined;
}

/** Reasons that do not concern the signature itself. The same one may be sent again. */
const passing: readonly EdsReason[] = ['revocationUnknown', 'busy', 'fundDown'];

/** Whether the same signature may be sent again later. */
export function isPassing(reason: EdsReason): boolean {
  return passing.includes(reason);
}

/** Seconds after which the same signature may be sent again. Undefined when it never may. */
export function retryAfter(reason: EdsReason): number | undefined {
  return isPassing(reason) ? (reason === 'busy' ? 3 : 10) : undefined;
}

function isBrokenMessage(reason: EdsReason): reason is (typeof brokenMessages)[number] {
  return (brokenMessages as readonly EdsReason[]).includes(reason);
}

/** Why an answer of a passkey is refused, as keys of the texts. */
export type PasskeyReason =
  /**
   * Unknown, used, too old, or given to another browser or for another purpose. The person is not
   * told which.
   */
  | 'challengeOver'
  /** No holder has this passkey, or no longer. */
  | 'unknownKey'
  /** Not a valid answer: another site or signature, or nobody was asked for a finger or a PIN. */
  | 'refused'
  /** Its count of signatures did not rise, so a second copy of it may exist. */
  | 'copied'
  /** It belongs to somebody else than who is to prove themselves here. */
  | 'otherPerson';

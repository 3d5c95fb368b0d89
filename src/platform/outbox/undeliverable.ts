/** Thrown when no retry can help: the message becomes a dead letter at once. */
export class Undeliverable extends Error {
  override readonly name = 'Undeliverable';
  /** The reason, without a personal value. It is stored and shown to the operator. */
  readonly code: string;
  constructor(code: string) {
    super(`cannot be delivered: ${code}`);
    this.code = code;
  }
}

/** Thrown where no further try can help: the message goes to the dead letters at once. */
export class Undeliverable extends Error {
  override readonly name = 'Undeliverable';
  /** Why, without a personal value; stored and shown to the operator. */
  readonly code: string;
  constructor(code: string) {
    super(`cannot be delivered: ${code}`);
    this.code = code;
  }
}

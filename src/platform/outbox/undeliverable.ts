/** Thrown when no retry can help: the message becomes a dead letter at once. */
export class Undeliverable extends Error {
  override readonly name = 'Undeliverable';
  /** The reason, without a personal value. It is stored and shown to the operator. */
  readonly code: string;
  /** True when the other side says that there is no such recipient. */
  readonly noRecipient: boolean;
  constructor(code: string, { noRecipient = false }: { readonly noRecipient?: boolean } = {}) {
    super(`cannot be delivered: ${code}`);
    this.code = code;
    this.noRecipient = noRecipient;
  }
}

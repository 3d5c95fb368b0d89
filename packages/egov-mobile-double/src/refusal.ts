/** Why the app itself stops, before or after it has called the service. */
export type AppRefusalReason =
  | 'notACode'
  | 'space'
  | 'notHttps'
  | 'noMgovSign'
  | 'hostNotAllowed'
  | 'badRequest'
  | 'expired'
  | 'badDocuments'
  | 'methodNotSupported'
  | 'redirected'
  | 'noAnswer'
  | 'badAnswer';

/** The app shows its own error and sends nothing more. */
export class AppRefusal extends Error {
  override readonly name = 'AppRefusal';
  readonly reason: AppRefusalReason;

  constructor(reason: AppRefusalReason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

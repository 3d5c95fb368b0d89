/** The fund gives no usable answer now. `code` says why, without a personal value. */
export class FundUnavailable extends Error {
  override readonly name = 'FundUnavailable';
  readonly code: string;
  /** A page that cannot do without the fund says so and when to come again. */
  readonly statusCode = 503;
  constructor(code: string) {
    super(`the fund's system gives no answer: ${code}`);
    this.code = code;
  }
}

/**
 * The fund works and answered in time, but this answer cannot be read: another question may well be
 * answered. `FUND_CHARSET` when characters were lost on the way, `FUND_ANSWER` otherwise.
 */
export class SenselessAnswer extends FundUnavailable {}

/** The fund answered about somebody else: nothing of it may be shown or kept. */
export class WrongPerson extends Error {
  override readonly name = 'WrongPerson';
  readonly code = 'FUND_WRONG_PERSON';
  constructor() {
    super("the fund's system answered about another person");
  }
}

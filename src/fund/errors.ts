/** The fund gives no usable answer now. `code` says why, without a personal value. */
export class FundUnavailable extends Error {
  override readonly name = 'FundUnavailable';
  readonly code: string;
  /** A page that needs the fund says so, and when to try again. */
  readonly statusCode = 503;
  constructor(code: string) {
    super(`the fund's system gives no answer: ${code}`);
    this.code = code;
  }
}

/**
 * The fund works and answered in time, but this answer cannot be read. Another request may still
 * get a readable one. `FUND_CHARSET` when characters were lost on the way, otherwise `FUND_ANSWER`.
 */
export class SenselessAnswer extends FundUnavailable {}

/** The fund answered about another person. Nothing of it may be shown or stored. */
export class WrongPerson extends Error {
  override readonly name = 'WrongPerson';
  readonly code = 'FUND_WRONG_PERSON';
  constructor() {
    super("the fund's system answered about another person");
  }
}

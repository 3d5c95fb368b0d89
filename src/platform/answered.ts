/** What people use the service for, as the operator counts it. */
export type Action =
  | 'save'
  | 'confirm'
  | 'sign-in-password'
  | 'sign-in-step'
  | 'sign-in-passkey'
  | 'sign-in-eds'
  | 'sign-in-phone'
  | 'prove'
  | 'factor';

/** How a request ended, in the service's own words: never a value of a person. */
export interface Outcome {
  readonly action: Action;
  /** `error` for an exception, otherwise the kind or reason that the use case gave. */
  readonly outcome: string;
}

/** What is recorded of an answered request. */
export interface Answered {
  /** The pattern of the route, never the requested address. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
  /** Undefined for a request that only reads. */
  readonly outcome: Outcome | undefined;
}

/** Called for each answered request. */
export type OnAnswered = (answered: Answered) => void;

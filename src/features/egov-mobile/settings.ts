/** How the service introduces itself to the phone, and what it asks of one. */
export interface EgovMobileSettings {
  /** Undefined: nobody signs in with the phone. */
  readonly service:
    | {
        /** The host on the operator's list. Undefined in a demonstration: the one that people open. */
        readonly host: string | undefined;
        readonly names: { readonly kk: string; readonly ru: string; readonly en: string };
        readonly bin: string;
      }
    | undefined;
  /** What stands before the percent-encoded address in the link that opens the app. */
  readonly link: string;
  /**
   * Whether nobody comes in without the code that only the signing phone gets (`required`), or only
   * to read (`restricted`).
   */
  readonly returns: 'required' | 'restricted';
}

/** Seconds that an attempt waits for its signature. A change takes longer to read. */
export const attemptSeconds = { 'sign-in': 180, step: 180, change: 300 } as const;

/** Seconds that a signed attempt waits for its browser. */
export const enterSeconds = 120;

/** Seconds after which the QR code changes, and for which the one before is still taken. */
export const codeSeconds = { each: 40, late: 15 } as const;

/** Seconds after which a judgement that did not end counts as interrupted. */
export const checkSeconds = 30;

/** How many attempts may wait at a time, in all, and how many one browser starts in a row. */
export const attemptLimits = { waiting: 20_000, starts: 15 } as const;

/** How often the six digits may be wrong. */
export const wrongDigits = 3;

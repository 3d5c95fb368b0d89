import type { Channel, CodePurpose, MessagePayload } from '../notices/ports.ts';

/** A code that was issued, without the code: that is an HMAC over this row. */
export interface IssuedCode {
  readonly codeId: string;
  readonly holderId: string;
  readonly purpose: CodePurpose;
  readonly channel: Channel;
  /** The exact value it was sent to. */
  readonly destination: string;
  /** The pending change it belongs to, if any. */
  readonly changeId: string | null;
}

/** How often something may be done in a window that begins with the first time. */
export interface Quota {
  readonly key: Buffer;
  readonly most: number;
  readonly minutes: number;
}

export interface CodeStore {
  /**
   * The live code, with a try left, of exactly this holder, purpose, destination and change, or a new one; all other live codes of that
   * holder and purpose and change die.
   */
  issue(code: Omit<IssuedCode, 'codeId'>, minutes: number, maxTries: number): Promise<IssuedCode>;
  /** Uses up one try in one statement; undefined when there is none left, or the code is used, dead or expired. */
  countAttempt(codeId: string, holderId: string, maxTries: number): Promise<IssuedCode | undefined>;
  /** Marks the code used; true for exactly one caller. */
  consume(codeId: string): Promise<boolean>;
  /** The code last issued for a purpose and change, alive or not. */
  latest(holderId: string, purpose: CodePurpose, changeId: string | null): Promise<string | undefined>;
  /** The code of a message, while it is still worth sending. */
  findLive(codeId: string): Promise<IssuedCode | undefined>;
  /** Counts a comparison for the breaker; undefined: nothing was compared, and the same work counts nothing. */
  countOutcome(right: boolean | undefined): Promise<void>;
  /**
   * Failed comparisons of the last ten minutes, and the mean of the day before per ten minutes; and the last ten by the minute, newest
   * first, with the seconds until each no longer counts.
   */
  failures(): Promise<{
    readonly lastTenMinutes: number;
    readonly normal: number;
    readonly minutes: readonly { readonly failed: number; readonly leaves: number }[];
  }>;
  /** Raises an alert of a kind once, or ends it. */
  alert(kind: string, raised: boolean, detail: object): Promise<void>;
}

export interface QuotaStore {
  /** Counts one in every quota; false (and nothing is counted) when any of them is used up. One statement. */
  takeQuotas(quotas: readonly Quota[]): Promise<boolean>;
  /** Seconds until the window of an quota ends; 0 when none is open. */
  wait(key: Buffer): Promise<number>;
}

export interface MessageQueue {
  /** Puts messages into the outbox: codes in a lane of their own, so that mailings never delay them. */
  enqueue(holderId: string, messages: readonly MessagePayload[]): Promise<void>;
}

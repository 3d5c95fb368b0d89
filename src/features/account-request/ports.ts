import type { Queryable } from '../../platform/postgres/database.ts';
import type { Language } from '../../values/language.ts';
import type { Channel } from '../notices/ports.ts';

/** What a visitor without a session wants: a first password, or a new one for a forgotten one. */
export type AccountRequestKind = 'register' | 'recover';

/** Someone asks for a password. Of the cookie's secret only the hash is known, and what was typed is sealed. */
export interface NewAccountRequest {
  readonly hash: Buffer;
  readonly kind: AccountRequestKind;
  readonly asked: Buffer;
  readonly language: Language;
  /** A keyed hash of the network. */
  readonly network: Buffer;
  /** An earlier entry of the same browser, which ends. */
  readonly replaces: Buffer | undefined;
}

/** An entry that has not run out, as its visitor may continue it. */
export interface LiveAccountRequest {
  readonly asked: Buffer;
  /** Set once the code was right: whose password is chosen, and for whom it is a first one. */
  readonly proved: { readonly holderId: string; readonly iin: string } | undefined;
}

/** What became of one more try of the code. */
export type CodeAttempt =
  | {
      readonly kind: 'counted';
      readonly sent: { readonly codeId: string; readonly holderId: string } | undefined;
    }
  /** Not examined yet, so that no code can be right. */
  | { readonly kind: 'early' }
  | { readonly kind: 'over'; readonly why: 'time' | 'tries' };

/** An entry held by one worker for a while. */
export interface LeasedAccountRequest {
  readonly hash: Buffer;
  readonly entryId: string;
  readonly kind: AccountRequestKind;
  readonly asked: Buffer;
  readonly language: Language;
  /** True when a code of this entry was already sent, so that this is a resend. */
  readonly again: boolean;
}

/** What decides whether a code is sent to a person. */
export interface RecoveryStanding {
  readonly hasPassword: boolean;
  readonly frozen: boolean;
  readonly language: Language;
  /** The channels that may restore a password now. */
  readonly contacts: readonly { readonly channel: Channel; readonly value: string }[];
}

export interface AccountRequestStore {
  /** One statement, whoever asks. No worker looks at it before `restMs` have passed. */
  begin(entry: NewAccountRequest, how: { readonly minutes: number; readonly restMs: number }): Promise<void>;
  find(hash: Buffer, kind: AccountRequestKind): Promise<LiveAccountRequest | undefined>;
  /** Puts the entry before the worker once more; false when there is none. After the last try or the time, a new round begins. */
  askAgain(
    hash: Buffer,
    kind: AccountRequestKind,
    how: { readonly language: Language; readonly maxTries: number; readonly restMs: number },
  ): Promise<boolean>;
  /** Counts one try; undefined when there is no such entry. */
  countAttempt(hash: Buffer, kind: AccountRequestKind, maxTries: number): Promise<CodeAttempt | undefined>;
  /** Notes the right code, and leaves so many minutes to choose a password. */
  markProved(hash: Buffer, minutes: number): Promise<void>;

  /** Takes the oldest entries that nobody has looked at; others do not get them for half a minute. */
  lease(size: number): Promise<readonly LeasedAccountRequest[]>;
  /** Lets an entry be looked at again after so many seconds. */
  putBack(hash: Buffer, seconds: number): Promise<void>;
  /** The holder of this IIN; made now if the fund has just told of them for the first time. */
  holderOf(iin: string, language: Language): Promise<string>;
  standing(holderId: string): Promise<RecoveryStanding>;
  /** Whether one of these marks was given to a browser in which this person signed in. One statement, whoever is named. */
  knowsDevice(iin: string, marks: readonly Buffer[]): Promise<boolean>;
  /** Writes down what was found. From now on a code typed is compared, for so many minutes, whether one was sent or not. */
  conclude(
    hash: Buffer,
    found: { readonly holderId: string; readonly codeId: string | undefined } | undefined,
    minutes: number,
  ): Promise<void>;
  /**
   * Whether nothing has stopped the person by "this wasn't me" since they were looked at. In a transaction it stays so to the end.
   */
  lockUnlessFrozen(holderId: string): Promise<boolean>;
  /** Notes in the person's history that somebody asked. */
  recordRequest(holderId: string, kind: AccountRequestKind): Promise<void>;

  /**
   * Sets the password for a proved entry: ends all sessions, all codes and all entries of the person, notes the event and
   * queues the notices to every channel on file. One transaction; undefined when the entry has run out or the cabinet is frozen.
   */
  complete(
    hash: Buffer,
    kind: AccountRequestKind,
    chosen: {
      readonly passwordHash: string;
      readonly requestId: string;
      /** Counted failures that no longer matter. */
      readonly forget: readonly Buffer[];
    },
  ): Promise<'registered' | 'recovered' | undefined>;
}

/** The tables of an entry: each statement by itself, or several in one transaction. */
export interface AccountRequestTables {
  readonly requests: AccountRequestStore;
  /** For codes, quotas and messages. */
  readonly database: Queryable;
  together<Value>(work: (tables: Omit<AccountRequestTables, 'together'>) => Promise<Value>): Promise<Value>;
}

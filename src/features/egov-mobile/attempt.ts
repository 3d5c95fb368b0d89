import type { Language } from '../../values/language.ts';
import type { EdsReason } from '../eds/reasons.ts';

/** How far an attempt is. `checking`: its signature is being judged. */
export type AttemptState = 'waiting' | 'scanned' | 'checking' | 'done' | 'refused' | 'entered';

/**
 * What a phone did that was not accepted and ended nothing: it had no token of the attempt, or
 * another phone had read the document.
 */
export type PhoneTrouble = 'token' | 'otherPhone';

/** Why an attempt opens nothing. */
export type AttemptReason = EdsReason | 'wrongDigits' | 'stopped' | 'changeOver';

/** What a signature is for: to come in, to make a change, or as the second step of a sign-in. */
export type PhonePurpose = 'sign-in' | 'change' | 'step';

/** An attempt as a phone's call finds it, by the database's clock. */
export interface PhoneAttempt {
  readonly attemptId: Buffer;
  readonly purpose: PhonePurpose;
  /** Who must sign. Null: anybody whom the fund lets in. */
  readonly signerId: string | null;
  readonly askedIn: Buffer | null;
  readonly changeId: string | null;
  readonly changeMark: Buffer | null;
  /** The receipt of the change that was signed. */
  readonly number: string | null;
  readonly state: AttemptState;
  readonly isOver: boolean;
  /** Which of its QR codes is shown now, and whether the one before is still taken. */
  readonly turn: number;
  readonly takesFormer: boolean;
  readonly language: Language;
  readonly device: string;
  readonly network: string;
  readonly digits: number;
  readonly trouble: PhoneTrouble | null;
  readonly startedAt: Date;
  readonly expiresAt: Date;
  readonly tokenHash: Buffer | null;
  readonly content: Buffer | null;
  readonly givenAt: Date | null;
  readonly answerHash: Buffer | null;
  readonly reason: AttemptReason | null;
  readonly holderId: string | null;
  readonly knownKey: boolean | null;
  readonly returnedAt: Date | null;
  readonly sessionHash: Buffer | null;
  readonly target: string | null;
  readonly now: Date;
}

/** What a browser asks a phone to sign. */
export type AskedOfPhone =
  | { readonly purpose: 'sign-in' }
  | {
      readonly purpose: 'step';
      readonly signerId: string;
      /** The sign-in that waits for its second step. */
      readonly askedIn: Buffer;
    }
  | {
      readonly purpose: 'change';
      readonly signerId: string;
      /** The session that asks. */
      readonly askedIn: Buffer;
      readonly changeId: string;
      readonly changeMark: Buffer;
      /** The text of the change, and the random bits in it. */
      readonly content: Buffer;
      readonly nonce: Buffer;
    };

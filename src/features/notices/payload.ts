import type { Language } from '../../values/language.ts';
import type { Channel } from './channel.ts';

export const codePurposes = ['register', 'recover', 'prove-new', 'confirm-current', 'sign-in-step'] as const;

/** What a code is valid for. It is stated in the message and bound into the code. */
export type CodePurpose = (typeof codePurposes)[number];

export const noticeKinds = [
  'already-registered',
  'registered',
  'new-device',
  'password-changed',
  'recovered',
  'contact-proposed',
  'contact-changed',
  'contact-added',
  'many-failures',
  // The fund accepted a change that had been late, or refused one.
  'change-accepted',
  'change-refused',
  // A change that the database had lost was recorded again.
  'change-restored',
  'frozen',
  'locked',
  // A right password was followed by wrong second steps.
  'step-failures',
  // A way to prove who the holder is was added or removed.
  'factor-added',
  'factor-removed',
  // A passkey answered with a count that shows a second copy of it.
  'passkey-copied',
  'backup-code-used',
] as const;

/** What a notice is about. */
export type NoticeKind = (typeof noticeKinds)[number];

/** What a reminder is about. */
export type ReminderNotice = 'key-ends' | 'document-ends';

/**
 * A message as the outbox stores it. It has no secret: the code is calculated from `codeId`, and
 * the link from `disavowalId`, when the text is written. A retry therefore has the same text.
 */
export type MessagePayload = {
  readonly channel: Channel;
  /** E.164 or an e-mail address. */
  readonly to: string;
  readonly language: Language;
} & (
  | { readonly kind: 'code'; readonly purpose: CodePurpose; readonly codeId: string }
  | {
      readonly kind: NoticeKind;
      /** For notices with the "this wasn't me" link. */
      readonly disavowalId?: string;
      /** Which channel was proposed or changed. */
      readonly about?: Channel;
      /** When it happened, ISO 8601. */
      readonly at: string;
      /** The device in words that its owner recognises. */
      readonly device?: string;
    }
  | {
      readonly kind: ReminderNotice;
      /** The last day, `2029-09-05`. */
      readonly endsOn: string;
    }
);

/** A reminder with its address, which is found when it leaves. */
export type ReminderPayload = Extract<MessagePayload, { kind: ReminderNotice }>;

/** What stands in the place of a person's value in a wording that is kept or shown. */
export const maskedValue = '…';

/** What says nothing about a person. Anything else in a payload is masked, also what is new. */
const impersonal: ReadonlySet<string> = new Set(['kind', 'channel', 'language', 'purpose', 'about']);

/** The message without values of a person: what it looks like, and not whom it is about. */
export function maskMessage(message: MessagePayload): MessagePayload {
  const entries = Object.entries(message).map(([name, value]) => [
    name,
    impersonal.has(name) ? value : maskedValue,
  ]);
  return Object.fromEntries(entries) as MessagePayload;
}

import type { Language } from '../../values/language.ts';
import type { Channel } from './channel.ts';

/** What a code is good for; said in the message, and bound into the code. */
export type CodePurpose = 'register' | 'recover' | 'prove-new' | 'confirm-current';

/** What a notice is about. */
export type NoticeKind =
  | 'already-registered'
  | 'registered'
  | 'new-device'
  | 'password-changed'
  | 'recovered'
  | 'contact-proposed'
  | 'contact-changed'
  | 'contact-added'
  | 'many-failures'
  /** The fund took a change that had been late, or did not take one. */
  | 'change-accepted'
  | 'change-refused'
  | 'frozen';

/**
 * A message on its way, as the outbox keeps it. It carries no secret: a code is worked out from
 * `codeId` and the link from `disavowalId` when the text is made, so a retry says the same.
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
      /** The moment it happened, ISO 8601. */
      readonly at: string;
      /** A device as its person recognises it. */
      readonly device?: string;
    }
);

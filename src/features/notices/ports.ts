import type { Language } from '../../values/language.ts';

/** Ways to reach a person. */
export type Channel = 'mobile' | 'email';

/** What a code is good for; told in the message, and bound into the code. */
export type CodePurpose = 'register' | 'recover' | 'prove-new' | 'confirm-current';

/** What a notice tells. */
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
 * A message on its way, as the outbox keeps it. It carries no secret: a code is worked out from `codeId` and the link
 * from `disavowalId` when the text is made, so a retry says the same.
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

/** A message with its words, ready for a gateway. */
export interface RenderedMessage {
  /** Stable over retries; gateways and tests tell duplicates by it. */
  readonly id: string;
  readonly channel: Channel;
  readonly to: string;
  /** E-mail only. */
  readonly subject?: string;
  readonly text: string;
  readonly html?: string;
  readonly language: Language;
  /** A code: it goes before everything else that waits for the gateway, and is worth nothing when it comes late. */
  readonly urgent: boolean;
}

/** Which channels work now, so that a person is told honestly. */
export interface Channels {
  available(channel: Channel): boolean;
}

/** A gateway. Resolves when the message was handed over; throws when that failed and may be tried again. */
export interface MessageSender {
  readonly channel: Channel;
  send(message: RenderedMessage): Promise<void>;
  /** False while the gateway is known to be down, so that the person can be told honestly. */
  readonly available: boolean;
  /** True where no gateway is configured: waiting would be in vain. */
  readonly absent?: true;
  close(): Promise<void>;
}

/** A message as the demonstration keeps it instead of sending. */
export interface SentMessage {
  readonly id: string;
  readonly channel: Channel;
  readonly to: string;
  readonly language: Language;
  readonly subject: string | null;
  readonly text: string;
  readonly sentAt: Date;
}

export interface InboxStore {
  /** Up to `most` messages, the newest first. */
  newest(most: number): Promise<readonly SentMessage[]>;
}

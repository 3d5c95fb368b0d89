import type { ComponentChildren } from 'preact';
import { formatDate, formatMoment } from '../../texts/dates.ts';
import { fill, textsOf } from '../../texts/texts.ts';
import { renderDocument } from '../../ui/render-document.ts';
import { displayed } from '../../values/displayed.ts';
import type { Language } from '../../values/language.ts';
import type { Channel } from './channel.ts';
import type { MessageFacts } from './deliver-message.ts';
import { type MessagePayload, maskedValue, type NoticeKind, type ReminderPayload } from './payload.ts';
import type { RenderedMessage } from './sender.ts';
import { smsParts } from './sms-parts.ts';

/**
 * Writes a message in the person's language: an SMS without anything that somebody typed, or an
 * e-mail as plain text and simple HTML. Each ends with its letters. Under them, a message with a
 * code has `@host #CODE`, which makes browsers fill it in only on our site.
 */
export function renderMessage(message: MessagePayload, facts: MessageFacts): RenderedMessage {
  const { channel, language } = message;
  const to = displayed(message.to);
  const common = { id: facts.id, channel, to, language, urgent: message.kind === 'code' };
  if (channel === 'mobile') return { ...common, text: smsText(message, facts) };
  const letter = writeLetter(message, facts);
  return { ...common, subject: letter.subject, text: plainText(letter), html: html(message, letter) };
}

function smsText(message: MessagePayload, facts: MessageFacts): string {
  const t = textsOf(message.language).messages.sms;
  const letters = fill(t.letters, { letters: facts.letters });
  if (message.kind === 'code') {
    const lastLine = `${letters}\n${boundCode(facts)}`;
    const full = `${t.codes[message.purpose]}\n${lastLine}`;
    // A code in two parts costs twice as much, and only one of them may arrive.
    return smsParts(full).parts.length === 1 ? full : `${t.shortCodes[message.purpose]}\n${lastLine}`;
  }
  if (isReminder(message)) return `${fill(t.reminders[message.kind], { day: dayOf(message) })}\n${letters}`;
  const what = t.notices[noticeKey(message)];
  if (facts.disavowalPath === undefined) return `${fill(t.call, { what })}\n${letters}`;
  return `${fill(t.notYou, { what })}\n${facts.origin}${facts.disavowalPath}\n${letters}`;
}

/** The paragraphs of an e-mail. Its plain text and its HTML are both made from them. */
interface Letter {
  readonly subject: string;
  readonly cabinet: string;
  readonly paragraphs: readonly string[];
  /** Shown in large letters. */
  readonly code?: string;
  readonly link?: { readonly lead: string; readonly label: string; readonly href: string };
  /** What stands under every e-mail. The last of it has the letters. */
  readonly footer: readonly string[];
  readonly lastLine?: string;
}

function writeLetter(message: MessagePayload, facts: MessageFacts): Letter {
  const { cabinet, email: t } = textsOf(message.language).messages;
  const letters = fill(t.letters, { letters: facts.letters });
  const frame = { cabinet, footer: [t.automatic, t.neverByPhone, letters] };
  if (message.kind === 'code') {
    const { subject, lead } = t.codes[message.purpose];
    const { text, minutes } = codeIn(facts);
    return {
      ...frame,
      subject,
      paragraphs: [lead, fill(t.minutes, { minutes }), t.never, t.notAsked],
      code: fill(t.code, { code: text }),
      lastLine: boundCode(facts),
    };
  }
  if (isReminder(message)) {
    const { subject, text, help } = t.reminders[message.kind];
    const lead = fill(text, { day: dayOf(message) });
    return { ...frame, subject, paragraphs: [lead, help, t.reminderOff] };
  }
  const { subject, text } = t.notices[noticeKey(message)];
  const time = fill(t.time, { time: timeOf(message) });
  const device = message.device === undefined ? [] : [fill(t.device, { device: oneLine(message.device) })];
  const paragraphs = [text, time, ...device];
  if (facts.disavowalPath === undefined) return { ...frame, subject, paragraphs: [...paragraphs, t.call] };
  const href = `${facts.origin}${facts.disavowalPath}`;
  return { ...frame, subject, paragraphs, link: { lead: t.notYou, label: t.notYouLink, href } };
}

function plainText({ cabinet, paragraphs, code, link, footer, lastLine }: Letter): string {
  return [
    cabinet,
    ...(code === undefined ? [] : [code]),
    ...paragraphs,
    ...(link ? [`${link.lead}\n${link.href}`] : []),
    ...footer,
    ...(lastLine === undefined ? [] : [lastLine]),
  ].join('\n\n');
}

const font = 'font:16px/1.5 sans-serif;color:#1b2733';

/** No image, style sheet or script: reading the e-mail loads nothing. */
function html(
  message: MessagePayload,
  { subject, cabinet, paragraphs, code, link, footer, lastLine }: Letter,
): string {
  return renderDocument(
    <html lang={message.language}>
      <head>
        <meta charset="utf-8" />
        <title>{subject}</title>
      </head>
      <body style={`${font};max-width:36em;margin:0 auto;padding:16px`}>
        <p style="color:#56646f">{cabinet}</p>
        <h1 style="font-size:20px">{subject}</h1>
        {code !== undefined && <p style="font-size:20px;font-weight:bold">{code}</p>}
        {paragraphs.map((paragraph) => (
          <p key={paragraph}>{paragraph}</p>
        ))}
        {link && (
          <p>
            {link.lead} <a href={link.href}>{link.label}</a>
          </p>
        )}
        {footer.map((line) => (
          <Small key={line}>{line}</Small>
        ))}
        {lastLine !== undefined && <Small>{lastLine}</Small>}
      </body>
    </html>,
  );
}

function Small({ children }: { children: ComponentChildren }) {
  return <p style="font-size:14px;color:#56646f">{children}</p>;
}

const isReminder = (message: MessagePayload): message is ReminderPayload => 'endsOn' in message;

function dayOf({ endsOn }: ReminderPayload): string {
  return endsOn === maskedValue ? maskedValue : formatDate(endsOn);
}

function timeOf({ at, language }: { readonly at: string; readonly language: Language }): string {
  return at === maskedValue ? maskedValue : formatMoment(language, new Date(at));
}

/** The line that browsers read (WICG, "Origin-bound one-time codes"). */
function boundCode(facts: MessageFacts): string {
  return `@${new URL(facts.origin).hostname} #${codeIn(facts).text}`;
}

function codeIn({ code }: MessageFacts): { readonly text: string; readonly minutes: number } {
  if (!code) throw new Error('a message with a code was written without it');
  return code;
}

const contactKeys = {
  mobile: {
    'contact-proposed': 'mobile-proposed',
    'contact-changed': 'mobile-changed',
    'contact-added': 'mobile-added',
  },
  email: {
    'contact-proposed': 'email-proposed',
    'contact-changed': 'email-changed',
    'contact-added': 'email-added',
  },
} as const satisfies Record<Channel, object>;

function noticeKey({
  kind,
  about,
  channel,
}: {
  readonly kind: NoticeKind;
  readonly about?: Channel;
  readonly channel: Channel;
}) {
  switch (kind) {
    case 'contact-proposed':
    case 'contact-changed':
    case 'contact-added':
      return contactKeys[about ?? channel][kind];
    default:
      return kind;
  }
}

/** The name of a device comes from its browser. It must stay on one line. */
function oneLine(text: string): string {
  return displayed(text).replace(/\s+/g, ' ').slice(0, 100);
}

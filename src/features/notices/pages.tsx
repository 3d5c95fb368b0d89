import { formatMoment } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { PageHeading } from '../../ui/page-heading.tsx';
import { Timeline } from '../../ui/timeline.tsx';
import type { Language } from '../../values/language.ts';
import type { SentMessage } from './inbox-store.ts';

export interface InboxPageProps {
  readonly t: Texts['inbox'];
  readonly language: Language;
  readonly messages: readonly SentMessage[];
}

/** The demonstration inbox: every SMS and e-mail, newest first, each in its own language. */
export function InboxPage({ t, language, messages }: InboxPageProps) {
  return (
    <>
      <PageHeading title={t.title} lead={t.lead} />
      {messages.length === 0 ? (
        <p>{t.empty}</p>
      ) : (
        <Timeline
          entries={messages.map((message) => ({
            id: `message-${message.id}`,
            time: formatMoment(language, message.sentAt),
            dateTime: message.sentAt.toISOString(),
            title: fill(message.channel === 'mobile' ? t.mobile : t.email, { to: message.to }),
            children: <Body message={message} />,
          }))}
        />
      )}
    </>
  );
}

const address = /(https?:\/\/\S+)/;

/** The text as its recipient would read it. Addresses are links. */
function Body({ message }: { message: SentMessage }) {
  return (
    <div lang={message.language}>
      {message.subject !== null && (
        <p>
          <b>{message.subject}</b>
        </p>
      )}
      {message.text.split('\n\n').map((paragraph) => (
        <p key={paragraph}>
          {paragraph.split('\n').map((line, index) => [index > 0 && <br key={line} />, linked(line)])}
        </p>
      ))}
    </div>
  );
}

function linked(line: string) {
  return line.split(address).map((part) =>
    address.test(part) ? (
      <a key={part} href={part}>
        {part}
      </a>
    ) : (
      part
    ),
  );
}

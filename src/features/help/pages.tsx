import { helpPath, paths } from '../../paths.ts';
import { sentenceParts } from '../../texts/help/labels.ts';
import { type Topic, topicGroups } from '../../texts/help/topics.ts';
import type { Texts } from '../../texts/kk.ts';
import { Card } from '../../ui/card.tsx';
import { NoticeLine } from '../../ui/notice-line.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';

/** All questions of the guide. */
export function HelpPage({ t }: { t: Texts }) {
  const { help } = t;
  return (
    <>
      <PageHeading title={help.title} lead={help.lead} />
      {Object.entries(topicGroups).map(([group, topics]) => (
        <Card key={group} id={group} heading={help.groups[group as keyof typeof topicGroups]}>
          <ul>
            {topics.map((topic) => (
              <li key={topic}>
                <a href={helpPath(topic)}>{help.topics[topic].question}</a>
              </li>
            ))}
          </ul>
        </Card>
      ))}
    </>
  );
}

/** One question and its answer: what it is about, the steps, and what to do if they do not help. */
export function TopicPage({ t, topic }: { t: Texts; topic: Topic }) {
  const { question, answer, steps, note } = t.help.topics[topic];
  const sentences = Object.entries<string>(steps);
  return (
    <>
      <PageHeading title={question} back={{ href: paths.help, label: t.help.all }} />
      <p>
        <Sentence t={t} text={answer} />
      </p>
      {sentences.length > 0 && (
        <Card id="steps" heading={t.help.steps}>
          <ol>
            {sentences.map(([name, text]) => (
              <li key={name}>
                <Sentence t={t} text={text} />
              </li>
            ))}
          </ol>
        </Card>
      )}
      <NoticeLine>
        <Sentence t={t} text={note} />
      </NoticeLine>
    </>
  );
}

/** A sentence in which the words of the pages stand out. */
function Sentence({ t, text }: { t: Texts; text: string }) {
  return (
    <>
      {sentenceParts(t, text).map((part) => (part.isLabel ? <b key={part.text}>{part.text}</b> : part.text))}
    </>
  );
}

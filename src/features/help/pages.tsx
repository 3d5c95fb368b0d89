import { useContext } from 'preact/hooks';
import { helpPath, paths } from '../../paths.ts';
import { labelOf, sentenceParts } from '../../texts/help/labels.ts';
import { type GuidePictureName, guideFile, guidePictures } from '../../texts/help/pictures.ts';
import { type Topic, topicGroups } from '../../texts/help/topics.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Card } from '../../ui/card.tsx';
import { NoticeLine } from '../../ui/notice-line.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { PageLanguage } from '../../ui/value-language.ts';

/** All questions of the guide. */
export function HelpPage({ t }: { t: Texts }) {
  const { help } = t;
  return (
    <>
      <PageHeading title={help.title} lead={help.lead} />
      <p>
        <a href={paths.memo}>{help.memo.open}</a>
      </p>
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
      <CompareLink t={t} />
    </>
  );
}

/** Under every page of the guide: the way to compare a message with what the service wrote. */
function CompareLink({ t }: { t: Texts }) {
  return (
    <p>
      <a href={paths.compareMessage}>{t.letters.title}</a>
    </p>
  );
}

export interface TopicPageProps {
  readonly t: Texts;
  readonly topic: Topic;
  /** The pictures of the steps by their file names. */
  readonly pictures: ReadonlyMap<
    string,
    { readonly src: string; readonly width: number; readonly height: number }
  >;
}

/** One question and its answer: what it is about, the steps, and what to do if they do not help. */
export function TopicPage({ t, topic, pictures }: TopicPageProps) {
  const { question, answer, steps, note } = t.help.topics[topic];
  const sentences = Object.entries(steps) as [GuidePictureName, string][];
  return (
    <>
      <PageHeading title={question} back={{ href: paths.help, label: t.help.all }} />
      <p>
        <Sentence t={t} text={answer} />
      </p>
      {sentences.length > 0 && (
        <Card id="steps" heading={t.help.steps}>
          <ol class="steps">
            {sentences.map(([name, text]) => (
              <li key={name}>
                <Sentence t={t} text={text} />
                <StepPicture t={t} name={name} pictures={pictures} />
              </li>
            ))}
          </ol>
        </Card>
      )}
      <NoticeLine>
        <Sentence t={t} text={note} />
      </NoticeLine>
      {topic === 'receipt' && (
        <p>
          <a href={paths.check}>{t.check.title}</a>
        </p>
      )}
      <CompareLink t={t} />
    </>
  );
}

/** The picture of a step, in the language of the page. Its description is made of the same texts. */
function StepPicture({
  t,
  name,
  pictures,
}: {
  readonly t: Texts;
  readonly name: GuidePictureName;
  readonly pictures: TopicPageProps['pictures'];
}) {
  const picture = pictures.get(guideFile(name, useContext(PageLanguage)));
  return (
    <img
      src={picture?.src}
      width={picture?.width}
      height={picture?.height}
      alt={pictureWords(t, name)}
      loading="lazy"
    />
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

/**
 * What a picture shows, for those who do not see it.
 */
export function pictureWords(t: Texts, name: GuidePictureName): string {
  const { screen, press } = guidePictures[name];
  return fill(t.help.picture, { screen: labelOf(t, screen), press: labelOf(t, press) });
}

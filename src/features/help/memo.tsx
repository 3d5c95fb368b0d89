import { sentenceParts } from '../../texts/help/labels.ts';
import { type GuidePictureName, guideFile } from '../../texts/help/pictures.ts';
import type { Topic } from '../../texts/help/topics.ts';
import type { Texts } from '../../texts/kk.ts';
import type { Language } from '../../values/language.ts';
import type { MemoDocument, MemoSection } from './memo-pdf.ts';
import { pictureWords } from './pages.tsx';

/** The ways in, and the blocks of the form, in the order of the fund's memo of 2024. */
const ways: readonly Topic[] = ['key', 'phone', 'password', 'first-time'];
const changes: readonly Topic[] = ['address', 'phones', 'email', 'confirmation', 'receipt'];

/**
 * The fund's memo, made of the texts and the pictures of the guide: what can be changed, when, the
 * ways in, block by block, and notices.
 * @param files where the file of each picture is
 */
export function memoOf(t: Texts, language: Language, files: ReadonlyMap<string, string>): MemoDocument {
  const { memo, topics } = t.help;
  const section = (topic: Topic): MemoSection => {
    const { question, answer, steps, note } = topics[topic];
    return {
      title: question,
      paragraphs: [answer, note].map((text) => inWords(t, text)),
      steps: (Object.entries(steps) as [GuidePictureName, string][]).map(([name, text]) => ({
        text: inWords(t, text),
        picture: { file: files.get(guideFile(name, language)) ?? '', words: pictureWords(t, name) },
      })),
    };
  };
  const words = (title: string, ...paragraphs: string[]): MemoSection => ({ title, paragraphs, steps: [] });
  return {
    language,
    fund: t.layout.fund,
    title: memo.title,
    service: t.services.tab,
    sections: [
      words(memo.what, t.services.sectionLead),
      words(memo.when, `${t.layout.aroundTheClock}.`, memo.except),
      ...ways.map(section),
      words(t.requisites.document, `${t.requisites.asOf}.`, t.requisites.documentChooseHint),
      ...changes.map(section),
      words(t.requisites.accounts, memo.accounts),
      section('message'),
      section('not-me'),
      section('call'),
    ],
    thanks: t.receipt.title,
    footer: `${t.layout.contactCentre}: 1418`,
  };
}

function inWords(t: Texts, sentence: string): string {
  return sentenceParts(t, sentence)
    .map(({ text }) => text)
    .join('');
}

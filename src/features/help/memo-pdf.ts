import {
  area,
  closeSheet,
  decorate,
  drawParagraph,
  fillElement,
  openElement,
  openSheet,
  type Sheet,
  turnPage,
} from '../changes/pdf-sheet.ts';
import { type Face, lineHeight, wrapText, writeLine } from '../changes/pdf-text.ts';

/** A step with its picture, which is numbered in the order of the document. */
interface MemoStep {
  readonly text: string;
  readonly picture: {
    /** A PNG file. */
    readonly file: string;
    /** What it shows, for those who do not see it. */
    readonly words: string;
  };
}

export interface MemoSection {
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly steps: readonly MemoStep[];
}

/** The memo as finished texts. This file knows no language. */
export interface MemoDocument {
  readonly language: 'kk' | 'ru' | 'en';
  readonly fund: string;
  readonly title: string;
  /** The name of the service, under the title. */
  readonly service: string;
  readonly sections: readonly MemoSection[];
  /** "Thank you!", the last line. */
  readonly thanks: string;
  /** The last line of every page. */
  readonly footer: string;
}

const plain: Face = { font: 'regular', size: 11, colour: '#1b2733' };
const strong: Face = { ...plain, font: 'bold' };
const small: Face = { ...plain, size: 9, colour: '#56646f' };
const title: Face = { ...strong, size: 20, colour: '#0a5fa8' };
const heading: Face = { ...strong, size: 14, colour: '#0a5fa8' };

/** The size of a picture on paper, in points: 360 by 300 pixels of CSS. */
const picture = { width: 168, height: 140 };
const gap = 16;

/** The same texts and pictures give the same file, so its date is that of the first one. */
const createdAt = new Date('2026-11-29T00:00:00Z');

/** Draws the memo as a tagged A4 PDF and resolves with the file. */
export function memoPdf(memo: MemoDocument): Promise<Buffer> {
  const sheet = openSheet({
    language: memo.language,
    title: memo.title,
    author: memo.fund,
    createdAt,
    head: memo.title,
    footer: memo.footer,
    small,
    rule: '#d5dde3',
  });
  drawParagraph(sheet, 'P', memo.fund, small);
  drawParagraph(sheet, 'H1', memo.title, title);
  drawParagraph(sheet, 'P', memo.service, { ...plain, size: 13 });
  let number = 0;
  for (const { title: name, paragraphs, steps } of memo.sections) {
    sheet.y += 8;
    // A heading is not parted from its first picture.
    drawParagraph(sheet, 'H2', name, heading, steps.length > 0 ? picture.height + 90 : 60);
    for (const paragraph of paragraphs) drawParagraph(sheet, 'P', paragraph, plain);
    for (const step of steps) {
      number += 1;
      drawStep(sheet, number, step);
    }
  }
  sheet.y += 8;
  drawParagraph(sheet, 'P', memo.thanks, heading);
  return closeSheet(sheet);
}

/** A picture, and beside it its number and what to do. Both stay on one page. */
function drawStep(sheet: Sheet, number: number, step: MemoStep): void {
  const { doc } = sheet;
  if (sheet.y + picture.height > area.bottom) turnPage(sheet);
  const { y } = sheet;
  const x = area.left + picture.width + gap;
  const paragraph = openElement(sheet, 'P');
  fillElement(doc, paragraph, 'P', () => {
    writeLine(doc, String(number), x, y, heading);
    wrapText(doc, step.text, area.right - x, plain).forEach((line, index) => {
      writeLine(doc, line, x, y + 24 + index * lineHeight(plain), plain);
    });
  });
  paragraph.end();
  const figure = openElement(sheet, 'Figure', { alt: step.picture.words });
  fillElement(doc, figure, 'Figure', () => doc.image(step.picture.file, area.left, y, picture));
  figure.end();
  decorate(sheet, () =>
    doc.rect(area.left, y, picture.width, picture.height).lineWidth(0.75).stroke('#d5dde3'),
  );
  sheet.y = y + picture.height + gap;
}

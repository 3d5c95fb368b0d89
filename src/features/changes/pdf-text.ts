import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { displayed } from '../../values/displayed.ts';

/** How a text looks. */
export interface Face {
  readonly font: 'regular' | 'bold';
  /** Points. */
  readonly size: number;
  readonly colour: string;
}

const { resolve } = createRequire(import.meta.url);
const regular = readFileSync(resolve('@expo-google-fonts/pt-sans/400Regular/PTSans_400Regular.ttf'));
const bold = readFileSync(resolve('@expo-google-fonts/pt-sans/700Bold/PTSans_700Bold.ttf'));

/** Embeds the fonts of all faces. */
export function registerFonts(doc: PDFKit.PDFDocument): void {
  doc.registerFont('regular', regular);
  doc.registerFont('bold', bold);
}

export function lineHeight({ size }: Face): number {
  return Math.round(size * 1.4);
}

export function widthOf(doc: PDFKit.PDFDocument, text: string, { font, size }: Face): number {
  return doc.font(font, size).widthOfString(text);
}

export function writeLine(
  doc: PDFKit.PDFDocument,
  line: string,
  x: number,
  y: number,
  { font, size, colour }: Face,
): void {
  doc.font(font, size).fillColor(colour).text(line, x, y, { lineBreak: false });
}

/**
 * Breaks a text into lines at spaces, but not between № and its number. Breaks a word that is wider
 * than the column (an e-mail address) after a sign, or anywhere.
 */
export function wrapText(doc: PDFKit.PDFDocument, text: string, available: number, face: Face): string[] {
  const fits = (line: string) => widthOf(doc, line, face) <= available;
  const lines: string[] = [];
  let line = '';
  const place = (part: string) => {
    if (fits(line + part)) {
      line += part;
    } else {
      lines.push(line.trimEnd());
      line = part.trimStart();
    }
  };
  for (const word of displayed(text).split(/(?<!№)\s+/)) {
    if (fits(word)) {
      place(line === '' ? word : ` ${word}`);
      continue;
    }
    if (line !== '') place(' ');
    for (const piece of word.match(/[^-/.,@]+[-/.,@]*|[-/.,@]+/g) ?? []) {
      for (const part of fits(piece) ? [piece] : piece) place(part);
    }
  }
  lines.push(line.trimEnd());
  return lines.filter((one) => one !== '');
}

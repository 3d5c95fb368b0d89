import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import PDFDocument from 'pdfkit';
import { displayed } from '../../values/displayed.ts';

/** What stands on a receipt, in words that are ready: this file knows no language and no rule. */
export interface ReceiptDocument {
  /** The language of all texts, for screen readers. */
  readonly language: 'kk' | 'ru' | 'en';
  /** The name of the cabinet and, under it, of the fund. */
  readonly cabinet: string;
  readonly fund: string;
  readonly title: string;
  /** One sentence under the title. */
  readonly lead: string;
  /** The receipt's number; it also stands at the head of every further page. */
  readonly number: string;
  /** When the change was made; becomes the file's date, so the same receipt is the same file. */
  readonly madeAt: Date;
  /** Number, time, holder, document, proof: in this order. */
  readonly facts: readonly { readonly term: string; readonly value: string }[];
  readonly changes: {
    readonly title: string;
    readonly words: {
      readonly field: string;
      readonly before: string;
      readonly after: string;
      readonly empty: string;
    };
    /** `null` where there was, or is, nothing. */
    readonly rows: readonly {
      readonly field: string;
      readonly before: string | null;
      readonly after: string | null;
    }[];
  };
  readonly next: { readonly title: string; readonly text: string };
  /** The last line of every page. */
  readonly footer: string;
}

declare global {
  namespace PDFKit.Mixins {
    /** Known to pdfkit since 0.17, not yet to its types. */
    interface StructureElementOptions {
      scope?: 'Row' | 'Column';
    }
  }
}

const { resolve } = createRequire(import.meta.url);
const regular = readFileSync(resolve('@expo-google-fonts/pt-sans/400Regular/PTSans_400Regular.ttf'));
const bold = readFileSync(resolve('@expo-google-fonts/pt-sans/700Bold/PTSans_700Bold.ttf'));

const blue = '#0a5fa8';
const sky = '#00afca';
const sun = '#f2b41b';
const ink = '#1b2733';
const grey = '#56646f';
const rule = '#d5dde3';
const band = '#eef4f9';

// Points; A4 is 595.28 by 841.89.
const left = 56;
const right = 539;
const top = 56;
const bottom = 780;
const width = right - left;

/**
 * Draws a receipt as a tagged A4 PDF and resolves with the file. Fonts are embedded as subsets with the map back to
 * Unicode, so Kazakh letters are found, read aloud and copied. Text of any length wraps and goes on on the next page.
 */
export function receiptPdf(receipt: ReceiptDocument): Promise<Buffer> {
  const sheet = openSheet(receipt);
  drawHead(sheet, receipt);
  drawFacts(sheet, receipt.facts);
  drawChanges(sheet, receipt.changes);
  drawNext(sheet, receipt.next);
  return closeSheet(sheet, receipt);
}

interface Sheet {
  readonly doc: PDFKit.PDFDocument;
  readonly body: PDFKit.PDFStructureElement;
  /** Where the next thing is drawn, from the top of the page. */
  y: number;
  /** Opens the next page and draws what stands at its head. */
  readonly turn: () => void;
}

interface Face {
  readonly font: 'regular' | 'bold';
  readonly size: number;
  readonly colour: string;
}

const plain: Face = { font: 'regular', size: 11, colour: ink };
const strong: Face = { ...plain, font: 'bold' };
const soft: Face = { ...plain, colour: grey };
const heading: Face = { ...strong, size: 15 };
const small: Face = { ...soft, size: 9 };

function openSheet(receipt: ReceiptDocument): Sheet {
  const doc = new PDFDocument({
    size: 'A4',
    // Pages are turned by this file alone; with margins pdfkit would turn them by itself.
    margin: 0,
    autoFirstPage: false,
    bufferPages: true,
    pdfVersion: '1.7',
    tagged: true,
    lang: receipt.language,
    displayTitle: true,
    info: {
      Title: `${receipt.cabinet}: ${receipt.number}`,
      Author: receipt.fund,
      CreationDate: receipt.madeAt,
    },
  });
  doc.registerFont('regular', regular);
  doc.registerFont('bold', bold);
  const body = doc.struct('Document');
  doc.addStructure(body);
  const sheet: Sheet = {
    doc,
    body,
    y: top,
    turn() {
      doc.addPage();
      sheet.y = top;
      decorate(doc, () => {
        writeLine(doc, receipt.number, left, sheet.y, small);
        drawRule(doc, sheet.y + 16);
      });
      sheet.y += 32;
    },
  };
  return sheet;
}

async function closeSheet({ doc, body }: Sheet, { footer }: ReceiptDocument): Promise<Buffer> {
  body.end();
  const { count } = doc.bufferedPageRange();
  for (let page = 0; page < count; page++) {
    doc.switchToPage(page);
    decorate(doc, () => {
      drawRule(doc, bottom + 14);
      const number = `${page + 1} / ${count}`;
      const numberWidth = measure(doc, number, small);
      writeLine(doc, number, right - numberWidth, bottom + 22, small);
      wrap(doc, footer, width - numberWidth - 24, small)
        .slice(0, 3)
        .forEach((line, index) => {
          writeLine(doc, line, left, bottom + 22 + index * leading(small), small);
        });
    });
  }
  doc.end();
  const chunks: Buffer[] = [];
  for await (const chunk of doc) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function drawHead(sheet: Sheet, receipt: ReceiptDocument): void {
  const { doc } = sheet;
  doc.addPage();
  decorate(doc, () => {
    drawMark(doc, left, 40, 40);
    writeLine(doc, receipt.cabinet, left + 52, 42, { ...strong, size: 14, colour: blue });
    writeLine(doc, receipt.fund, left + 52, 62, { ...soft, size: 10 });
    const line = doc.linearGradient(0, 0, 595.28, 0);
    line.stop(0, blue).stop(0.55, sky).stop(1, sun);
    doc.rect(0, 96, 595.28, 3).fill(line);
  });
  sheet.y = 124;
  drawParagraph(sheet, 'H1', receipt.title, { ...strong, size: 22 });
  drawParagraph(sheet, 'P', receipt.lead, { ...plain, size: 13 });
  sheet.y += 10;
}

function drawFacts(sheet: Sheet, facts: ReceiptDocument['facts']): void {
  const columns = [
    { x: left, width: 150 },
    { x: left + 166, width: width - 166 },
  ];
  const table = open(sheet, 'Table');
  for (const { term, value } of facts) {
    drawRow(sheet, table, columns, [
      { text: term, face: soft, tag: 'TH', scope: 'Row' },
      { text: value, face: plain, tag: 'TD' },
    ]);
  }
  table.end();
  sheet.y += 14;
}

function drawChanges(sheet: Sheet, { title, words, rows }: ReceiptDocument['changes']): void {
  drawParagraph(sheet, 'H2', title, heading, 90);
  const columns = [
    { x: left + 8, width: 126 },
    { x: left + 146, width: 160 },
    { x: left + 318, width: width - 326 },
  ];
  const table = open(sheet, 'Table');
  const heads = [words.field, words.before, words.after].map((text): Cell => {
    return { text, face: strong, tag: 'TH', scope: 'Column' };
  });
  drawRow(sheet, table, columns, heads, band);
  const value = (text: string | null, face: Face): Cell =>
    text === null ? { text: words.empty, face: soft, tag: 'TD' } : { text, face, tag: 'TD' };
  for (const { field, before, after } of rows) {
    drawRow(sheet, table, columns, [
      { text: field, face: soft, tag: 'TH', scope: 'Row' },
      value(before, plain),
      value(after, strong),
    ]);
  }
  table.end();
  sheet.y += 18;
}

function drawNext(sheet: Sheet, { title, text }: ReceiptDocument['next']): void {
  const below = wrap(sheet.doc, text, width, plain).length * leading(plain);
  drawParagraph(sheet, 'H2', title, heading, Math.min(below + 6, 120));
  drawParagraph(sheet, 'P', text, plain);
}

/** A paragraph over the whole width; `keep` is the height it must have below it on the same page. */
function drawParagraph(sheet: Sheet, tag: string, text: string, face: Face, keep = 0): void {
  const { doc } = sheet;
  const lines = wrap(doc, text, width, face);
  if (sheet.y + leading(face) + keep > bottom) sheet.turn();
  const paragraph = open(sheet, tag);
  for (const lineGroup of byPage(sheet, lines, face)) {
    mark(doc, paragraph, tag, () => {
      for (const line of lineGroup) {
        writeLine(doc, line, left, sheet.y, face);
        sheet.y += leading(face);
      }
    });
  }
  paragraph.end();
  sheet.y += 6;
}

interface Cell {
  readonly text: string;
  readonly face: Face;
  readonly tag: 'TH' | 'TD';
  readonly scope?: 'Row' | 'Column';
}

const rowPadding = 5;

/** A row of a table. One that fits a page is never cut; a longer one goes on on the next page, line by line. */
function drawRow(
  sheet: Sheet,
  table: PDFKit.PDFStructureElement,
  columns: readonly { readonly x: number; readonly width: number }[],
  cells: readonly Cell[],
  background?: string,
): void {
  const { doc } = sheet;
  const lineHeight = leading(plain);
  const columnsOfLines = cells.map((cell, index) =>
    wrap(doc, cell.text, columns[index]?.width ?? 0, cell.face),
  );
  const height = Math.max(...columnsOfLines.map((lines) => lines.length)) * lineHeight + 2 * rowPadding;
  if (sheet.y + Math.min(height, bottom - top - 32) > bottom) sheet.turn();

  const row = doc.struct('TR');
  table.add(row);
  const elements = cells.map(({ tag, scope }) => {
    const element = doc.struct(tag, scope === undefined ? {} : { scope });
    row.add(element);
    return element;
  });
  let from = 0;
  for (;;) {
    const fitting = Math.max(1, Math.floor((bottom - sheet.y - 2 * rowPadding) / lineHeight));
    const drawn = Math.min(fitting, Math.max(...columnsOfLines.map((lines) => lines.length - from)));
    const drawnHeight = drawn * lineHeight + 2 * rowPadding;
    decorate(doc, () => {
      if (background !== undefined) doc.rect(left, sheet.y, width, drawnHeight).fill(background);
      drawRule(doc, sheet.y + drawnHeight);
    });
    cells.forEach(({ tag, face }, index) => {
      const lines = columnsOfLines[index]?.slice(from, from + drawn) ?? [];
      const element = elements[index];
      if (lines.length === 0 || element === undefined) return;
      mark(doc, element, tag, () => {
        lines.forEach((line, at) => {
          writeLine(doc, line, columns[index]?.x ?? left, sheet.y + rowPadding + at * lineHeight, face);
        });
      });
    });
    sheet.y += drawnHeight;
    from += drawn;
    if (columnsOfLines.every((lines) => lines.length <= from)) break;
    sheet.turn();
  }
  row.end();
}

/** Cuts lines into what fits this page, the next one, and so on; turns the page between them. */
function* byPage(sheet: Sheet, lines: readonly string[], face: Face): Generator<readonly string[]> {
  let from = 0;
  while (from < lines.length) {
    const fitting = Math.max(1, Math.floor((bottom - sheet.y) / leading(face)));
    yield lines.slice(from, from + fitting);
    from += fitting;
    if (from < lines.length) sheet.turn();
  }
}

function open({ doc, body }: Sheet, tag: string): PDFKit.PDFStructureElement {
  const element = doc.struct(tag);
  body.add(element);
  return element;
}

/** What `draw` writes is content of `element`, on the page that is open. */
function mark(
  doc: PDFKit.PDFDocument,
  element: PDFKit.PDFStructureElement,
  tag: string,
  draw: () => void,
): void {
  const content = doc.markStructureContent(tag);
  draw();
  doc.endMarkedContent();
  element.add(content);
}

/** What `draw` draws says nothing to a screen reader: lines, the mark, what repeats on each page. */
function decorate(doc: PDFKit.PDFDocument, draw: () => void): void {
  doc.markContent('Artifact', { type: 'Layout' });
  draw();
  doc.endMarkedContent();
}

function leading({ size }: Face): number {
  return Math.round(size * 1.4);
}

function measure(doc: PDFKit.PDFDocument, text: string, { font, size }: Face): number {
  return doc.font(font, size).widthOfString(text);
}

function writeLine(
  doc: PDFKit.PDFDocument,
  line: string,
  x: number,
  y: number,
  { font, size, colour }: Face,
): void {
  doc.font(font, size).fillColor(colour).text(line, x, y, { lineBreak: false });
}

/** Breaks a text into lines at spaces (not between № and its number), and a word wider than the column (an e-mail address) after a sign or anywhere. */
function wrap(doc: PDFKit.PDFDocument, text: string, available: number, face: Face): string[] {
  const fits = (line: string) => measure(doc, line, face) <= available;
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

function drawRule(doc: PDFKit.PDFDocument, y: number): void {
  doc.lineWidth(0.75).moveTo(left, y).lineTo(right, y).stroke(rule);
}

/** The cabinet's mark, as on the pages: a sun over a wave on a blue tile. Its own size is 40 by 40. */
function drawMark(doc: PDFKit.PDFDocument, x: number, y: number, size: number): void {
  doc
    .save()
    .translate(x, y)
    .scale(size / 40);
  doc.roundedRect(0, 0, 40, 40, 9).fill(blue);
  doc.circle(20, 15, 6).fill(sun);
  doc.lineCap('round').lineWidth(3).path('M6 27c5-5 9-4 14-1s9 4 14-1').stroke('#ffffff');
  doc.restore();
}

import { checkPath, paths } from '../../paths.ts';
import type { DrawnSeal } from '../receipt-seal/sealer.ts';
import {
  area,
  attachText,
  closeSheet,
  decorate,
  drawParagraph,
  fillElement,
  openElement,
  openSheet,
  type Sheet,
  turnPage,
} from './pdf-sheet.ts';
import { type Cell, type Column, drawTable } from './pdf-table.ts';
import { type Face, lineHeight, wrapText, writeLine } from './pdf-text.ts';

/** The contents of a receipt, as finished texts. This file knows no language and no rule. */
export interface ReceiptDocument {
  /** The language of all texts, for screen readers. */
  readonly language: 'kk' | 'ru' | 'en';
  /** The name of the cabinet. The name of the fund is printed under it. */
  readonly cabinet: string;
  readonly fund: string;
  /** The name of the service. */
  readonly title: string;
  /** One sentence under the title. */
  readonly lead: string;
  /** The receipt's number. It is also at the top of every further page. */
  readonly number: string;
  /**
   * When the change was made. It becomes the file's date, which makes the file of one receipt
   * always the same.
   */
  readonly madeAt: Date;
  /** Number, time, holder, masked IIN, document, proof and status, in this order. */
  readonly facts: readonly { readonly term: string; readonly value: string }[];
  readonly changes: {
    readonly title: string;
    readonly words: {
      readonly field: string;
      readonly before: string;
      readonly after: string;
      readonly empty: string;
    };
    /** `null` where there was, or is, no value. */
    readonly rows: readonly {
      readonly field: string;
      readonly before: string | null;
      readonly after: string | null;
    }[];
  };
  readonly next: { readonly title: string; readonly text: string };
  /** The last line of every page. */
  readonly footer: string;
  /** How to check the receipt. Drawn only where it has a seal. */
  readonly check: {
    readonly title: string;
    readonly text: string;
    /** What the QR is for, for who does not see it. */
    readonly qrLabel: string;
    /** Encodes a text as a QR: the width in modules, and the dark ones as rows of rectangles. */
    readonly encode: (text: string) => {
      readonly size: number;
      readonly runs: readonly (readonly [x: number, y: number, length: number])[];
    };
    /** The origin of the cabinet. */
    readonly origin: string;
  };
  /** Undefined: the receipt has neither a seal nor a QR. */
  readonly seal?: DrawnSeal;
}

/** The name of the attachment. */
const sealFileName = 'receipt-seal.jws';

const blue = '#0a5fa8';
const sky = '#00afca';
const sun = '#f2b41b';
const ink = '#1b2733';
const grey = '#56646f';
const rule = '#d5dde3';
const pale = '#eef4f9';

const plain: Face = { font: 'regular', size: 11, colour: ink };
const strong: Face = { ...plain, font: 'bold' };
const soft: Face = { ...plain, colour: grey };
const heading: Face = { ...strong, size: 15 };
const small: Face = { ...soft, size: 9 };

const { left, width } = area;

/**
 * Draws a receipt as a tagged A4 PDF and resolves with the file. Fonts are embedded as subsets with
 * a map back to Unicode, which lets Kazakh letters be searched, read aloud and copied. Text of any
 * length wraps and continues on the next page.
 */
export function receiptPdf(receipt: ReceiptDocument): Promise<Buffer> {
  const sheet = openSheet({
    language: receipt.language,
    title: `${receipt.title}: ${receipt.number}`,
    author: receipt.fund,
    createdAt: receipt.madeAt,
    head: receipt.number,
    footer: receipt.footer,
    small,
    rule,
  });
  drawHead(sheet, receipt);
  drawFacts(sheet, receipt.facts);
  drawChanges(sheet, receipt.changes);
  drawNext(sheet, receipt.next);
  if (receipt.seal) {
    drawCheck(sheet, receipt.check, receipt.seal.code);
    attachText(sheet, sealFileName, receipt.seal.place);
  }
  return closeSheet(sheet);
}

function drawHead(sheet: Sheet, receipt: ReceiptDocument): void {
  const { doc } = sheet;
  decorate(sheet, () => {
    drawMark(doc, left, 40, 40);
    writeLine(doc, receipt.cabinet, left + 52, 42, { ...strong, size: 14, colour: blue });
    writeLine(doc, receipt.fund, left + 52, 62, { ...soft, size: 10 });
    const line = doc.linearGradient(0, 0, area.pageWidth, 0);
    line.stop(0, blue).stop(0.55, sky).stop(1, sun);
    doc.rect(0, 96, area.pageWidth, 3).fill(line);
  });
  sheet.y = 124;
  drawParagraph(sheet, 'H1', receipt.title, { ...strong, size: 18 });
  drawParagraph(sheet, 'P', receipt.lead, { ...plain, size: 13 });
  sheet.y += 10;
}

function drawFacts(sheet: Sheet, facts: ReceiptDocument['facts']): void {
  const columns = [
    { x: left, width: 150 },
    { x: left + 166, width: width - 166 },
  ];
  const rows = facts.map(({ term, value }) => ({
    cells: [
      { text: term, face: soft, tag: 'TH', scope: 'Row' },
      { text: value, face: plain, tag: 'TD' },
    ] satisfies Cell[],
  }));
  drawTable(sheet, columns, rows);
  sheet.y += 14;
}

function drawChanges(sheet: Sheet, { title, words, rows }: ReceiptDocument['changes']): void {
  drawParagraph(sheet, 'H2', title, heading, 90);
  const columns = [
    { x: left + 8, width: 126 },
    { x: left + 146, width: 160 },
    { x: left + 318, width: width - 326 },
  ];
  const heads = [words.field, words.before, words.after].map((text): Cell => {
    return { text, face: strong, tag: 'TH', scope: 'Column' };
  });
  const value = (text: string | null, face: Face): Cell =>
    text === null ? { text: words.empty, face: soft, tag: 'TD' } : { text, face, tag: 'TD' };
  const fields = rows.map(({ field, before, after }) => ({
    cells: [
      { text: field, face: soft, tag: 'TH', scope: 'Row' },
      value(before, plain),
      value(after, strong),
    ] satisfies Cell[],
  }));
  drawTable(sheet, columns, [{ cells: heads, background: pale }, ...fields]);
  sheet.y += 18;
}

function drawNext(sheet: Sheet, { title, text }: ReceiptDocument['next']): void {
  const below = wrapText(sheet.doc, text, width, plain).length * lineHeight(plain);
  drawParagraph(sheet, 'H2', title, heading, Math.min(below + 6, 120));
  drawParagraph(sheet, 'P', text, plain);
}

/**
 * The width of a QR in points: 34 mm, so that one of its 65 or 69 modules has half a millimetre,
 * which cameras of phones read from paper.
 */
const qrWidth = 96;

/** The QR with the address of the check, and beside it what to do with it. */
function drawCheck(
  sheet: Sheet,
  { title, text, qrLabel, encode, origin }: ReceiptDocument['check'],
  code: string,
) {
  const { doc } = sheet;
  sheet.y += 12;
  if (sheet.y + qrWidth > area.bottom) turnPage(sheet);
  const top = sheet.y;
  const figure = openElement(sheet, 'Figure', { alt: qrLabel });
  fillElement(doc, figure, 'Figure', () => drawQr(doc, encode(`${origin}${checkPath(code)}`), left, top));
  figure.end();
  const beside = { x: left + qrWidth + 16, width: width - qrWidth - 16 };
  drawBeside(sheet, 'H2', title, beside, heading);
  drawBeside(sheet, 'P', text, beside, plain);
  drawBeside(sheet, 'P', `${origin}${paths.check}`, beside, strong);
  sheet.y = Math.max(sheet.y, top + qrWidth);
}

function drawBeside(sheet: Sheet, tag: string, text: string, { x, width }: Column, face: Face): void {
  const element = openElement(sheet, tag);
  fillElement(sheet.doc, element, tag, () => {
    for (const line of wrapText(sheet.doc, text, width, face)) {
      writeLine(sheet.doc, line, x, sheet.y, face);
      sheet.y += lineHeight(face);
    }
  });
  element.end();
  sheet.y += 4;
}

/** Draws a QR as wide as `qrWidth`, of which the white around it is a part. */
function drawQr(
  doc: PDFKit.PDFDocument,
  { size, runs }: ReturnType<ReceiptDocument['check']['encode']>,
  x: number,
  y: number,
): void {
  doc
    .save()
    .translate(x, y)
    .scale(qrWidth / size);
  doc.fillColor('#000000');
  // One text for a thousand rectangles: pdfkit takes milliseconds for as many calls.
  const rectangles = runs.map(([column, row, length]) => `${column} ${row} ${length} 1 re`);
  doc.addContent(`${rectangles.join('\n')}\nf`);
  doc.restore();
}

/**
 * Draws the cabinet's mark as on the pages: a sun over a wave on a blue tile. Its own size is 40 by
 * 40.
 */
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

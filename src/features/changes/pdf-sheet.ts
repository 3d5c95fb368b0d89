import PDFDocument from 'pdfkit';
import { type Face, lineHeight, registerFonts, widthOf, wrapText, writeLine } from './pdf-text.ts';

/** What repeats on every page of a document, and the metadata of the file. */
export interface SheetOptions {
  /** The language of all texts, for screen readers. */
  readonly language: string;
  readonly title: string;
  readonly author: string;
  readonly createdAt: Date;
  /** Printed at the top of every page except the first. */
  readonly head: string;
  /** The last line of every page. */
  readonly footer: string;
  readonly small: Face;
  /** The colour of lines. */
  readonly rule: string;
}

/** A tagged PDF that is drawn from top to bottom. */
export interface Sheet {
  readonly doc: PDFKit.PDFDocument;
  readonly body: PDFKit.PDFStructureElement;
  readonly options: SheetOptions;
  /** Distance from the top of the page at which the next element is drawn. */
  y: number;
}

/** The area of a page that text may fill, in points. A4 is 595.28 by 841.89. */
export const area = { left: 56, right: 539, top: 56, bottom: 780, width: 483, pageWidth: 595.28 } as const;

/** The height of the head of every page after the first, in points. */
export const headHeight = 32;

/** Opens a document with its first page. The caller draws that page's head. */
export function openSheet(options: SheetOptions): Sheet {
  const doc = new PDFDocument({
    size: 'A4',
    // Only this file adds pages. With margins, pdfkit would add pages itself.
    margin: 0,
    autoFirstPage: false,
    bufferPages: true,
    pdfVersion: '1.7',
    tagged: true,
    lang: options.language,
    displayTitle: true,
    info: { Title: options.title, Author: options.author, CreationDate: options.createdAt },
  });
  registerFonts(doc);
  const body = doc.struct('Document');
  doc.addStructure(body);
  doc.addPage();
  return { doc, body, options, y: area.top };
}

/** Opens the next page and draws its head. */
export function turnPage(sheet: Sheet): void {
  const { doc, options } = sheet;
  doc.addPage();
  sheet.y = area.top;
  decorate(sheet, () => {
    writeLine(doc, options.head, area.left, sheet.y, options.small);
    drawRule(sheet, sheet.y + 16);
  });
  sheet.y += headHeight;
}

/**
 * Attaches a small text to the file, as it is. pdfkit's own attachments are compressed and have a
 * checksum, so their bytes could not be filled in afterwards.
 */
export function attachText({ doc }: Sheet, name: string, text: string): void {
  const stream = doc.ref({ Type: 'EmbeddedFile', Subtype: 'application#2Fjose', Filter: [] });
  stream.end(Buffer.from(text));
  const file = doc.ref({
    Type: 'Filespec',
    F: new String(name),
    UF: new String(name),
    EF: { F: stream },
    AFRelationship: 'Supplement',
  });
  file.end(undefined);
  (doc as unknown as NamedFiles).addNamedEmbeddedFile(name, file);
}

/** A method of pdfkit that its types lack. */
interface NamedFiles {
  addNamedEmbeddedFile(name: string, file: PDFKit.PDFKitReference): void;
}

/** Draws the footer and the number on every page, and resolves with the file. */
export async function closeSheet(sheet: Sheet): Promise<Buffer> {
  const { doc, body, options } = sheet;
  const { footer, small } = options;
  body.end();
  const { count } = doc.bufferedPageRange();
  for (let page = 0; page < count; page++) {
    doc.switchToPage(page);
    decorate(sheet, () => {
      drawRule(sheet, area.bottom + 14);
      const number = `${page + 1} / ${count}`;
      const numberWidth = widthOf(doc, number, small);
      writeLine(doc, number, area.right - numberWidth, area.bottom + 22, small);
      wrapText(doc, footer, area.width - numberWidth - 24, small)
        .slice(0, 3)
        .forEach((line, index) => {
          writeLine(doc, line, area.left, area.bottom + 22 + index * lineHeight(small), small);
        });
    });
  }
  doc.end();
  const chunks: Buffer[] = [];
  for await (const chunk of doc) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/**
 * Draws a paragraph over the whole width. `keep` is the height that must follow it on the same
 * page.
 */
export function drawParagraph(sheet: Sheet, tag: string, text: string, face: Face, keep = 0): void {
  const { doc } = sheet;
  const lines = wrapText(doc, text, area.width, face);
  if (sheet.y + lineHeight(face) + keep > area.bottom) turnPage(sheet);
  const paragraph = openElement(sheet, tag);
  for (const linesOfPage of byPage(sheet, lines, face)) {
    fillElement(doc, paragraph, tag, () => {
      for (const line of linesOfPage) {
        writeLine(doc, line, area.left, sheet.y, face);
        sheet.y += lineHeight(face);
      }
    });
  }
  paragraph.end();
  sheet.y += 6;
}

/**
 * Cuts lines into what fits on this page, on the next, and so on. Adds a page between the parts.
 */
function* byPage(sheet: Sheet, lines: readonly string[], face: Face): Generator<readonly string[]> {
  let from = 0;
  while (from < lines.length) {
    const fitting = Math.max(1, Math.floor((area.bottom - sheet.y) / lineHeight(face)));
    yield lines.slice(from, from + fitting);
    from += fitting;
    if (from < lines.length) turnPage(sheet);
  }
}

/** Adds an element to the document, for what is drawn after this. The caller ends it. */
export function openElement(
  { doc, body }: Sheet,
  tag: string,
  options: PDFKit.Mixins.StructureElementOptions = {},
): PDFKit.PDFStructureElement {
  const element = doc.struct(tag, options);
  body.add(element);
  return element;
}

/** Adds what `draw` writes to `element`, on the current page. */
export function fillElement(
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

/**
 * Marks what `draw` draws as decoration, which screen readers skip: lines, the mark, what repeats
 * on each page.
 */
export function decorate({ doc }: Sheet, draw: () => void): void {
  doc.markContent('Artifact', { type: 'Layout' });
  draw();
  doc.endMarkedContent();
}

/** Draws a line over the whole width. */
export function drawRule({ doc, options }: Sheet, y: number): void {
  doc.lineWidth(0.75).moveTo(area.left, y).lineTo(area.right, y).stroke(options.rule);
}

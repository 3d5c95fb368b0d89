import {
  area,
  decorate,
  drawRule,
  fillElement,
  headHeight,
  openElement,
  type Sheet,
  turnPage,
} from './pdf-sheet.ts';
import { type Face, lineHeight, wrapText, writeLine } from './pdf-text.ts';

/** The position of a column, in points. */
export interface Column {
  readonly x: number;
  readonly width: number;
}

/** A cell of a table. All cells of a table use the same size of letters. */
export interface Cell {
  readonly text: string;
  readonly face: Face;
  readonly tag: 'TH' | 'TD';
  readonly scope?: 'Row' | 'Column';
}

export interface Row {
  readonly cells: readonly Cell[];
  readonly background?: string;
}

declare global {
  namespace PDFKit.Mixins {
    /** pdfkit has known this since 0.17, but its types have not. */
    interface StructureElementOptions {
      scope?: 'Row' | 'Column';
    }
  }
}

const rowPadding = 5;

/**
 * Draws a table. A row that fits on a page is never split. A longer row continues on the next page,
 * line by line.
 */
export function drawTable(sheet: Sheet, columns: readonly Column[], rows: readonly Row[]): void {
  const table = openElement(sheet, 'Table');
  for (const row of rows) drawRow(sheet, table, columns, row);
  table.end();
}

function drawRow(
  sheet: Sheet,
  table: PDFKit.PDFStructureElement,
  columns: readonly Column[],
  { cells, background }: Row,
): void {
  const { doc } = sheet;
  const texts = cells.map((cell, index) => wrapText(doc, cell.text, columns[index]?.width ?? 0, cell.face));
  const leading = Math.max(...cells.map(({ face }) => lineHeight(face)));
  const most = Math.max(...texts.map((lines) => lines.length));
  const height = most * leading + 2 * rowPadding;
  if (sheet.y + Math.min(height, area.bottom - area.top - headHeight) > area.bottom) turnPage(sheet);

  const row = doc.struct('TR');
  table.add(row);
  const elements = cells.map(({ tag, scope }) => {
    const element = doc.struct(tag, scope === undefined ? {} : { scope });
    row.add(element);
    return element;
  });
  for (let from = 0; ; ) {
    const fitting = Math.max(1, Math.floor((area.bottom - sheet.y - 2 * rowPadding) / leading));
    const drawn = Math.min(fitting, most - from);
    const drawnHeight = drawn * leading + 2 * rowPadding;
    decorate(sheet, () => {
      if (background !== undefined) doc.rect(area.left, sheet.y, area.width, drawnHeight).fill(background);
      drawRule(sheet, sheet.y + drawnHeight);
    });
    cells.forEach(({ tag, face }, index) => {
      const lines = texts[index]?.slice(from, from + drawn) ?? [];
      const element = elements[index];
      if (lines.length === 0 || element === undefined) return;
      fillElement(doc, element, tag, () => {
        lines.forEach((line, at) => {
          writeLine(doc, line, columns[index]?.x ?? area.left, sheet.y + rowPadding + at * leading, face);
        });
      });
    });
    sheet.y += drawnHeight;
    from += drawn;
    if (from >= most) break;
    turnPage(sheet);
  }
  row.end();
}

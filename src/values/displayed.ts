import { withoutMarks } from './cleaning.ts';

/** Line ends of every kind, with the blanks around them. */
const lineEnds = /[\s\u0085]*[\r\n\v\f\u0085\u2028\u2029][\s\u0085]*/g;

/**
 * A text from the fund as pages, receipts, PDFs and messages show it: one line, composed (NFC),
 * without marks that nobody sees, without blanks at the ends. For showing and comparing only; what
 * is stored stays as it came.
 *
 * The form shows this text because a browser gives exactly this text back. It drops line ends from
 * every input, and blanks at the ends from an e-mail input.
 */
export function displayed(text: string): string {
  return withoutMarks(text).normalize('NFC').replace(lineEnds, ' ').trim();
}

/** Whether a text that a form sent back is the one on file, as the form showed it. */
export function isAsDisplayed(sent: string, onFile: string): boolean {
  const text = displayed(sent);
  return text === displayed(onFile) || text === displayed(asOldFormsSent(onFile));
}

/**
 * Forms opened before texts were cleaned for display carried the stored text, and browsers glued
 * its lines together.
 */
function asOldFormsSent(onFile: string): string {
  return onFile.replace(/[\r\n]/g, '');
}

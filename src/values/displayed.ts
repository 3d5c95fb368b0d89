import { withoutMarks } from './cleaning.ts';

/** Line ends of every kind, with the spaces around them. */
const lineEnds = /[\s\u0085]*[\r\n\v\f\u0085\u2028\u2029][\s\u0085]*/g;

/**
 * A text from the fund as pages, receipts, PDFs and messages show it: one line, composed (NFC),
 * without invisible marks and without spaces at the ends. It is only for showing and comparing. The
 * stored text stays unchanged.
 *
 * The form shows this text because a browser sends exactly this text back. A browser removes line
 * ends from every input, and spaces at the ends from an e-mail input.
 */
export function displayed(text: string): string {
  return withoutMarks(text).normalize('NFC').replace(lineEnds, ' ').trim();
}

/** Whether a text that a form sent back is the value on file, as the form showed it. */
export function isAsDisplayed(sent: string, onFile: string): boolean {
  const text = displayed(sent);
  return text === displayed(onFile) || text === displayed(asOldFormsSent(onFile));
}

/**
 * Forms opened before texts were cleaned for display contained the stored text, and browsers joined
 * its lines.
 */
function asOldFormsSent(onFile: string): string {
  return onFile.replace(/[\r\n]/g, '');
}

import { join } from 'node:path';
import { memoOf } from '../../src/features/help/memo.tsx';
import { memoPdf } from '../../src/features/help/memo-pdf.ts';
import { root } from '../../src/platform/root.ts';
import { guideFile, guidePictures } from '../../src/texts/help/pictures.ts';
import { textsOf } from '../../src/texts/texts.ts';
import type { Language } from '../../src/values/language.ts';

/** Where the memo of a language is kept for the fund to publish. */
export function memoFile(language: Language): string {
  return join(root, `docs/memo.${language}.pdf`);
}

/** The memo of a language, from the texts and pictures as they are now. */
export function drawMemo(language: Language): Promise<Buffer> {
  const names = Object.keys(guidePictures).map((name) => guideFile(name, language));
  const files = new Map(names.map((name) => [name, join(root, 'src/features/help/pictures', name)]));
  return memoPdf(memoOf(textsOf(language), language, files));
}

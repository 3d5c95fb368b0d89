import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { languages } from '../../src/values/language.ts';
import { drawMemo, memoFile } from './memo.ts';

// Run by `npm run screens -- --memo`.

test.each(languages)('the memo in %s', async (language) => {
  const memo = await drawMemo(language);
  expect(memo.length).toBeGreaterThan(0);
  writeFileSync(memoFile(language), memo);
});

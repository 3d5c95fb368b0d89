import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import { injectClient } from '../support/client.ts';
import { readPage } from '../support/page.ts';
import { readPdf } from '../support/pdf-text.ts';
import { startService, type TestService } from '../support/service.ts';
import { drawMemo, memoFile } from './memo.ts';

let service: TestService;

beforeAll(async () => {
  service = await startService();
});

afterAll(() => service.close());

describe.each(languages)('the memo in %s', (language) => {
  const t = textsOf(language);

  test('is what its texts and pictures give: `npm run screens -- --memo` was not forgotten', async () => {
    const kept = readFileSync(memoFile(language));
    expect(kept.equals(await drawMemo(language))).toBe(true);
    expect(kept.length).toBeLessThanOrEqual(500_000);
  });

  test('has the parts of the memo of the fund, a number and a description for each picture', () => {
    const { lines, objects } = readPdf(readFileSync(memoFile(language)));
    const text = lines.join(' ');
    const parts = [
      t.help.memo.title,
      t.help.memo.what,
      t.help.memo.when,
      t.help.topics.key.question,
      t.requisites.asOf,
      t.help.topics.address.question,
      t.help.topics.phones.question,
      t.help.memo.accounts,
      t.help.topics['not-me'].question,
      t.receipt.title,
    ];
    let at = 0;
    for (const part of parts) {
      const found = text.indexOf(part, at);
      expect(found, part).toBeGreaterThanOrEqual(at);
      at = found;
    }
    expect(text).not.toMatch(/[{}]/);
    const figures = objects.match(/\/S \/Figure/g)?.length ?? 0;
    expect(figures).toBeGreaterThan(20);
    expect(lines.filter((line) => /^\d+$/.test(line)).map(Number)).toEqual(
      Array.from({ length: figures }, (_, index) => index + 1),
    );
    expect(objects.match(/\/Alt /g)).toHaveLength(figures);
    expect(objects).toContain(`/Lang (${language})`);
  });

  test('is linked from the guide, and served in the language of the page', async () => {
    const client = injectClient(service.server, undefined, [['language', language]]);
    const page = readPage((await client.get('/help')).body);
    expect(page.querySelector('main a[href="/help/memo.pdf"]')?.text).toBe(t.help.memo.open);
    const { status, headers, bytes } = await client.get('/help/memo.pdf');
    expect([status, headers['content-type']]).toEqual([200, 'application/pdf']);
    expect(bytes.equals(readFileSync(memoFile(language)))).toBe(true);
  });
});

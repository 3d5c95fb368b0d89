import { expect, test } from 'vitest';
import type { SealedContent } from '../../receipt/sealed-content.ts';
import type { ReceiptDocument } from './receipt-pdf.ts';
import { createReceiptPrinter } from './receipt-printer.ts';

const receipt = (number: number) => ({ number: String(number) }) as ReceiptDocument;

function printer(different: { readonly kept?: number; readonly fails?: boolean } = {}) {
  const counts = { made: 0, atOnce: 0, most: 0, now: 0 };
  const unsealed = createReceiptPrinter(undefined, {
    burst: 3,
    perMinute: 3,
    kept: different.kept ?? 50,
    now: () => counts.now,
    draw: async ({ number }) => {
      counts.atOnce += 1;
      counts.most = Math.max(counts.most, counts.atOnce);
      await Promise.resolve();
      counts.atOnce -= 1;
      counts.made += 1;
      if (different.fails && counts.made === 1) throw new Error('no paper');
      return Buffer.from(number);
    },
  });
  const print = (session: string, one: ReceiptDocument) => unsealed.print(session, {} as SealedContent, one);
  return { counts, print };
}

test('the same receipt is drawn once, however often and for whomever it is requested', async () => {
  const { counts, print } = printer();
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => print(`s${n % 7}`, receipt(1))));
  expect(answers.every((answer) => answer.ok && answer.pdf.toString() === '1')).toBe(true);
  expect(counts.made).toBe(1);
});

test('a session has a limit, one receipt is drawn at a time, and other sessions are still served', async () => {
  const { counts, print } = printer();
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => print('one', receipt(n))));
  expect(answers.filter(({ ok }) => ok)).toHaveLength(3);
  expect(answers.find(({ ok }) => !ok)).toEqual({ ok: false, retryAfter: 20 });
  expect((await print('other', receipt(99))).ok).toBe(true);
  expect([counts.made, counts.most]).toEqual([4, 1]);
  counts.now += 20_000;
  expect((await print('one', receipt(50))).ok).toBe(true);
  expect((await print('one', receipt(51))).ok).toBe(false);
});

test('only the latest receipts are kept, and a failed one is drawn again', async () => {
  const few = printer({ kept: 1 });
  for (const number of [1, 2, 1]) await few.print('one', receipt(number));
  expect(few.counts.made).toBe(3);
  const failing = printer({ fails: true });
  await expect(failing.print('one', receipt(1))).rejects.toThrow('no paper');
  expect((await failing.print('one', receipt(1))).ok).toBe(true);
});

import { createHash } from 'node:crypto';
import { createRateLimit } from '../../platform/rate-limit.ts';
import { type ReceiptDocument, receiptPdf } from './receipt-pdf.ts';

/** Receipts as PDF, so many for each session. */
export interface ReceiptPrinter {
  /** The PDF, or the seconds until this session may have another one drawn. */
  print(
    session: string,
    receipt: ReceiptDocument,
  ): Promise<
    { readonly ok: true; readonly pdf: Buffer } | { readonly ok: false; readonly retryAfter: number }
  >;
}

export interface ReceiptPrinterOptions {
  readonly draw: (receipt: ReceiptDocument) => Promise<Buffer>;
  /** Made for one session at once, and a minute after that. */
  readonly burst: number;
  readonly perMinute: number;
  /** The latest ones, kept to be sent again without being drawn again. Each has 30 to 60 KB. */
  readonly kept: number;
  /** Milliseconds, never going back. */
  readonly now: () => number;
}

const usual: ReceiptPrinterOptions = {
  draw: receiptPdf,
  burst: 10,
  perMinute: 10,
  kept: 50,
  now: () => performance.now(),
};

/**
 * A PDF takes 25 to 45 ms of the thread that answers everybody. So one is drawn at a time, a
 * session gets ten a minute, and what was drawn lately is sent again as it is: what cost nothing is
 * not counted.
 */
export function createReceiptPrinter(different: Partial<ReceiptPrinterOptions> = {}): ReceiptPrinter {
  const { draw, burst, perMinute, kept, now } = { ...usual, ...different };
  const limit = createRateLimit({ burst, perSecond: perMinute / 60, keys: 20_000 }, now);
  const drawn = new Map<string, Promise<Buffer>>();
  let last: Promise<unknown> = Promise.resolve();
  return {
    async print(session, receipt) {
      const key = createHash('sha256').update(JSON.stringify(receipt)).digest('base64');
      const before = drawn.get(key);
      if (before) return { ok: true, pdf: await before };
      const taken = limit.take(session);
      if (!taken.ok) return taken;
      const drawing = last.then(() => draw(receipt));
      last = drawing.catch(() => undefined);
      drawn.set(key, drawing);
      drawing.catch(() => drawn.delete(key));
      if (drawn.size > kept) drawn.delete(drawn.keys().next().value ?? key);
      return { ok: true, pdf: await drawing };
    },
  };
}

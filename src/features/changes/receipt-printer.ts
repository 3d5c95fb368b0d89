import { createHash } from 'node:crypto';
import { createRateLimit } from '../../platform/rate-limit.ts';
import type { SealedContent } from '../../receipt/sealed-content.ts';
import type { ReceiptSealer } from '../receipt-seal/sealer.ts';
import type { ReceiptDocument } from './receipt-pdf.ts';

/** Draws receipts as PDF, with a limit for each session. */
export interface ReceiptPrinter {
  /**
   * The PDF with its seal, or the seconds until this session may have another one drawn.
   * @param sealed what the seal says
   */
  print(
    session: string,
    sealed: SealedContent,
    receipt: Omit<ReceiptDocument, 'seal'>,
  ): Promise<
    { readonly ok: true; readonly pdf: Buffer } | { readonly ok: false; readonly retryAfter: number }
  >;
}

export interface ReceiptPrinterOptions {
  readonly draw: (receipt: ReceiptDocument) => Promise<Buffer>;
  /** Receipts that one session may have at once, and in each minute after that. */
  readonly burst: number;
  readonly perMinute: number;
  /**
   * Number of the latest receipts that are kept and sent again without drawing. Each has 40 to 70
   * KB.
   */
  readonly kept: number;
  /** Milliseconds, never going back. */
  readonly now: () => number;
}

const usual: ReceiptPrinterOptions = {
  // Loaded at the first receipt: it takes time at the start, and memory.
  draw: async (receipt) => (await import('./receipt-pdf.ts')).receiptPdf(receipt),
  burst: 10,
  perMinute: 10,
  kept: 50,
  now: () => performance.now(),
};

/**
 * A PDF takes 25 to 50 ms of the thread that answers everybody. For this reason one is drawn at a
 * time and a session gets ten a minute. A recently drawn file is sent again and does not count.
 */
export function createReceiptPrinter(
  sealer: ReceiptSealer | undefined,
  different: Partial<ReceiptPrinterOptions> = {},
): ReceiptPrinter {
  const { draw, burst, perMinute, kept, now } = { ...usual, ...different };
  const limit = createRateLimit({ burst, perSecond: perMinute / 60, keys: 20_000 }, now);
  const drawn = new Map<string, Promise<Buffer>>();
  let last: Promise<unknown> = Promise.resolve();
  return {
    async print(session, sealed, receipt) {
      const key = createHash('sha256')
        .update(JSON.stringify([sealed, receipt]))
        .digest('base64');
      const before = drawn.get(key);
      if (before) return { ok: true, pdf: await before };
      const taken = limit.take(session);
      if (!taken.ok) return taken;
      const drawing = last.then(() =>
        sealer ? sealer.seal(sealed, (seal) => draw({ ...receipt, seal })) : draw(receipt),
      );
      last = drawing.catch(() => undefined);
      drawn.set(key, drawing);
      drawing.catch(() => drawn.delete(key));
      if (drawn.size > kept) drawn.delete(drawn.keys().next().value ?? key);
      return { ok: true, pdf: await drawing };
    },
  };
}

import type { JSONWebKeySet } from 'jose';
import type { ReceiptHead } from '../../receipt/head.ts';
import type { SealedContent } from '../../receipt/sealed-content.ts';

/** What a drawing has of its seal. */
export interface DrawnSeal {
  /** The place of the seal, which stands somewhere in the file, unchanged. */
  readonly place: string;
  /** The code of the receipt, for its QR. The seal covers its drawing. */
  readonly code: string;
}

/** Seals receipts with the keys of this installation. */
export interface ReceiptSealer {
  /** The public keys, as they are published. */
  published(): Promise<JSONWebKeySet>;
  /**
   * Draws a file with a place for the seal, and seals it.
   * @param draw draws the file with these parts
   */
  seal(content: SealedContent, draw: (parts: DrawnSeal) => Promise<Buffer>): Promise<Buffer>;
  /**
   * Signs the head of a day of the log.
   * @param former the signed head of the day before; undefined for the first
   */
  signHead(head: Omit<ReceiptHead, 'previous'>, former: string | undefined): Promise<string>;
}

/**
 * Creates a sealer. Keys are read, and the library is loaded, with the first receipt.
 * @param texts the keys as `readSealKeys` takes them
 */
export function createReceiptSealer(texts: readonly [string, ...string[]]): ReceiptSealer {
  let loading: ReturnType<typeof load> | undefined;
  const loaded = () => {
    loading ??= load(texts);
    return loading;
  };
  return {
    published: async () => (await loaded()).keys.published,
    async seal(content, draw) {
      const { keys, emptyPlace, sealLength, sealFile, signCode } = await loaded();
      const place = emptyPlace(await sealLength(keys, content));
      const file = await draw({ place, code: await signCode(keys, content) });
      return Buffer.from(await sealFile(keys, file, content));
    },
    async signHead(head, former) {
      const { keys, signHead, digestOfHead } = await loaded();
      const previous = former === undefined ? null : await digestOfHead(former);
      return signHead(keys, { ...head, previous });
    },
  };
}

async function load(texts: readonly [string, ...string[]]) {
  const [
    { readSealKeys },
    { emptyPlace },
    { sealLength, sealFile, signCode },
    { signHead },
    { digestOfHead },
  ] = await Promise.all([
    import('./seal-keys.ts'),
    import('../../receipt/place.ts'),
    import('./seal.ts'),
    import('../receipt-log/head.ts'),
    import('../../receipt/head.ts'),
  ]);
  const keys = await readSealKeys(texts);
  return { keys, emptyPlace, sealLength, sealFile, signCode, signHead, digestOfHead };
}

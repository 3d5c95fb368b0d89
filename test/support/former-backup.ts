import { createCipheriv, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Keys } from '../../src/platform/keys.ts';

// The former code that wrote backups in the old format (docs/decisions/172), which must stay
// readable.

const magic = 'kabinet-backup-1';
const pieceLength = 64 * 1024;

/** Writes a backup in the former format. */
export async function writeFormer(path: string, keys: Keys, source: AsyncIterable<Buffer>): Promise<void> {
  const key = randomBytes(32);
  const sealedKey = keys.seal('backup', magic, key.toString('base64')).toString('base64');
  const header = Buffer.from(`${magic}\n${sealedKey}\n`);
  await pipeline(
    Readable.from(source),
    createGzip({ level: 4 }),
    (pieces: AsyncIterable<Buffer>) => encrypt(pieces, key, header),
    createWriteStream(path),
  );
}

async function* encrypt(source: AsyncIterable<Buffer>, key: Buffer, header: Buffer): AsyncGenerator<Buffer> {
  const seal = (piece: Buffer, index: number, last: boolean): Buffer => {
    const cipher = createCipheriv('aes-256-gcm', key, nonce(index, last)).setAAD(header);
    return Buffer.concat([cipher.update(piece), cipher.final(), cipher.getAuthTag()]);
  };
  yield header;
  for await (const { piece, index, last } of cut(source)) yield seal(piece, index, last);
}

async function* cut(
  source: AsyncIterable<Buffer>,
): AsyncGenerator<{ readonly piece: Buffer; readonly index: number; readonly last: boolean }> {
  let held: Buffer = Buffer.alloc(0);
  let index = 0;
  for await (const more of source) {
    held = held.length === 0 ? more : Buffer.concat([held, more]);
    for (; held.length > pieceLength; held = held.subarray(pieceLength), index += 1)
      yield { piece: held.subarray(0, pieceLength), index, last: false };
  }
  yield { piece: held, index, last: true };
}

function nonce(index: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt8(last ? 1 : 0, 0);
  bytes.writeBigUInt64BE(BigInt(index), 4);
  return bytes;
}

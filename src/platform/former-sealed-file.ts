import { createDecipheriv } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Keys } from './keys.ts';
import { cutOrAltered, noKeyOpens } from './sealed-file-error.ts';

/** The first line of a file in the former format. */
export const formerMagic = 'kabinet-backup-1';

const pieceLength = 64 * 1024;
const tagLength = 16;
/** The greatest length of the magic line and the file's sealed key (base64), line ends included. */
const longestHeader = 512;

/**
 * Reads the former format of backups (docs/decisions/172): AES-256-GCM in pieces of 64 KiB. Each
 * file has its own key, which the service's key seals. The nonce counts the pieces and marks the
 * last one. Nothing writes this format any more: delete this file when no such backup is left.
 * @throws SealedFileError
 */
export async function* decryptFormer(path: string, keys: Keys): AsyncGenerator<Buffer> {
  const { header, key } = await readHeader(path, keys);
  for await (const { piece, index, last } of cut(createReadStream(path, { start: header.length }))) {
    if (piece.length < tagLength) throw cutOrAltered();
    const decipher = createDecipheriv('aes-256-gcm', key, nonce(index, last), { authTagLength: tagLength });
    decipher.setAAD(header).setAuthTag(piece.subarray(-tagLength));
    const plain = decipher.update(piece.subarray(0, -tagLength));
    try {
      decipher.final();
    } catch (error) {
      throw cutOrAltered(error);
    }
    yield plain;
  }
}

async function readHeader(path: string, keys: Keys): Promise<{ header: Buffer; key: Buffer }> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(longestHeader), 0, longestHeader, 0);
    const [, sealedKey = ''] = buffer.toString('latin1', 0, bytesRead).split('\n', 2);
    const key = keys.open('backup', formerMagic, Buffer.from(sealedKey, 'base64'));
    if (key === undefined) throw noKeyOpens(path);
    return {
      header: buffer.subarray(0, formerMagic.length + sealedKey.length + 2),
      key: Buffer.from(key, 'base64'),
    };
  } finally {
    await file.close();
  }
}

/**
 * Cuts the source into pieces of one length, tags included. The last piece may be shorter or empty.
 */
async function* cut(
  source: AsyncIterable<Buffer>,
): AsyncGenerator<{ readonly piece: Buffer; readonly index: number; readonly last: boolean }> {
  const length = pieceLength + tagLength;
  let held: Buffer = Buffer.alloc(0);
  let index = 0;
  for await (const more of source) {
    held = held.length === 0 ? more : Buffer.concat([held, more]);
    for (; held.length > length; held = held.subarray(length), index += 1)
      yield { piece: held.subarray(0, length), index, last: false };
  }
  yield { piece: held, index, last: true };
}

function nonce(index: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt8(last ? 1 : 0, 0);
  bytes.writeBigUInt64BE(BigInt(index), 4);
  return bytes;
}

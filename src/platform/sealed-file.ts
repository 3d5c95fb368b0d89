import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { Keys } from './keys.ts';

/** The file is none of ours, was cut or altered, or no key opens it. */
export class SealedFileError extends Error {
  override readonly name = 'SealedFileError';
}

const magic = 'kabinet-backup-1';
const pieceLength = 64 * 1024;
const tagLength = 16;
/** The length of the magic line and the sealed key of the file, in base64, with their line ends. */
const longestHeader = 512;

/**
 * Writes what `source` gives into a file that only a holder of `SECRET_KEYS` can read: gzip, then AES-256-GCM in pieces of
 * 64 KiB under a key of the file's own, which the service's key seals. The nonce counts the pieces and marks the last, so
 * none can be altered, moved or cut off. The file appears under its name when it is whole and on disk.
 */
export async function writeSealed(path: string, keys: Keys, source: AsyncIterable<Buffer>): Promise<void> {
  const key = randomBytes(32);
  const sealedKey = keys.seal('backup', magic, key.toString('base64')).toString('base64');
  const header = Buffer.from(`${magic}\n${sealedKey}\n`);
  const unfinished = `${path}.part`;
  try {
    await pipeline(
      Readable.from(source),
      createGzip({ level: 4 }),
      (pieces: AsyncIterable<Buffer>) => encrypt(pieces, key, header),
      createWriteStream(unfinished, { mode: 0o600, flush: true }),
    );
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/**
 * Reads what `writeSealed` wrote. Nothing is given out that was not authenticated, but only the end shows that the file is
 * whole: whoever must not act on half of it reads it twice.
 * @throws SealedFileError
 */
export async function* readSealed(path: string, keys: Keys): AsyncGenerator<Buffer> {
  const { header, key } = await readHeader(path, keys);
  const decrypted = Readable.from(decrypt(createReadStream(path, { start: header.length }), key, header));
  const gunzip = createGunzip();
  // The reader below meets the error of either.
  pipeline(decrypted, gunzip).catch((error: Error) => gunzip.destroy(error));
  yield* gunzip;
}

async function readHeader(path: string, keys: Keys): Promise<{ header: Buffer; key: Buffer }> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(longestHeader), 0, longestHeader, 0);
    const start = buffer.subarray(0, bytesRead).toString('latin1');
    const [name, sealedKey = ''] = start.split('\n', 2);
    if (name !== magic) throw new SealedFileError(`${path} is no backup of this service`);
    const key = keys.open('backup', magic, Buffer.from(sealedKey, 'base64'));
    if (key === undefined)
      throw new SealedFileError(
        `no key of SECRET_KEYS opens ${path}: it was made with another, or its beginning was altered`,
      );
    return {
      header: buffer.subarray(0, name.length + sealedKey.length + 2),
      key: Buffer.from(key, 'base64'),
    };
  } finally {
    await file.close();
  }
}

async function* encrypt(source: AsyncIterable<Buffer>, key: Buffer, header: Buffer): AsyncGenerator<Buffer> {
  const seal = (piece: Buffer, index: number, last: boolean): Buffer => {
    const cipher = createCipheriv('aes-256-gcm', key, nonce(index, last)).setAAD(header);
    return Buffer.concat([cipher.update(piece), cipher.final(), cipher.getAuthTag()]);
  };
  yield header;
  for await (const { piece, index, last } of cut(source, pieceLength)) yield seal(piece, index, last);
}

async function* decrypt(source: AsyncIterable<Buffer>, key: Buffer, header: Buffer): AsyncGenerator<Buffer> {
  for await (const { piece, index, last } of cut(source, pieceLength + tagLength)) {
    if (piece.length < tagLength) throw cutOrAltered();
    const decipher = createDecipheriv('aes-256-gcm', key, nonce(index, last), { authTagLength: tagLength });
    decipher.setAAD(header).setAuthTag(piece.subarray(-tagLength));
    const plain = decipher.update(piece.subarray(0, -tagLength));
    try {
      decipher.final();
    } catch {
      throw cutOrAltered();
    }
    yield plain;
  }
}

function cutOrAltered(): SealedFileError {
  return new SealedFileError('the backup was cut or altered');
}

/** Pieces of one length; the last may be shorter, down to nothing. */
async function* cut(
  source: AsyncIterable<Buffer>,
  length: number,
): AsyncGenerator<{ readonly piece: Buffer; readonly index: number; readonly last: boolean }> {
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

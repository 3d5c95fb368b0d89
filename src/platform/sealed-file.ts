import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { createGunzip, createGzip } from 'node:zlib';
import { Decrypter, Encrypter } from 'age-encryption';
import { decryptFormer, formerMagic } from './former-sealed-file.ts';
import type { Keys } from './keys.ts';
import { cutOrAltered, noKeyOpens, SealedFileError } from './sealed-file-error.ts';

const ageMagic = 'age-encryption.org/v1';
const purpose = 'backup-passphrase';
/**
 * The base-2 logarithm of scrypt's cost. The passphrase holds 128 bits from HKDF and cannot be
 * guessed, so a higher cost adds no protection. age's default of 18 would take seconds for each
 * key.
 */
const scryptWorkFactor = 10;

/** The passphrase that `age -d` asks for to open what `writeSealed` writes. */
export function filePassphrase(keys: Keys): string {
  return keys.passphrases(purpose)[0];
}

/**
 * Writes `source` into a file that only a holder of `SECRET_KEYS` can read: gzip inside an age file
 * with a passphrase (docs/decisions/172). No part of it can be altered, moved or cut off unnoticed.
 * The file gets its name when it is complete and on disk.
 */
export async function writeSealed(path: string, keys: Keys, source: AsyncIterable<Buffer>): Promise<void> {
  const unfinished = `${path}.part`;
  try {
    await pipeline(
      Readable.from(source),
      createGzip({ level: 4 }),
      (packed: AsyncIterable<Buffer>) => encrypt(packed, filePassphrase(keys)),
      createWriteStream(unfinished, { mode: 0o600, flush: true }),
    );
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/**
 * Reads what `writeSealed` wrote, in today's or the former format. Every byte that it yields is
 * authenticated, but only the end shows that the file is complete. Read the file twice where half
 * of it must not be acted on.
 * @throws SealedFileError
 */
export async function* readSealed(path: string, keys: Keys): AsyncGenerator<Buffer> {
  const decrypt = decryptionOf(path, await readStart(path));
  const gunzip = createGunzip();
  // Errors of both streams surface in the reader below.
  pipeline(Readable.from(decrypt(path, keys)), gunzip).catch((error: Error) => gunzip.destroy(error));
  yield* gunzip;
}

type Decryption = (path: string, keys: Keys) => AsyncGenerator<Uint8Array>;

function decryptionOf(path: string, start: string): Decryption {
  if (start.startsWith(`${ageMagic}\n`)) return decryptAge;
  if (start.startsWith(`${formerMagic}\n`)) return decryptFormer;
  throw new SealedFileError(`${path} is no backup of this service`);
}

/** Reads enough of the file to tell its format. */
async function readStart(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(32), 0, 32, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function* encrypt(packed: AsyncIterable<Buffer>, passphrase: string): AsyncGenerator<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(scryptWorkFactor);
  yield* await encrypter.encrypt(streamOf(packed));
}

/** Decrypts with passphrases only: anybody could have encrypted a file to a public key. */
async function* decryptAge(path: string, keys: Keys): AsyncGenerator<Uint8Array> {
  const decrypter = new Decrypter();
  for (const passphrase of keys.passphrases(purpose)) decrypter.addPassphrase(passphrase);
  const file = createReadStream(path);
  try {
    const plain = await decrypter.decrypt(streamOf(file)).catch((error: unknown) => {
      throw isOfSystem(error) ? error : noKeyOpens(path, error);
    });
    yield* plain;
  } catch (error) {
    throw isOfSystem(error) || error instanceof SealedFileError ? error : cutOrAltered(error);
  } finally {
    file.destroy();
  }
}

/** Converts the stream to the browser's type, which the library declares. */
function streamOf(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  return NodeReadableStream.from(source) as ReadableStream<Uint8Array>;
}

/** True for an error such as EIO of a failing disk, which says nothing about the file. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

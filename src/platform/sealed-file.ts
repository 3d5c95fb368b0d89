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
 * The base-2 logarithm of scrypt's cost. The passphrase is 128 bits of HKDF and no words that could
 * be guessed, so a higher cost protects nothing: age's 18 would take seconds for each key.
 */
const scryptWorkFactor = 10;

/** The passphrase that `age -d` asks for to open what `writeSealed` writes. */
export function filePassphrase(keys: Keys): string {
  return keys.passphrases(purpose)[0];
}

/**
 * Writes what `source` gives into a file that only a holder of `SECRET_KEYS` can read: gzip in an
 * age file under a passphrase (docs/decisions/172). No piece of it can be altered, moved or cut
 * off. The file appears under its name when it is whole and on disk.
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
 * Reads what `writeSealed` wrote, today or in its former format. Nothing is given out that was not
 * authenticated, but only the end shows that the file is whole: whoever must not act on half of it
 * reads it twice.
 * @throws SealedFileError
 */
export async function* readSealed(path: string, keys: Keys): AsyncGenerator<Buffer> {
  const decrypt = decryptionOf(path, await readStart(path));
  const gunzip = createGunzip();
  // The reader below meets the error of either.
  pipeline(Readable.from(decrypt(path, keys)), gunzip).catch((error: Error) => gunzip.destroy(error));
  yield* gunzip;
}

type Decryption = (path: string, keys: Keys) => AsyncGenerator<Uint8Array>;

function decryptionOf(path: string, start: string): Decryption {
  if (start.startsWith(`${ageMagic}\n`)) return decryptAge;
  if (start.startsWith(`${formerMagic}\n`)) return decryptFormer;
  throw new SealedFileError(`${path} is no backup of this service`);
}

/** Enough of the file to tell its format. */
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

/** Tries passphrases alone: a file that was encrypted to a public key can be made by anybody. */
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

/** In the type that the library names, which is the browser's. */
function streamOf(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  return NodeReadableStream.from(source) as ReadableStream<Uint8Array>;
}

/** Such as EIO of a bad disk, which says nothing of the file. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

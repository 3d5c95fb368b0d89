/** The file has another format, was truncated or altered, or no key opens it. */
export class SealedFileError extends Error {
  override readonly name = 'SealedFileError';
}

export function cutOrAltered(cause?: unknown): SealedFileError {
  return new SealedFileError('the backup was cut or altered', { cause });
}

export function noKeyOpens(path: string, cause?: unknown): SealedFileError {
  return new SealedFileError(
    `no key of SECRET_KEYS opens ${path}: it was made with another, or its beginning was altered`,
    { cause },
  );
}

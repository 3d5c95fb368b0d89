/** Something about the embedded PostgreSQL that the operator can mend; the message says what and how. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

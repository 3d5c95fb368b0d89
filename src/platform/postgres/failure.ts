import { DatabaseAway, Overloaded } from '../outage.ts';

/**
 * Class 08: the connection; 57P01 to 57P03: the server goes or comes; 25006: it only reads; 53100,
 * 53300: full; the rest: the network.
 */
const awayCode =
  /^(?:08...|57P0[1-3]|25006|53100|53300|E(?:CONNREFUSED|CONNRESET|PIPE|NOENT|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN|NOTFOUND))$/;
/** Errors of the driver have no code. */
const awayMessage =
  /^(?:Connection terminated|Client has encountered|Client was closed|Query read timeout|timeout expired)/;
/** query_canceled: the statement took longer than it may. */
const tooLong = '57014';

/**
 * deadlock_detected and serialization_failure: the server has undone all, and the next try may go
 * well.
 */
export function isUndone(error: unknown): boolean {
  return error instanceof Error && /^(?:40P01|40001)$/.test(sqlStateOf(error) ?? '');
}

/** What the error means for those who wait: the outage that it is, or itself. */
export function asOutage(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = sqlStateOf(error);
  if (code === tooLong) return new Overloaded('a statement took too long', { cause: error });
  return (code !== undefined && awayCode.test(code)) || awayMessage.test(error.message)
    ? new DatabaseAway(code, { cause: error })
    : error;
}

export function sqlStateOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

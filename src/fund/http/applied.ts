import type { Answer } from '../../platform/http-client.ts';
import { SenselessAnswer } from '../errors.ts';
import type { AppliedChange, AppliedPage, AppliedQuestion } from '../port.ts';
import { isTransientUnlessMissing, recordOf, successOf } from './answers.ts';
import type { FundLine } from './line.ts';
import { iinOf, readChangedFields } from './read-holder.ts';
import type { Reader } from './reading.ts';

const id = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Asks for one page of the changes that the fund has applied. Undefined when it does not have this
 * request (404).
 */
export function askApplied(
  reads: FundLine,
  { day, iin }: AppliedQuestion,
  cursor: string | null,
  most: number,
): Promise<AppliedPage | undefined> {
  const only = iin === undefined ? {} : { iin };
  const after = cursor === null ? {} : { after: cursor };
  return reads.ask(
    { method: 'POST', path: ['changes-applied'], json: { day, most, ...only, ...after }, repeatable: true },
    appliedAnswer,
    { outage: isTransientUnlessMissing },
  );
}

/** @throws SenselessAnswer when it is not such a list */
function appliedAnswer(answer: Answer, reader: Reader): AppliedPage | undefined {
  if (answer.status === 404) return undefined;
  const { changes: rows, cursor } = recordOf(successOf(answer, reader));
  if (!Array.isArray(rows) || !(cursor === null || (typeof cursor === 'string' && cursor.length <= 100)))
    throw new SenselessAnswer('FUND_ANSWER');
  const changes = rows.flatMap((row, at) => readApplied(reader, `changes[${at}]`, row) ?? []);
  return { changes, unread: rows.length - changes.length, cursor };
}

/** One of them. Undefined when it cannot be read as a whole: half a change is another change. */
function readApplied(reader: Reader, path: string, row: unknown): AppliedChange | undefined {
  const given = reader.object(path, row);
  if (!given) return undefined;
  const { changeId, sequence } = given;
  const iin = iinOf(reader, `${path}.iin`, given['iin']);
  const madeAt = reader.moment(`${path}.madeAt`, given['madeAt']);
  const appliedAt = reader.moment(`${path}.at`, given['at']);
  const named = reader.object(`${path}.fields`, given['fields']);
  const fields = named && readChangedFields(reader, `${path}.fields`, named);
  if (typeof changeId !== 'string' || !id.test(changeId)) return reader.record(`${path}.changeId`, 'unknown');
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence))
    return reader.record(`${path}.sequence`, 'not a number');
  if (iin === undefined || !madeAt || !appliedAt || fields === undefined) return undefined;
  return { changeId, iin, fields, sequence, madeAt, appliedAt };
}

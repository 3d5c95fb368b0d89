import type { Answer } from '../../platform/http-client.ts';
import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import { FundUnavailable, SenselessAnswer } from '../errors.ts';
import type { BranchChangePage, FundAnswer, FundHolder } from '../port.ts';
import { fundRefusals } from '../refusals.ts';
import { iinOf, readHolder } from './read-holder.ts';
import type { Reader } from './reading.ts';

/**
 * The meaning of the answers in docs/fund-api.yaml. An answer is final only if that page names it,
 * with its body. A gateway on the way also answers 400, 409 or 413, which is not a refusal by the
 * fund. Everything else throws `FundUnavailable` and is tried again.
 */

/**
 * The form of the codes in `error`. A program that is not the fund writes `Conflict`, or a
 * sentence.
 */
const errorCode = /^[a-z]+(?:-[a-z]+)*$/;

/**
 * Whether a status says nothing about one holder: the connection to the fund, or the whole fund,
 * does not work.
 */
export function isTransient({ status, body }: Answer): boolean {
  if (status === 404) return errorOf(body) === undefined;
  return status >= 500 || (status >= 300 && status < 400) || [401, 403, 407, 408, 425, 429].includes(status);
}

/** The same for a request that a fund need not have: a 404 is then an answer, whatever its body. */
export function isTransientUnlessMissing(answer: Answer): boolean {
  return answer.status !== 404 && isTransient(answer);
}

/** The holder. Undefined when the fund has none with this IIN. */
export function holderAnswer(
  answer: Answer,
  reader: Reader,
  sinceElsewhere: number | undefined,
): FundHolder | undefined {
  if (isMissing(answer)) return undefined;
  const holder = readHolder(reader, successOf(answer, reader), sinceElsewhere);
  if (reader.faults.some(({ fault }) => fault === 'lost characters'))
    throw new SenselessAnswer('FUND_CHARSET');
  if (!holder) throw new SenselessAnswer('FUND_ANSWER');
  return holder;
}

/**
 * The fund's answer to a change. Throws `Undeliverable` when the fund says that it cannot
 * understand the change.
 */
export function changeAnswer(answer: Answer, reader: Reader): FundAnswer {
  const { status, body } = answer;
  if (status >= 200 && status < 300) return stateAnswer(answer, reader);
  const error = errorOf(body);
  if (status === 409 || status === 422) {
    const { state, reason } = recordOf(body);
    if (state === 'refused') return refusal(reader, reason);
    if (error === 'changed-elsewhere' || error === 'out-of-order') return { kind: error };
    if (error !== undefined) return refusal(reader, error);
  }
  if (status === 400 && error === 'malformed') throw new Undeliverable(`FUND_HTTP_${status}`);
  throw new FundUnavailable(`FUND_HTTP_${status}`);
}

/**
 * The fund has taken note that everything on file is right, or does not keep such a thing. Throws
 * `Undeliverable` when it has no such holder, or cannot understand it.
 */
export function confirmationAnswer({ status, body }: Answer): void {
  if (status >= 200 && status < 300) return;
  const error = errorOf(body);
  if (status === 404 && error === 'no-such-question') return;
  if (status === 404 && error === 'unknown-holder') throw new Undeliverable(error);
  if (status === 400 && error === 'malformed') throw new Undeliverable(`FUND_HTTP_${status}`);
  throw new FundUnavailable(`FUND_HTTP_${status}`);
}

/** The state of a change at the fund. Undefined when it never arrived. */
export function foundAnswer(answer: Answer, reader: Reader): ReturnType<typeof stateAnswer> | undefined {
  return isMissing(answer) ? undefined : stateAnswer(answer, reader);
}

/**
 * The holders whom branches changed. Starts from the beginning when the fund no longer keeps the
 * cursor.
 */
export function elsewhereAnswer(answer: Answer, reader: Reader): BranchChangePage {
  if (answer.status >= 400 && errorOf(answer.body) === 'cursor-too-old') {
    reader.record('cursor', 'unknown');
    return { holders: [], cursor: null };
  }
  const { holders, cursor } = recordOf(successOf(answer, reader));
  if (!Array.isArray(holders) || !(cursor === null || (typeof cursor === 'string' && cursor.length <= 100)))
    throw new SenselessAnswer('FUND_ANSWER');
  return {
    cursor,
    holders: holders.flatMap((row: unknown, index) => {
      const { iin, revision } = recordOf(row);
      const read = iinOf(reader, `holders[${index}].iin`, iin);
      const version = reader.count(`holders[${index}].revision`, revision);
      return read === undefined || version === undefined ? [] : { iin: read, version };
    }),
  };
}

/**
 * Whether the fund says that it works. A fund that does not have this request (404) counts as
 * reached.
 */
export function healthAnswer({ status }: Answer): 'works' | 'reached' {
  if (status === 404) return 'reached';
  if (status < 200 || status >= 300) throw new FundUnavailable(`FUND_HTTP_${status}`);
  return 'works';
}

function stateAnswer(
  answer: Answer,
  reader: Reader,
): Extract<FundAnswer, { kind: 'applied' | 'received' | 'refused' }> {
  const { state, reason, at } = recordOf(successOf(answer, reader));
  switch (state) {
    case 'applied':
      return { kind: 'applied', at: reader.moment('at', at) ?? new Date() };
    case 'refused':
      return refusal(reader, reason);
    case 'received':
      return { kind: 'received' };
  }
  if (typeof state !== 'string') throw new SenselessAnswer('FUND_ANSWER');
  // The fund has the change and has not refused it, so it is asked again.
  reader.record('state', 'unknown');
  return { kind: 'received' };
}

function refusal(reader: Reader, said: unknown): Extract<FundAnswer, { kind: 'refused' }> {
  const reason = fundRefusals.find((one) => one === said);
  if (reason === undefined) reader.record('reason', said === undefined ? 'missing' : 'unknown');
  return { kind: 'refused', reason: reason ?? 'other' };
}

/** The body of a successful answer in UTF-8. */
export function successOf({ status, body, otherCharset }: Answer, reader: Reader): unknown {
  if (status < 200 || status >= 300) throw new FundUnavailable(`FUND_HTTP_${status}`);
  if (otherCharset) {
    reader.record('content-type', 'unknown');
    throw new SenselessAnswer('FUND_CHARSET');
  }
  return body;
}

/**
 * A 404 from the fund about this holder or change, and not from a proxy that does not know the
 * path.
 */
function isMissing({ status, body }: Answer): boolean {
  return status === 404 && ['unknown-holder', 'unknown-change'].includes(errorOf(body) ?? '');
}

function errorOf(body: unknown): string | undefined {
  const { error } = recordOf(body);
  return typeof error === 'string' && errorCode.test(error) ? error : undefined;
}

export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

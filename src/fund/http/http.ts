import type { CircuitBreakerView } from '../../platform/circuit-breaker.ts';
import type { Iin } from '../../values/iin.ts';
import { WrongPerson } from '../errors.ts';
import type { Fund } from '../port.ts';
import {
  changeAnswer,
  confirmationAnswer,
  elsewhereAnswer,
  foundAnswer,
  healthAnswer,
  holderAnswer,
  isTransientUnlessMissing,
} from './answers.ts';
import { askApplied } from './applied.ts';
import { createFundLine, type FundLineOptions, type FundSettings } from './line.ts';
import { tokenSigner } from './token.ts';

export interface FundOptions extends FundLineOptions {
  /** Called when the fund answered about another person. */
  readonly onWrongPerson?: () => void;
  /** Milliseconds for a read and for a change. */
  readonly timeouts?: { readonly read: number; readonly change: number };
}

/** A person waits for a read. Nobody waits for a change, but it has a lease of 30 seconds. */
const usualTimeouts = { read: 2_500, change: 10_000 };

/** The fund's system over HTTP, with its circuit breakers and health check. */
export type FundOverHttp = Fund & {
  readonly breakers: readonly CircuitBreakerView[];
  /**
   * Asks whether the fund works and accepts our credentials. Throws `FundUnavailable` with the code
   * of the problem. `reached` means that a server answers and does not know this request.
   */
  checkHealth(): Promise<'works' | 'reached'>;
};

/**
 * The fund's system over HTTP (docs/fund-api.yaml). Reads and changes have their own connections,
 * limits and breakers, so that one slow half does not block the other. Only a broken connection is
 * retried here. The outbox retries changes, and pages have their copy.
 */
export function createHttpFund(settings: FundSettings, options: FundOptions = {}): FundOverHttp {
  const timeouts = options.timeouts ?? usualTimeouts;
  const { url, tokenKey } = settings;
  const token = tokenKey === undefined ? undefined : tokenSigner(tokenKey, url.origin);
  const line = (name: string, timeout: number) =>
    createFundLine(name, settings, { ...options, timeout, token });
  const reads = line('fund-reads', timeouts.read);
  const changes = line('fund-changes', timeouts.change);
  const wrongPerson = () => {
    options.onWrongPerson?.();
    return new WrongPerson();
  };
  return {
    breakers: [reads.breaker, changes.breaker],
    get available() {
      return changes.breaker.state() !== 'open';
    },

    checkHealth: () =>
      reads.ask({ method: 'GET', path: ['health'] }, healthAnswer, {
        outage: isTransientUnlessMissing,
      }),

    read: async (iin, sinceElsewhere, requestId) => {
      const json = { iin, ...(sinceElsewhere === undefined ? {} : { afterRevision: sinceElsewhere }) };
      const person = await reads.ask(
        { method: 'POST', path: ['holders', 'find'], json, repeatable: true },
        (answer, reader) => holderAnswer(answer, reader, sinceElsewhere),
        { about: iin, requestId },
      );
      if (person && person.iin !== iin) throw wrongPerson();
      return person;
    },

    apply: ({ changeId, iin, fields, sequence, expectedVersion, madeAt, requestId }) =>
      changes.ask(
        {
          method: 'PUT',
          path: ['changes', changeId],
          json: { iin, sequence, expectedRevision: expectedVersion, madeAt: madeAt.toISOString(), fields },
          // The path contains the id, so a change is applied once however often it arrives.
          repeatable: true,
        },
        changeAnswer,
        { about: iin, requestId },
      ),

    findChange: (changeId, requestId) =>
      changes.ask({ method: 'GET', path: ['changes', changeId] }, foundAnswer, {
        about: changeId,
        requestId,
      }),

    confirm: (iin, confirmedAt) => sendConfirmation(changes, iin, confirmedAt),

    changesElsewhere: (cursor, most) =>
      reads.ask(
        {
          method: 'GET',
          path: ['changes-elsewhere'],
          query: { most: String(most), ...(cursor === null ? {} : { after: cursor }) },
        },
        elsewhereAnswer,
      ),

    async appliedChanges(asked, cursor, most) {
      const page = await askApplied(reads, asked, cursor, most);
      if (page?.changes.some(({ iin }) => iin !== (asked.iin ?? iin))) throw wrongPerson();
      return page;
    },

    async close() {
      await Promise.all([reads.close(), changes.close()]);
    },
  };
}

/** A fund that does not keep confirmations (404) is no outage. */
function sendConfirmation(
  line: ReturnType<typeof createFundLine>,
  iin: Iin,
  confirmedAt: Date,
): Promise<void> {
  return line.ask(
    {
      method: 'POST',
      path: ['holders', 'confirm'],
      json: { iin, confirmedAt: confirmedAt.toISOString() },
      repeatable: true,
    },
    confirmationAnswer,
    { about: iin, outage: isTransientUnlessMissing },
  );
}

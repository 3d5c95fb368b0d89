import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import { recordWrongPerson } from './features/operations/alert-store.ts';
import type { Metrics } from './features/operations/metrics.ts';
import { createEmbeddedFund } from './fund/embedded/embedded-fund-store.ts';
import { FundUnavailable } from './fund/errors.ts';
import type { KnownPersonDeps } from './fund/known-person.ts';
import type { Fund } from './fund/port.ts';
import type { CircuitBreakerView } from './platform/circuit-breaker.ts';
import { validity } from './platform/credentials.ts';
import { withoutValues } from './platform/loggable.ts';
import type { Database } from './platform/postgres/database.ts';
import type { Tracing } from './platform/tracing.ts';

/**
 * The fund's system over HTTP if one is configured, otherwise the embedded fund. Its packages are
 * loaded only for it.
 */
export async function connectFund(
  config: Config,
  database: Database,
  log: Logger,
  metrics: Metrics,
  tracing: Tracing | undefined,
): Promise<Fund & { breakers: readonly CircuitBreakerView[]; greet(): void }> {
  if (!config.fund.http) return { ...createEmbeddedFund(database), breakers: [], greet: () => undefined };
  const [{ createHttpFund }, { faultLabel, faultLine }] = await Promise.all([
    import('./fund/http/http.ts'),
    import('./fund/http/reading.ts'),
  ]);
  const fund = createHttpFund(config.fund.http, {
    tracing,
    onFailure: (code) => {
      metrics.fundFailure(code);
      log.warn({ code }, 'the fund gave no answer');
    },
    onFaults: (faults) => {
      for (const fault of faults) metrics.fundFault(faultLabel(fault));
      log.warn({ faults: faults.map(faultLine) }, "parts of the fund's answer could not be read");
    },
    onWrongPerson: () => {
      log.error({ code: 'FUND_WRONG_PERSON' }, 'the fund answered about another person');
      recordWrongPerson(database).catch((error: Error) =>
        log.error(withoutValues(error), 'an alert could not be stored'),
      );
    },
  });
  const certificate = config.fund.http.client?.cert;
  return Object.assign(fund, {
    greet() {
      const valid = certificate && validity(certificate);
      const now = new Date();
      if (valid && (now < valid.from || valid.until < now))
        log.error({ from: valid.from, until: valid.until }, 'FUND_CLIENT_CERT is not valid now');
      fund.checkHealth().then(
        (state) =>
          state === 'works'
            ? log.info('the fund answers')
            : log.warn(
                'the server of FUND_URL answers but has no health endpoint; check the path of FUND_URL',
              ),
        (error: { code?: unknown }) =>
          log.error({ code: error.code }, 'the fund does not answer at the start'),
      );
    },
  });
}

/**
 * What pages read with on a standby. A fund over HTTP is not asked: what it said could not be
 * stored, so its last answer is shown.
 */
export function readOnStandby(
  { config, fund, copies }: KnownPersonDeps & { readonly config: Config },
  database: Database,
) {
  const silent: Fund = {
    ...fund,
    read: () => Promise.reject(new FundUnavailable('STANDBY')),
  };
  return {
    database,
    onlyReads: true,
    fund: config.fund.http ? silent : createEmbeddedFund(database),
    copies: copies && { ...copies, database },
  } as const;
}

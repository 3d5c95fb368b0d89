import { LRUCache } from 'lru-cache';
import { cleanText } from '../../features/addresses/fold.ts';
import type { AddressSource, FoundAddress } from '../../features/addresses/source.ts';
import {
  type CircuitBreakerOptions,
  type CircuitBreakerView,
  createCircuitBreaker,
  defaultCircuitBreaker,
} from '../../platform/circuit-breaker.ts';
import { createHttpClient, type HttpClientOptions } from '../../platform/http-client.ts';
import { parseAddress } from '../../values/address.ts';
import { accepted, refused } from '../../values/result.ts';
import { createClassicApi } from './classic.ts';
import type { PresentName } from './line.ts';
import { createOpenApi, type OpenCredentials } from './open.ts';

/**
 * Which of Kazpost's services to use, where and with which account: `KAZPOST_API`, `KAZPOST_URL`,
 * `KAZPOST_USER` with `KAZPOST_PASSWORD` or `KAZPOST_TOKEN`, `KAZPOST_CA`.
 */
export type KazpostSettings = { readonly url?: string; readonly ca?: string } & (
  | { readonly api: 'classic' }
  | ({ readonly api: 'open' } & OpenCredentials)
);

export interface KazpostOptions {
  readonly presentName: PresentName;
  /** Milliseconds for one answer; 1500 unless given. */
  readonly timeout?: number;
  readonly breaker?: CircuitBreakerOptions;
  /**
   * Called with the reason when Kazpost gave no answer: the error's name, nothing the person typed.
   */
  readonly onFailure?: (reason: string) => void;
}

/** Kazpost as a source of addresses; `close` ends its connections. */
export type Kazpost = AddressSource & { close(): Promise<void>; readonly breaker: CircuitBreakerView };

/** The addresses of the services unless configured. */
const usualUrls = { classic: 'https://api.post.kz', open: 'https://open.post.kz' } as const;

/** The longest query, in characters. */
const longestQuery = 100;
/** The most rows that are kept of one answer. */
const most = 20;
const day = 24 * 60 * 60 * 1000;
/** An empty answer is kept for a shorter time, because new streets are added. Milliseconds. */
const emptyFor = 10 * 60 * 1000;

/**
 * Kazpost as an address source, with 1.5 s for an answer, a circuit breaker, and a cache that all
 * sessions of this process share (5,000 queries, 24 hours). Equal queries at the same time are sent
 * once. Every failure is reported as `kazpostUnavailable`. Rows whose line the address field would
 * refuse (Latin letters, markup) are dropped.
 */
export function createKazpost(settings: KazpostSettings, options: KazpostOptions): Kazpost {
  const clientOptions: HttpClientOptions = {
    url: settings.url ?? usualUrls[settings.api],
    timeout: options.timeout ?? 1_500,
    ...(settings.ca === undefined ? {} : { ca: settings.ca }),
  };
  const client = createHttpClient(clientOptions);
  const api =
    settings.api === 'classic'
      ? createClassicApi(client, options.presentName)
      : createOpenApi(client, settings, options.presentName);
  const breaker = createCircuitBreaker('kazpost', options.breaker ?? defaultCircuitBreaker);
  const cache = new LRUCache<string, readonly FoundAddress[], () => Promise<FoundAddress[]>>({
    max: 5_000,
    ttl: day,
    // When one person types on, others may still wait for the same query.
    ignoreFetchAbort: true,
    fetchMethod: async (_key, _stale, { context, options: entry }) => {
      const rows = (await breaker.run(context)).filter(isUsable).slice(0, most);
      if (rows.length === 0) entry.ttl = emptyFor;
      return rows;
    },
  });

  async function answer(key: string, question: () => Promise<FoundAddress[]>) {
    try {
      return accepted((await cache.fetch(key, { context: question })) ?? []);
    } catch (error) {
      options.onFailure?.(error instanceof Error ? error.name : 'unknown');
      return refused('kazpostUnavailable');
    }
  }

  return {
    byText: async (text) => {
      const query = cleanText(text, longestQuery);
      return query === '' ? accepted([]) : answer(`text ${query.toLowerCase()}`, () => api.byText(query));
    },
    byPostcode: (postcode) => answer(`index ${postcode}`, () => api.byPostcode(postcode)),
    close: () => client.close(),
    breaker,
  };
}

/** Only offer what the form accepts. */
function isUsable({ text }: FoundAddress): boolean {
  return parseAddress(text.kk).ok && parseAddress(text.ru).ok;
}

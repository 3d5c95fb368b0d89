import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type KazpostServer,
  kazpostCredentials,
  silencingFaults,
  startKazpostServer,
} from '../../../test/support/kazpost-server.ts';
import { standInTls } from '../../../test/support/kazpost-tls.ts';
import { suggestAddresses } from '../../features/addresses/addresses.ts';
import { createEmbeddedSource } from '../../features/addresses/embedded.ts';
import { shippedPlaces } from '../../features/addresses/places.ts';
import { type CircuitBreakerOptions, defaultCircuitBreaker } from '../../platform/circuit-breaker.ts';
import { parsePostcode } from '../../values/postcode.ts';
import { createKazpost, type Kazpost, type KazpostSettings } from './kazpost.ts';

const places = shippedPlaces();
const embedded = createEmbeddedSource(places);
/**
 * Milliseconds. `patient` is enough on a busy machine; `impatient` is for faults that make the
 * client wait until its limit.
 */
const patient = 10_000;
const impatient = 300;

const services: readonly { readonly name: string; settings(url: string): KazpostSettings }[] = [
  { name: 'api.post.kz', settings: (url) => ({ api: 'classic', url }) },
  { name: 'open.post.kz', settings: (url) => ({ api: 'open', url, ...kazpostCredentials }) },
];

describe.each(services)('Kazpost in trouble: $name', ({ settings }) => {
  let server: KazpostServer;
  let kazpost: Kazpost;
  let failures: string[];

  beforeEach(async () => {
    server = await startKazpostServer();
    failures = [];
    kazpost = open(settings(server.url));
  });

  afterEach(async () => {
    await kazpost.close();
    await server.close();
  });

  function open(of: KazpostSettings, timeout = patient, breaker?: CircuitBreakerOptions): Kazpost {
    return createKazpost(of, {
      presentName: places.presentName,
      timeout,
      onFailure: (reason) => failures.push(reason),
      ...(breaker === undefined ? {} : { breaker }),
    });
  }

  it.each(silencingFaults)('answers from the embedded data and reports that: %s', async (fault) => {
    server.behave(fault);
    const hurried = open(settings(server.url), impatient);
    const answer = await suggestAddresses({ embedded, kazpost: hurried }, 'Алматы Абая 10', 'ru');
    await hurried.close();
    expect(answer.degraded).toBe(true);
    expect(answer.suggestions[0]).toMatchObject({ text: 'город Алматы, Абая 10', source: 'kato' });
    expect(failures).toHaveLength(1);
  });

  it.each(silencingFaults)('recovers when the trouble is over: %s', async (fault) => {
    server.behave(fault);
    const hurried = open(settings(server.url), impatient);
    expect((await hurried.byText('Алматы Абая 10')).ok).toBe(false);
    server.behave('none');
    await expect
      .poll(() => hurried.byText('Алматы Абая 10'), { timeout: patient })
      .toMatchObject({ ok: true });
    await hurried.close();
  });

  it('stops reading an endless answer at its limit', async () => {
    server.behave('huge');
    expect((await kazpost.byText('Алматы')).ok).toBe(false);
    // The kernel's buffers hold more than the limit; that part was never read.
    expect(server.sent()).toBeLessThan(50 * 1024 * 1024 * 0.5);
    expect(server.sent()).toBeGreaterThanOrEqual(256 * 1024);
  });

  it('does not follow redirects', async () => {
    server.behave('redirecting');
    await kazpost.byText('Алматы Абая 10');
    expect(server.requests.filter(({ path }) => path.startsWith('/elsewhere'))).toEqual([]);
  });

  it('drops markup, control and direction characters, and offers at most 20 lines', async () => {
    server.behave('hostile');
    const answer = await kazpost.byText('Абай');
    if (!answer.ok) throw new Error(answer.reason);
    expect(answer.value.length).toBeGreaterThan(0);
    expect(answer.value.length).toBeLessThanOrEqual(20);
    const everything = JSON.stringify(answer.value.map(({ text, parts }) => [text, parts]));
    expect(everything).not.toMatch(/[<>\p{Cc}\p{Cf}]/u);
    for (const { postcode } of answer.value)
      expect(postcode === null || parsePostcode(postcode).ok).toBe(true);
  });

  it('reads rows that have only a whole line, and drops one in Latin letters', async () => {
    server.behave('lines');
    expect(await kazpost.byText('Тулпар')).toMatchObject({
      ok: true,
      value: [{ postcode: 'Z05E8P2', text: { ru: 'город Астана, улица Тулпар, дом №7' } }],
    });
  });

  it('asks once for the same words, whoever asks and in whatever case they are typed', async () => {
    const [first] = await Promise.all([kazpost.byText('Алматы Абая'), kazpost.byText('АЛМАТЫ  Абая')]);
    await kazpost.byText(' алматы абая ');
    expect(first?.ok).toBe(true);
    expect(server.requests.filter(({ method }) => method === 'GET')).toHaveLength(1);
  });

  it('does not remember a failure', async () => {
    server.behave('failing');
    await kazpost.byText('Алматы Абая');
    server.behave('none');
    expect((await kazpost.byText('Алматы Абая')).ok).toBe(true);
  });

  it('rests after failures in a row, then tries once', async () => {
    let now = 0;
    const resting = open(settings(server.url), patient, {
      ...defaultCircuitBreaker,
      failures: 3,
      rest: 1_000,
      now: () => now,
    });
    server.behave('cut');
    for (const text of ['Алматы 1', 'Алматы 2', 'Алматы 3']) await resting.byText(text);
    const asked = server.requests.length;
    expect(resting.breaker.state()).toBe('open');
    expect(await resting.byText('Алматы 4')).toEqual({ ok: false, reason: 'kazpostUnavailable' });
    expect(server.requests).toHaveLength(asked);
    now = 1_000;
    server.behave('none');
    expect((await resting.byText('Алматы Абая')).ok).toBe(true);
    expect(resting.breaker.state()).toBe('closed');
    await resting.close();
  });

  it('verifies the certificate, and accepts the configured extra authority', async () => {
    const secure = await startKazpostServer({ tls: standInTls });
    const distrusting = open(settings(secure.url));
    expect((await distrusting.byText('Алматы Абая')).ok).toBe(false);
    expect(secure.requests).toEqual([]);
    const trusting = open({ ...settings(secure.url), ca: standInTls.cert });
    expect((await trusting.byText('Алматы Абая')).ok).toBe(true);
    await Promise.all([distrusting.close(), trusting.close()]);
    await secure.close();
  });

  it('reports nothing that was typed when it fails', async () => {
    server.behave('failing');
    await kazpost.byText('Секретная 77');
    expect(failures).toEqual(['UnusableAnswer']);
  });
});

describe('the classic service', () => {
  let server: KazpostServer;
  let kazpost: Kazpost;

  beforeEach(async () => {
    server = await startKazpostServer();
    kazpost = createKazpost(
      { api: 'classic', url: `${server.url}/` },
      { presentName: places.presentName, timeout: patient },
    );
  });

  afterEach(async () => {
    await kazpost.close();
    await server.close();
  });

  it('builds the line from the parts in the language of the page, with the current name of the town', async () => {
    const kk = await suggestAddresses({ embedded, kazpost }, 'Астана Тұлпар 3/1', 'kk');
    expect(kk.suggestions[0]).toEqual({
      text: 'Астана қаласы, Есіл ауданы, Көктерек тұрғын үй алабы, Тұлпар көшесі, 3/1 үй',
      postcode: 'Z10B2C0',
      source: 'kazpost',
      id: '0201300000000002',
    });
    const ru = await suggestAddresses({ embedded, kazpost }, 'Астана Тұлпар 3/1', 'ru');
    expect(ru.suggestions[0]?.text).toBe(
      'город Астана, район Есиль, жилой массив Коктерек, улица Тулпар, дом 3/1',
    );
    expect(ru.degraded).toBe(false);
  });

  it('puts a Russian adjective before its noun and shows the block', async () => {
    const { suggestions } = await suggestAddresses({ embedded, kazpost }, 'Алматы Абая 1', 'ru');
    expect(suggestions[0]?.text).toBe('город Алматы, Бостандыкский район, проспект Абая, дом 1, блок 1');
  });

  it('never offers rows that are not current', async () => {
    const answer = await kazpost.byText('Алматы Абая 12А');
    expect(answer).toEqual({ ok: true, value: [] });
  });

  it('sends a house number with a slash in one segment of the path', async () => {
    await kazpost.byText('Тұлпар 3/1');
    expect(server.requests.at(-1)?.path).toBe(`/api/byAddress/${encodeURIComponent('Тұлпар 3/1')}?from=0`);
  });

  it('looks up new and old postcodes by separate calls', async () => {
    const typed = await suggestAddresses({ embedded, kazpost }, 'А11В0С1', 'kk');
    expect(typed.suggestions[0]?.text).toBe('Алматы қаласы, Бостандық ауданы, Абай даңғылы, 1 үй, блок 1');
    await suggestAddresses({ embedded, kazpost }, '040900', 'kk');
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/api/byPostcode/A11B0C1?from=0',
      '/api/byOldPostcode/040900?from=0',
    ]);
  });

  it('is not asked for one or two letters', async () => {
    const { suggestions, degraded } = await suggestAddresses({ embedded, kazpost }, 'Ал', 'kk');
    expect(suggestions.length).toBeGreaterThan(0);
    expect([degraded, server.requests.length]).toEqual([false, 0]);
  });
});

describe('the open service', () => {
  let server: KazpostServer;

  beforeEach(async () => {
    server = await startKazpostServer();
  });

  afterEach(() => server.close());

  function open(password: string): Kazpost {
    return createKazpost(
      { api: 'open', url: server.url, username: kazpostCredentials.username, password },
      { presentName: places.presentName, timeout: patient },
    );
  }

  it('logs in once for many questions, and again when the token is refused', async () => {
    const kazpost = open(kazpostCredentials.password);
    await Promise.all(['Алматы', 'Астана', 'Шамалган'].map((text) => kazpost.byText(text)));
    const logIns = () => server.requests.filter(({ method }) => method === 'POST').length;
    expect(logIns()).toBe(1);
    server.forgetTokens();
    const answers = await Promise.all(['Абая', 'Бирлик', 'Муканова'].map((text) => kazpost.byText(text)));
    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect(logIns()).toBe(2);
    await kazpost.close();
  });

  it('uses a token that Kazpost issued, and never logs in', async () => {
    const kazpost = createKazpost(
      { api: 'open', url: server.url, token: 'issued-1' },
      { presentName: places.presentName, timeout: patient },
    );
    expect(await kazpost.byText('Астана Тұлпар')).toEqual({ ok: false, reason: 'kazpostUnavailable' });
    server.issueToken('issued-1');
    expect(await kazpost.byText('Астана Тұлпар')).toMatchObject({ ok: true });
    expect(server.requests.filter(({ method }) => method === 'POST')).toEqual([]);
    await kazpost.close();
  });

  it('is only unavailable with a wrong password', async () => {
    const kazpost = open('another');
    expect(await kazpost.byText('Алматы')).toEqual({ ok: false, reason: 'kazpostUnavailable' });
    await kazpost.close();
  });

  it('gives the current name of the town, and no country', async () => {
    const kazpost = open(kazpostCredentials.password);
    const answer = await kazpost.byText('Астана Тұлпар');
    expect(answer.ok && answer.value[0]?.text).toEqual({
      kk: 'Астана қаласы, Есіл ауданы, Көктерек тұрғын үй алабы, Тұлпар көшесі, 1 үй',
      ru: 'город Астана, район Есиль, жилой массив Коктерек, улица Тулпар, дом 1',
    });
    await kazpost.close();
  });
});

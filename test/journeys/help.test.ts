import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { disavowalPath } from '../../src/features/disavowal/link.ts';
import { type Channel, channels } from '../../src/features/notices/channel.ts';
import { giveLetters } from '../../src/features/notices/give-letters.ts';
import { renderMessage } from '../../src/features/notices/messages.tsx';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type Topic, topics } from '../../src/texts/help/topics.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { type Language, languages } from '../../src/values/language.ts';
import { browserVisitor } from '../support/browser-visitor.ts';
import { type Client, injectClient } from '../support/client.ts';
import { readPage } from '../support/page.ts';
import { inventPerson } from '../support/people.ts';
import { formOf, signedIn } from '../support/signed-in.ts';
import { type Looks, openLooks } from './states.ts';

// The guide: every question in every language, without scripts, on one sheet of paper.

let looks: Looks;

beforeAll(async () => {
  looks = await openLooks();
});

afterAll(() => looks.close());

describe.each(languages)('in %s', (language) => {
  const { help, letters } = textsOf(language);

  test('the list leads to every answer, and every page of the site to the list', async () => {
    const client = injectClient(looks.service.server, undefined, [['language', language]]);
    const list = readPage((await client.get('/help')).body);
    const links = list.querySelectorAll('main li a').map((one) => [one.getAttribute('href'), one.text]);
    expect(links).toEqual(topics.map((topic) => [`/help/${topic}`, help.topics[topic].question]));
    for (const path of ['/', '/register', '/help', '/help/call', '/nowhere']) {
      const page = readPage((await client.get(path)).body);
      expect(page.querySelector('footer a[href="/help"]')?.text, path).toBe(help.title);
    }
    for (const path of ['/help', '/help/message', '/help/not-me', '/help/call']) {
      const page = readPage((await client.get(path)).body);
      expect(page.querySelector('main a[href="/help/notice"]')?.text, path).toBe(letters.title);
    }
  });

  test('each answer loads no script, names its question, and prints on one sheet', async () => {
    const visitor = await browserVisitor(looks.browser, looks.origin, { javaScript: false });
    await visitor.page.context().addCookies([{ name: 'language', value: language, url: looks.origin }]);
    for (const topic of topics) {
      await visitor.open(`/help/${topic}`);
      expect(await visitor.heading()).toBe(help.topics[topic].question);
      expect(await visitor.page.locator('script').count(), topic).toBe(0);
      const pictures = visitor.page.locator('.steps li img');
      expect(await pictures.count(), topic).toBe(Object.keys(help.topics[topic].steps).length);
      for (const picture of await pictures.all()) {
        await picture.scrollIntoViewIfNeeded();
        expect(await picture.getAttribute('alt')).not.toBe('');
        // Room is kept before it has arrived, and it is as large as it says.
        await vi.waitFor(async () => expect(await picture.evaluate(sizes)).toEqual([720, '360', '300']));
      }
      const sheet = await visitor.page.pdf({ format: 'A4', preferCSSPageSize: true });
      expect([topic, sheet.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length]).toEqual([topic, 1]);
    }
    await visitor.page.context().close();
  });
});

test.each(languages.flatMap((language) => channels.map((channel) => [language, channel] as const)))(
  'in %s, by %s: a message is compared by the keyboard alone and without scripts, and prints on one sheet',
  async (language, channel) => {
    const t = textsOf(language);
    const typed = await sendLongest(language, channel);
    const visitor = await browserVisitor(looks.browser, looks.origin, { javaScript: false });
    await visitor.page.context().addCookies([{ name: 'language', value: language, url: looks.origin }]);
    await visitor.open('/help/notice');
    const { keyboard } = visitor.page;
    const isThere = () => visitor.page.locator('#letters:focus').count();
    for (let presses = 0; presses < 30 && (await isThere()) === 0; presses += 1) await keyboard.press('Tab');
    await keyboard.type(typed.toLowerCase());
    await Promise.all([visitor.page.waitForNavigation(), keyboard.press('Enter')]);
    expect(await visitor.heading()).toBe(t.letters.title);
    // The answer is read out first.
    expect(await visitor.page.locator(':focus h2').textContent()).toBe(t.letters.compare);
    expect(await visitor.page.locator('blockquote').textContent()).toContain(typed);
    const sheet = await visitor.page.pdf({ format: 'A4', preferCSSPageSize: true });
    expect(sheet.toString('latin1').match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
    await visitor.leave();
  },
);

/** Sends the longest notice, and returns its letters. */
function sendLongest(language: Language, channel: Channel): Promise<string> {
  const { database, keys } = looks.service;
  const to = { mobile: '+77015550047', email: 'belgi.0001@example.kz' }[channel];
  const at = '2026-11-22T19:31:00.000Z';
  return giveLetters(
    { keys, database, render: renderMessage },
    { kind: 'frozen', channel, language, to, at, device: 'Firefox, Windows' },
    { id: 'm1', origin: looks.origin },
    new Date(at),
  );
}

test('each block leads to the answer that is about it', async () => {
  const { service } = looks;
  const person = inventPerson(9_800);
  await service.enrol(person);
  const guest = injectClient(service.server);
  const holder = await signedIn(service, person);
  const change = formOf((await holder.get('/services/requisites')).body, '/services/requisites', {
    mobilePhone: '+7 (702) 111-22-44',
  });
  expect((await holder.post('/services/requisites', change)).status).toBe(303);
  const [notice] = await service.database.rows<{ id: string }>(
    sql`select disavowal_id as id from cabinet.disavowal limit 1`,
  );
  const linked: readonly (readonly [client: Client, path: string, topics: readonly Topic[]])[] = [
    [guest, '/', ['first-time', 'key']],
    [guest, '/sign-in/eds', ['key', 'key-browser', 'key-firefox', 'lost-key']],
    [guest, '/sign-in/phone', ['phone']],
    [guest, '/register', ['first-time', 'old-number']],
    [guest, '/recover', ['forgotten-password', 'old-number']],
    [guest, disavowalPath(service.keys, notice?.id ?? ''), ['not-me', 'message']],
    [guest, '/help/notice', ['not-me']],
    [holder, '/services/requisites', ['address', 'phones', 'email']],
    [holder, '/services/requisites/confirm', ['confirmation', 'old-number']],
    [holder, '/security', ['second-step', 'lock']],
  ];
  for (const [client, path, wanted] of linked) {
    const page = readPage((await client.get(path)).body);
    const found = page.querySelectorAll('main a').map((one) => one.getAttribute('href'));
    expect(found, path).toEqual(expect.arrayContaining(wanted.map((topic) => `/help/${topic}`)));
  }
});

test('a question that the guide does not answer is no page', async () => {
  const client = injectClient(looks.service.server);
  for (const path of ['/help/nothing', '/help/__proto__', '/help/toString'])
    expect((await client.get(path)).status, path).toBe(404);
});

test('the switch of languages stays on the answer', async () => {
  const visitor = await browserVisitor(looks.browser, looks.origin, { javaScript: false });
  await visitor.open('/help/address');
  await visitor.page.locator('header button[value=ru]').click();
  expect(await visitor.path()).toBe('/help/address');
  expect(await visitor.heading()).toBe(textsOf('ru').help.topics.address.question);
  await visitor.page.context().close();
});

test('a picture may be kept for ever, under an address of its content', async () => {
  const client = injectClient(looks.service.server);
  const page = readPage((await client.get('/help/password')).body);
  const src = page.querySelector('.steps img')?.getAttribute('src') ?? '';
  expect(src).toMatch(/^\/assets\/iin-kk-[A-Z0-9]{8}\.png$/);
  const { status, headers } = await client.get(src);
  expect([status, headers['content-type']]).toEqual([200, 'image/png']);
  expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
});

/** How wide the file of a picture is, and the size that its element claims. */
function sizes(element: SVGElement | HTMLElement): readonly unknown[] {
  const picture = element as HTMLImageElement;
  return [picture.naturalWidth, picture.getAttribute('width'), picture.getAttribute('height')];
}

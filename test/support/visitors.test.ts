import formbody from '@fastify/formbody';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserVisitor, startBrowser } from './browser-visitor.ts';
import { injectVisitor } from './inject-visitor.ts';
import type { Visitor } from './visitor.ts';

// All visitors must agree on what a page says and what a form sends. Otherwise a journey that
// passes with one visitor proves nothing about another. This small application has every kind of
// control and echoes what it receives.

let server: FastifyInstance;
let browser: Browser;
let origin: string;

beforeAll(async () => {
  server = Fastify();
  await server.register(formbody);
  const html = (
    body: string,
  ) => `<!doctype html><html lang="kk"><head><meta charset="utf-8"><title>Бет · Кабинет</title>
    <link rel="icon" href="data:,"></head><body>${body}</body></html>`;
  const form = html(`<h1>Нысан <b>бір</b></h1>
    <form id="page-form" method="post" action="/echo">
      <input type="hidden" name="hidden" value="a&amp;b">
      <label for="one">Бірінші</label><input id="one" name="one" value="x" aria-describedby="one-hint one-error">
      <p id="one-hint">көмек</p><p id="one-error">Қате бар</p>
      <label for="off">Өшірулі</label><input id="off" name="off" value="x" disabled>
      <fieldset><legend>Таңдау</legend>
        <input type="radio" id="r" name="r" value="1" checked><label for="r">Біреуі</label>
        <input type="radio" id="r-2" name="r" value="2"><label for="r-2">Екіншісі</label></fieldset>
      <label for="s">Тізім</label><select id="s" name="s"><option value="p">Пе</option><option value="q">Ку</option></select>
      <input type="checkbox" id="c" name="c" value="1"><label for="c">Белгі</label>
      <button>Жіберу</button><button name="extra" value="yes" formaction="/echo?other">Басқа</button>
    </form>
    <button form="page-form" name="language" value="ru" formaction="/echo?language">РУС</button>
    <p hidden>жасырын</p><dialog>жабық</dialog><a href="/?next">Алға</a>`);
  server.get('/', async (_request, reply) => reply.type('text/html').send(form));
  server.post('/echo', async (request, reply) => {
    const cookies = request.headers.cookie ?? 'none';
    const sent = `${JSON.stringify(request.body)} ${request.url} ${request.headers.origin === undefined ? 'no origin' : 'origin'}`;
    return reply
      .code(422)
      .header('set-cookie', 'seen=1; Path=/')
      .type('text/html')
      .send(
        html(
          `<h1>Echo</h1><pre>${sent.replaceAll('<', '&lt;')}</pre><p>${cookies}</p><a href="/away">Әрі</a>`,
        ),
      );
  });
  server.get('/away', async (_request, reply) => reply.redirect('/', 303));
  server.get('/faulty', async (_request, reply) =>
    reply
      .type('text/html')
      .send(
        html(
          '<h1>x</h1><script>throw new Error("fault")</script><img alt="" src="http://elsewhere.example/">',
        ),
      ),
  );
  origin = await server.listen({ host: '127.0.0.1', port: 0 });
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

const ways: [string, () => Promise<Visitor>][] = [
  ['inject', async () => injectVisitor(server)],
  ['a browser without JavaScript', () => browserVisitor(browser, origin, { javaScript: false })],
  ['a browser with JavaScript', () => browserVisitor(browser, origin, { javaScript: true })],
];

describe.each(ways)('a visit by %s', (_way, begin) => {
  test('reads a page', async () => {
    const visitor = await begin();
    await visitor.open('/');
    expect(await visitor.status()).toBe(200);
    expect(await visitor.heading()).toBe('Нысан бір');
    expect(await visitor.title()).toBe('Бет · Кабинет');
    expect(await visitor.language()).toBe('kk');
    expect(await visitor.errorOf('Бірінші')).toBe('Қате бар');
    expect(await visitor.errorOf('Тізім')).toBeUndefined();
    expect(await visitor.fieldValue('Бірінші')).toBe('x');
    expect(await visitor.fieldValue('Таңдау')).toBe('Біреуі');
    expect(await visitor.fieldValue('Тізім')).toBe('Пе');
    expect(await visitor.fieldValue('Белгі')).toBe('');
    await visitor.sees('көмек');
    await visitor.doesNotSee('жасырын');
    await visitor.doesNotSee('жабық');
    await expect(visitor.sees('жасырын')).rejects.toThrow();
    await expect(visitor.fill('Жоқ өріс', 'x')).rejects.toThrow('no field');
    await visitor.leave();
  });

  test('sends what is filled in, and the button pressed', async () => {
    const visitor = await begin();
    await visitor.open('/');
    await visitor.fill('Бірінші', 'Мәтін "<b>&');
    await visitor.choose('Таңдау', 'Екіншісі');
    await visitor.choose('Тізім', 'Ку');
    await visitor.tick('Белгі');
    expect(await visitor.fieldValue('Таңдау')).toBe('Екіншісі');
    expect(await visitor.fieldValue('Тізім')).toBe('Ку');
    expect(await visitor.fieldValue('Белгі')).toBe('on');
    await visitor.press('Басқа');
    expect(await visitor.status()).toBe(422);
    await visitor.sees(
      '{"hidden":"a&b","one":"Мәтін \\"<b>&","r":"2","s":"q","c":"1","extra":"yes"} /echo?other origin',
    );
    await visitor.leave();
  });

  test('sends a form by a button outside the form', async () => {
    const visitor = await begin();
    await visitor.open('/');
    await visitor.untick('Белгі');
    await visitor.press('РУС');
    await visitor.sees('{"hidden":"a&b","one":"x","r":"1","s":"p","language":"ru"} /echo?language');
    await visitor.leave();
  });

  test('keeps cookies, follows links and redirects, goes back, opens tabs', async () => {
    const visitor = await begin();
    await visitor.open('/');
    await visitor.press('Жіберу');
    await visitor.sees('none');
    await visitor.follow('Әрі');
    expect(await visitor.path()).toBe('/');
    expect(await visitor.status()).toBe(200);
    const tab = await visitor.newTab();
    await tab.open('/');
    await tab.press('Жіберу');
    await tab.sees('seen=1');
    await visitor.follow('Алға');
    expect(await visitor.path()).toBe('/?next');
    await visitor.back();
    expect(await visitor.path()).toBe('/');
    await visitor.leave();
  });

  test('sends one form many times at once', async () => {
    const visitor = await begin();
    await visitor.open('/');
    expect(await visitor.pressAtOnce('Жіберу', 7)).toEqual(
      Array.from({ length: 7 }, () => ({ status: 422, location: undefined })),
    );
    expect(await visitor.path()).toBe('/');
    await visitor.leave();
  });
});

test('a browser visit fails at its end when the page threw an error or requested another host', async () => {
  const visitor = await browserVisitor(browser, origin, { javaScript: true });
  await visitor.open('/faulty');
  const end = visitor.leave();
  await expect(end).rejects.toThrow('fault');
  await expect(end).rejects.toThrow('elsewhere.example');
});

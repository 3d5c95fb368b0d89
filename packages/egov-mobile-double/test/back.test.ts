import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openBackUrl } from '../src/index.ts';

// A page as a service might answer it: with its cookies it offers a button, without them six digits.

let server: Server;
let url: string;
let posted: {
  readonly body: string;
  readonly cookie: string | undefined;
  readonly origin: string | undefined;
}[];

beforeEach(async () => {
  posted = [];
  server = createServer((request, response) => {
    const { cookie, origin } = request.headers;
    if (request.method === 'POST') {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        posted.push({ body, cookie, origin });
        response.writeHead(303, { location: '/services', 'set-cookie': ['session=s; Path=/'] }).end();
      });
      return;
    }
    const form = (action: string, value: string) =>
      `<form method="post" action="${action}"><input type="hidden" name="csrf" value="${value}">` +
      `<input name="typed" value="x"><button name="action" value="go">Go</button>` +
      `<button name="action" value="stop">Stop</button></form>`;
    const inside = cookie?.includes('attempt=a')
      ? form('/enter?a=1&amp;b=2', '123456&amp;')
      : '<p>123&nbsp;456</p>';
    response.setHeader('set-cookie', ['seen=1; Path=/', 'old=; Max-Age=0']);
    response.end(
      `<header>${form('/language', 'kk')}</header><main><p>192.0.2.0/24, 12:31, +7 701 123 45 67</p>${inside}</main>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/back?key=1`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('in the browser that began: presses the button of the page, with its cookies and hidden fields', async () => {
  const page = await openBackUrl(url, { cookies: 'attempt=a; old=1' });
  expect(page).toMatchObject({ status: 200, digits: undefined });
  const pressed = await page.press();
  expect(pressed).toMatchObject({ status: 303, location: '/services', setCookies: ['session=s; Path=/'] });
  expect(posted).toEqual([
    { body: 'csrf=123456%26&action=go', cookie: 'attempt=a; seen=1', origin: new URL(url).origin },
  ]);
});

test('in another browser: reads the six digits, and finds nothing to press', async () => {
  const page = await openBackUrl(url);
  expect(page.digits).toBe('123456');
  await expect(page.press()).rejects.toThrow('no form');
  expect(posted).toEqual([]);
});

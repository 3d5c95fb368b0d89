import type { FastifyInstance } from 'fastify';
import type { HTMLElement } from 'node-html-parser';
import { expect } from 'vitest';
import {
  button,
  control,
  errorMessage,
  heading,
  heldValue,
  labelsOf,
  language,
  link,
  radio,
  readPage,
  submission,
  title,
  visibleText,
} from './page.ts';
import type { Visitor } from './visitor.ts';

/** Where the pages of an injected visit seem to be: a loopback name, so that plain http is allowed. */
const origin = 'http://localhost:3000';

type CookieJar = Map<string, string>;

/** A visitor without a browser: HTTP requests into the application and a reading of the pages. */
export function injectVisitor(server: FastifyInstance, cookies: CookieJar = new Map()): Visitor {
  let page: HTMLElement | undefined;
  let path = '';
  let status = 0;
  const visited: string[] = [];

  const here = (): HTMLElement => {
    if (!page) throw new Error('no page has been opened');
    return page;
  };

  const request = async (method: 'GET' | 'POST', address: string, fields?: readonly [string, string][]) => {
    const answer = await server.inject({
      method,
      url: address,
      headers: {
        host: new URL(origin).host,
        accept: 'text/html',
        ...(path === '' ? {} : { referer: origin + path }),
        ...(cookies.size === 0
          ? {}
          : { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
        ...(fields === undefined ? {} : { origin, 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(fields === undefined
        ? {}
        : { payload: new URLSearchParams(fields.map(([name, value]) => [name, value])).toString() }),
    });
    for (const cookie of answer.cookies) {
      if (cookie.maxAge === 0 || cookie.value === '') cookies.delete(cookie.name);
      else cookies.set(cookie.name, cookie.value);
    }
    return answer;
  };

  const go = async (
    method: 'GET' | 'POST',
    address: string,
    fields?: readonly [string, string][],
  ): Promise<void> => {
    let answer = await request(method, address, fields);
    let at = address;
    for (let hops = 0; answer.statusCode >= 300 && answer.statusCode < 400; hops += 1) {
      if (hops === 10) throw new Error(`${address} redirects in a circle`);
      at = localPath(String(answer.headers.location), at);
      answer = await request('GET', at);
    }
    path = at;
    status = answer.statusCode;
    page = readPage(answer.body);
  };

  const visit = async (address: string): Promise<void> => {
    const next = localPath(address, path);
    await go('GET', next);
    visited.push(path);
  };

  const send = async (name: string): Promise<void> => {
    const { method, action, fields } = submission(here(), button(here(), name));
    const target = localPath(action, path);
    if (method === 'post') await go('POST', target, fields);
    else await go('GET', `${target.split('?')[0]}?${new URLSearchParams(fields)}`);
    visited.push(path);
  };

  return {
    open: visit,
    async fill(label, value) {
      const field = control(here(), label);
      if (field.tagName === 'TEXTAREA') field.textContent = value;
      else field.setAttribute('value', value);
    },
    async choose(label, option) {
      const field = control(here(), label);
      if (field.tagName === 'FIELDSET') {
        for (const one of field.querySelectorAll('input[type=radio]')) one.removeAttribute('checked');
        radio(here(), field, option).setAttribute('checked', '');
        return;
      }
      const options = field.querySelectorAll('option');
      const chosen = options.find((one) => visibleText(one) === option);
      if (!chosen) throw new Error(`"${label}" has no option "${option}"`);
      for (const one of options) one.removeAttribute('selected');
      chosen.setAttribute('selected', '');
    },
    async tick(label) {
      control(here(), label).setAttribute('checked', '');
    },
    async untick(label) {
      control(here(), label).removeAttribute('checked');
    },
    press: send,
    async pressAtOnce(name, times) {
      const { action, fields } = submission(here(), button(here(), name));
      const answers = await Promise.all(
        Array.from({ length: times }, () => request('POST', localPath(action, path), fields)),
      );
      return answers.map((answer) => ({
        status: answer.statusCode,
        location: answer.headers.location === undefined ? undefined : String(answer.headers.location),
      }));
    },
    follow: (text) => visit(link(here(), text)),
    async download(text) {
      const answer = await request('GET', localPath(link(here(), text), path));
      return {
        status: answer.statusCode,
        contentType: String(answer.headers['content-type']),
        bytes: answer.rawPayload,
      };
    },
    async back() {
      visited.pop();
      const before = visited.at(-1);
      if (before === undefined) throw new Error('there is no page to go back to');
      await go('GET', before);
    },
    newTab: async () => injectVisitor(server, cookies),

    async sees(text) {
      expect(visibleText(here())).toContain(text);
    },
    async doesNotSee(text) {
      expect(visibleText(here())).not.toContain(text);
    },
    text: async () => visibleText(here()),
    heading: async () => heading(here()),
    title: async () => title(here()),
    language: async () => language(here()),
    fieldValue: async (label) => heldValue(here(), label),
    errorOf: async (label) => errorMessage(here(), label),
    labels: async () => labelsOf(here()),
    path: async () => path,
    status: async () => status,
    leave: async () => undefined,
  };
}

/** Resolves an address as a browser does; an address outside fails, since no journey leaves the service. */
function localPath(address: string, from: string): string {
  const url = new URL(address === '' ? from : address, new URL(from, origin));
  if (url.origin !== origin) throw new Error(`${address} leaves the service`);
  return url.pathname + url.search;
}

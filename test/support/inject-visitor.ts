import type { FastifyInstance } from 'fastify';
import type { HTMLElement } from 'node-html-parser';
import { type Answered, type Client, type Fields, injectClient, loopback } from './client.ts';
import { button, control, heldValue, link, radio, readPage, submission, visibleText } from './page.ts';
import { readingOf } from './reading.ts';
import type { Visitor } from './visitor.ts';

/**
 * A visitor without a browser: it injects HTTP requests into the application and reads the pages.
 */
export function injectVisitor(server: FastifyInstance, client: Client = injectClient(server)): Visitor {
  let page: HTMLElement | undefined;
  let path = '';
  let status = 0;
  const visited: string[] = [];

  const here = (): HTMLElement => {
    if (!page) throw new Error('no page has been opened');
    return page;
  };

  const request = (method: 'GET' | 'POST', address: string, fields: Fields = []): Promise<Answered> => {
    const headers = { referer: path === '' ? undefined : loopback + path };
    return method === 'GET' ? client.get(address, headers) : client.post(address, fields, headers);
  };

  const go = async (method: 'GET' | 'POST', address: string, fields?: Fields): Promise<void> => {
    let answer = await request(method, address, fields);
    let at = address;
    for (let hops = 0; answer.status >= 300 && answer.status < 400; hops += 1) {
      if (hops === 10) throw new Error(`${address} redirects in a circle`);
      at = localPath(String(answer.headers['location']), at);
      answer = await request('GET', at);
    }
    path = at;
    status = answer.status;
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
        status: answer.status,
        location: answer.headers['location']?.toString(),
      }));
    },
    follow: (text) => visit(link(here(), text)),
    async download(text) {
      const answer = await request('GET', localPath(link(here(), text), path));
      return {
        status: answer.status,
        contentType: String(answer.headers['content-type']),
        bytes: answer.bytes,
      };
    },
    async back() {
      visited.pop();
      const before = visited.at(-1);
      if (before === undefined) throw new Error('there is no page to go back to');
      await go('GET', before);
    },
    newTab: async () => injectVisitor(server, client),

    ...readingOf(here),
    fieldValue: async (label) => heldValue(here(), label),
    path: async () => path,
    status: async () => status,
    leave: async () => undefined,
  };
}

/**
 * Resolves an address as a browser does. Throws for an address outside, because no journey leaves
 * the service.
 */
function localPath(address: string, from: string): string {
  const url = new URL(address === '' ? from : address, new URL(from, loopback));
  if (url.origin !== loopback) throw new Error(`${address} leaves the service`);
  return url.pathname + url.search;
}

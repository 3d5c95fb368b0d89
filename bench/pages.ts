import { brotliCompressSync, constants } from 'node:zlib';
import autocannon from 'autocannon';
import { parse } from 'node-html-parser';
import type { Row } from './row.ts';
import { Client, type MeasuredService, peopleWhoSave, startMeasured } from './service.ts';

const seconds = 8;

/**
 * CPU time and size of the start page and of the requisites page. The latter is read signed in,
 * from the database.
 */
export async function bench(): Promise<Row[]> {
  const service = await startMeasured();
  try {
    const [person] = await peopleWhoSave();
    if (!person) throw new Error('no demonstration people');
    const client = new Client(service.origin);
    const start = await weigh(client, '/');
    await client.signIn(person);
    return [
      ...(await load(service, 'start page', '/', '')),
      ...(await load(service, 'requisites page, signed in', '/services/requisites', client.cookieHeader)),
      {
        name: 'start page: first load',
        value: start,
        unit: 'bytes',
        note: 'brotli, HTML + CSS + scripts; at most 14,336',
      },
      {
        name: 'requisites page: first load',
        value: await weigh(client, '/services/requisites'),
        unit: 'bytes',
        note: 'brotli; at most 30,720',
      },
    ];
  } finally {
    await service.close();
  }
}

/**
 * Eight connections in a closed loop. Divides the CPU time of the service's process by its answers.
 */
async function load(service: MeasuredService, name: string, path: string, cookie: string): Promise<Row[]> {
  const run = (duration: number) =>
    autocannon({
      url: service.origin + path,
      connections: 8,
      duration,
      headers: { cookie, 'accept-encoding': 'br' },
    });
  await run(2);
  const before = await service.usage();
  const result = await run(seconds);
  const after = await service.usage();
  const answered = result['2xx'];
  if (answered === 0 || result.non2xx > 0) throw new Error(`${path}: ${result.non2xx} answers were not 200`);
  return [
    {
      name: `${name}: CPU`,
      value: (after.cpu - before.cpu) / answered,
      unit: 'µs/request',
      note: 'the Node process, brotli included',
    },
    { name: `${name}: answers`, value: answered / seconds, unit: '1/s' },
    { name: `${name}: p99`, value: result.latency.p99, unit: 'ms', note: '8 connections, closed loop' },
  ];
}

/** The size of the page and of everything it loads, in bytes with Brotli. */
async function weigh(client: Client, path: string): Promise<number> {
  const { html } = await client.get(path);
  const links = parse(html)
    .querySelectorAll('link[href], script[src], img[src]')
    .map((element) => element.getAttribute('href') ?? element.getAttribute('src') ?? '');
  const bodies = await Promise.all(
    links.map(async (link) => Buffer.from(await (await fetch(client.origin + link)).arrayBuffer())),
  );
  const size = (body: Buffer | string, quality: number) =>
    brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }).length;
  return size(html, 5) + bodies.reduce((sum, body) => sum + size(body, 11), 0);
}

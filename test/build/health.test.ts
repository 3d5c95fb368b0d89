import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../src/platform/root.ts';

// The image's health check, which uses neither curl nor a second Node.js.

let server: Server;
let answers = 200;
let asked: string | undefined;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked = request.url;
    response.writeHead(answers).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(() => server.close());

const check = (port: number, ...parameters: readonly string[]) =>
  new Promise<number>((resolve) => {
    const env = { PATH: process.env['PATH'], PORT: String(port) };
    execFile(join(root, 'deploy/health'), parameters, { env }, (error) =>
      resolve(error ? Number(error.code) : 0),
    );
  });

const port = () => (server.address() as AddressInfo).port;

test.each([
  ['live', 200, 0],
  ['ready', 200, 0],
  ['ready', 503, 1],
])('/health/%s answers %i: it exits with %i', async (what, status, code) => {
  answers = status;
  expect(await check(port(), what)).toBe(code);
  expect(asked).toBe(`/health/${what}`);
});

test('it exits with 1 when nothing listens', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port: free } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  expect(await check(free)).toBe(1);
});

test('with a time to wait it asks again until the service is ready', async () => {
  answers = 503;
  server.once('request', () => {
    answers = 200;
  });
  expect(await check(port(), 'ready', '20')).toBe(0);
});

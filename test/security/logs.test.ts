import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService, type TestService } from '../support/service.ts';

// No part of a request may begin a line of the log, colour a terminal, or appear in the log
// unescaped.

let service: TestService;
let port: number;

beforeAll(async () => {
  service = await startService();
  port = Number(new URL(await service.listen()).port);
});

afterAll(() => service.close());

/** Sends bytes unchanged and returns the status of the answer. */
async function send(bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.end(Buffer.from(bytes, 'latin1'));
  await once(socket, 'close');
  return answer.split(' ')[1] ?? '';
}

const planted = '{"level":30,"msg":"PLANTED"}';
const request = (line: string, ...headers: readonly string[]) =>
  [line, `Host: 127.0.0.1:${port}`, 'Connection: close', ...headers, '', ''].join('\r\n');

const attempts: readonly (readonly [where: string, bytes: () => string, status: string])[] = [
  [
    'a coloured User-Agent',
    () => request('GET /sign-in HTTP/1.1', `User-Agent: \x1b[31mPLANTED\x1b[0m`),
    '400',
  ],
  [
    'JSON in the User-Agent',
    () => request('GET /sign-in HTTP/1.1', `User-Agent: x","msg":"PLANTED"}`),
    '200',
  ],
  ['a folded User-Agent', () => request('GET /sign-in HTTP/1.1', `User-Agent: x\r\n ${planted}`), '400'],
  ['a lone line feed', () => request('GET /sign-in HTTP/1.1', `User-Agent: x\n${planted}`), '400'],
  ['line ends in the address', () => request(`GET /%0d%0a${encodeURIComponent(planted)} HTTP/1.1`), '404'],
  [
    'line ends in the query',
    () => request(`GET /sign-in?to=%0d%0a${encodeURIComponent(planted)} HTTP/1.1`),
    '200',
  ],
  ['an address that cannot be read', () => request('GET /%PLANTED HTTP/1.1'), '400'],
  [
    'a request id from outside',
    () => request('GET /sign-in HTTP/1.1', 'X-Request-Id: PLANTED', `Request-Id: PLANTED`),
    '200',
  ],
  ['a referrer and a host', () => request('GET /sign-in HTTP/1.1', 'Referer: http://PLANTED/\x07'), '400'],
  ['an unknown method', () => request('PLANTED /sign-in HTTP/1.1'), '400'],
];

test.each(attempts)('%s', async (_, bytes, status) => {
  const before = service.logLines.length;
  expect(await send(bytes())).toBe(status);
  const lines = service.logLines.slice(before);
  for (const line of lines) {
    expect(line.endsWith('\n') && line.indexOf('\n') === line.length - 1, 'one line each').toBe(true);
    expect(JSON.parse(line)).toHaveProperty('level');
    expect(line).not.toMatch(/PLANTED|\\u001b/i);
  }
  if (status !== '400') expect(lines.join('')).toContain('"answered"');
});

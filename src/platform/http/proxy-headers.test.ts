import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { readProxyHeaders } from './proxy-headers.ts';

const from = (remoteAddress: string, headers: Readonly<Record<string, string>>) =>
  ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage;
const id = 'd0d03f1da473-uuid-like';
const traceparent = '00-c0ffee00c0ffee00c0ffee00c0ffee00-00f067aa0ba902b7-01';
const given = { 'x-request-id': id, traceparent };
const made = /^[0-9A-Z]{10}$/;

test('only a trusted proxy is believed, whichever way its address is written', () => {
  const { requestId, traceparent: traceOf } = readProxyHeaders(['10.0.0.0/8', '127.0.0.1', 'fd00::/8']);
  for (const proxy of ['10.1.2.3', '127.0.0.1', '::ffff:10.1.2.3', 'fd00::1']) {
    expect(requestId(from(proxy, given))).toBe(id);
    expect(traceOf(from(proxy, given))).toBe(traceparent);
  }
  for (const stranger of ['11.1.2.3', '::ffff:11.1.2.3', 'fe80::1']) {
    expect(requestId(from(stranger, given))).toMatch(made);
    expect(traceOf(from(stranger, given))).toBe(undefined);
  }
  expect(readProxyHeaders([]).requestId(from('127.0.0.1', given))).toMatch(made);
});

test('what has another form is not taken over', () => {
  const { requestId, traceparent: traceOf } = readProxyHeaders(['127.0.0.1']);
  for (const odd of ['short', 'a'.repeat(65), 'with space', '900101300007"', 'two, ids-are-two'])
    expect(requestId(from('127.0.0.1', { 'x-request-id': odd }))).toMatch(made);
  for (const odd of [`${traceparent}-00`, traceparent.toUpperCase(), '00-1-2-3'])
    expect(traceOf(from('127.0.0.1', { traceparent: odd }))).toBe(undefined);
});

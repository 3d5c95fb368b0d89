import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { gatherLines } from './gathered-lines.ts';

let written: string[];
let flushed: number;

beforeEach(() => {
  vi.useFakeTimers();
  written = [];
  flushed = 0;
});

afterEach(() => {
  vi.useRealTimers();
});

function logOf() {
  const output = {
    write: (text: string) => void written.push(text),
    flushSync: () => {
      flushed += 1;
    },
  };
  const lines = gatherLines(output);
  return { lines, log: pino({ level: 'info', base: null, timestamp: false }, lines) };
}

const messages = () =>
  written.map((portion) =>
    portion
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg),
  );

test('lines are written together, after a moment', () => {
  const { log } = logOf();
  log.info('one');
  log.info('two');
  expect(written).toEqual([]);
  vi.runAllTimers();
  expect(messages()).toEqual([['one', 'two']]);
  log.info('three');
  vi.runAllTimers();
  expect(messages()).toEqual([['one', 'two'], ['three']]);
});

test('a warning is written at once, with the lines before it', () => {
  const { log } = logOf();
  log.info('one');
  log.warn('two');
  expect(messages()).toEqual([['one', 'two']]);
  log.child({}).error('three');
  expect(messages()).toEqual([['one', 'two'], ['three']]);
});

test('a fatal error is written before the process can end', () => {
  const { log } = logOf();
  log.info('one');
  log.fatal('two');
  expect(messages()).toEqual([['one', 'two']]);
  expect(flushed).toBe(1);
});

test('what still waits is handed over when the process ends', () => {
  const { log, lines } = logOf();
  log.info('one');
  lines.hand();
  expect(messages()).toEqual([['one']]);
  lines.hand();
  expect(written).toHaveLength(1);
});

test('a portion has no more than a pipe takes in one piece, and no line is cut', () => {
  const { log } = logOf();
  for (let line = 0; line < 200; line++) log.info(`line ${line} ${'.'.repeat(line)}`);
  vi.runAllTimers();
  expect(written.length).toBeGreaterThan(1);
  for (const portion of written) expect(Buffer.byteLength(portion)).toBeLessThanOrEqual(4_096);
  expect(messages().flat()).toHaveLength(200);
  expect(messages().flat()[199]).toMatch(/^line 199 /);
});

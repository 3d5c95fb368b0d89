import { afterEach, beforeEach, expect, test } from 'vitest';
import { type OtlpCollector, startOtlpCollector } from '../../../test/support/otlp-collector.ts';
import type { Tracing } from '../tracing.ts';
import { createOpenTelemetry } from './open-telemetry.ts';

const traceparent = '00-c0ffee00c0ffee00c0ffee00c0ffee00-00f067aa0ba902b7-01';
const work = { name: 'work', kind: 'client' } as const;

let collector: OtlpCollector;
let changes: boolean[];

beforeEach(async () => {
  collector = await startOtlpCollector();
  changes = [];
});

afterEach(() => collector.close());

function start(share = 1): Tracing {
  return createOpenTelemetry(
    { endpoint: new URL(collector.url), headers: {}, share },
    { release: '1.0.0', role: 'all', onChange: (takes) => changes.push(takes) },
  );
}

test('spans wait in bounded number while the collector hangs, and the end is bounded too', async () => {
  collector.hang(true);
  const tracing = start();
  for (let n = 0; n < 20_000; n += 1)
    tracing.request({ ...work, name: `request ${n}` }, undefined).end({}, false);
  const begun = performance.now();
  await tracing.close();
  expect(performance.now() - begun).toBeLessThan(6_000);
  expect(collector.spans.length).toBeGreaterThan(0);
  expect(collector.spans.length).toBeLessThanOrEqual(2_048 + 512);
});

test('what belongs to no trace is not noted, and a failure is noted by its code alone', async () => {
  const tracing = start();
  await tracing.within(work, async () => undefined);
  await tracing.resume(null, work, async () => undefined);
  expect(tracing.current()).toBe(undefined);
  const failing = tracing.resume(traceparent, { ...work, name: 'outer' }, () =>
    tracing.within({ ...work, name: 'inner' }, () =>
      Promise.reject(Object.assign(new Error('900101300007 Сынақова'), { code: 'EDEAD' })),
    ),
  );
  await expect(failing).rejects.toThrow('Сынақова');
  await tracing.close();
  expect(collector.spans.map(({ name }) => name)).toEqual(['inner', 'outer']);
  expect(collector.spans.map(({ attributes }) => attributes['error.type'])).toEqual(['EDEAD', 'EDEAD']);
  expect(collector.spans[0]?.parentSpanId).toBe(collector.spans[1]?.spanId);
  expect(collector.received.join()).not.toContain('900101300007');
});

test('work of several traces has a span in each, and so has everything within', async () => {
  const tracing = start();
  const traces = ['c0ffee00c0ffee00c0ffee00c0ffee00', 'facade00facade00facade00facade00'];
  const parents = traces.map((traceId) => `00-${traceId}-00f067aa0ba902b7-01`);
  const notSampled = '00-decade00decade00decade00decade00-00f067aa0ba902b7-00';
  const value = await tracing.resumeAll([null, ...parents, notSampled], { ...work, name: 'outer' }, () =>
    tracing.within({ ...work, name: 'inner' }, async (traced) => {
      traced.note({ rows: 2 });
      await tracing.within({ ...work, name: 'innermost' }, async () => undefined);
      return 7;
    }),
  );
  expect(value).toBe(7);
  expect(await tracing.resumeAll([null], work, async () => 8)).toBe(8);
  await tracing.close();
  expect(collector.spans).toHaveLength(6);
  for (const traceId of traces) {
    const of = (name: string) =>
      collector.spans.find((span) => span.traceId === traceId && span.name === name);
    expect(of('outer')?.parentSpanId).toBe('00f067aa0ba902b7');
    expect(of('inner')?.parentSpanId).toBe(of('outer')?.spanId);
    expect(of('inner')?.attributes).toMatchObject({ rows: 2 });
    expect(of('innermost')?.parentSpanId).toBe(of('inner')?.spanId);
  }
});

test('a share of 0 traces only what the sender has decided to trace', async () => {
  const tracing = start(0);
  tracing.request({ ...work, name: 'ours' }, undefined).end({}, false);
  tracing.request({ ...work, name: 'not sampled' }, traceparent.replace(/1$/, '0')).end({}, false);
  tracing.request({ ...work, name: 'theirs' }, traceparent).end({}, false);
  await tracing.close();
  expect(collector.spans.map(({ name }) => name)).toEqual(['theirs']);
  expect(changes).toEqual([]);
});

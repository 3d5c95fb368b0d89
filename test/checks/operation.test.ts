import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { sealAll } from '../../src/features/operations/audit.ts';
import { root } from '../../src/platform/root.ts';
import { startService, type TestService } from '../support/service.ts';

// Every metric that is watched exists, and every alarm says what to do.

const read = (file: string) => readFileSync(join(root, file), 'utf8');

let service: TestService;
/** The names of metrics, without the suffixes that a histogram adds. */
let names: ReadonlySet<string>;

beforeAll(async () => {
  service = await startService({}, { work: false });
  await sealAll(service.database, service.keys);
  const text = await service.metrics.text();
  // The primary process adds the last one when there are workers.
  names = new Set(
    [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name ?? '').concat('kabinet_workers'),
  );
});

afterAll(() => service.close());

interface Rule {
  readonly alert?: string;
  readonly expr: string;
}

/** The metrics that an expression of Prometheus names. */
function namedIn(expression: string): readonly string[] {
  const outside = expression.replace(/\{[^}]*\}/g, '');
  return [...outside.matchAll(/\b(?:kabinet|nodejs|process)_[a-z0-9_]+/g)].map(([name]) =>
    name.replace(/_(?:bucket|count|sum)$/, ''),
  );
}

const unknown = (expressions: readonly string[]) =>
  expressions.flatMap(namedIn).filter((name) => !names.has(name));

const rules = (parse(read('deploy/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  ({ rules: each }) => each,
);
const alarms = rules.flatMap(({ alert, expr }) => (alert ? [{ name: alert, expression: expr }] : []));

describe('the alarms', () => {
  test('ask only for metrics that exist', () => {
    expect(alarms.length).toBeGreaterThan(10);
    expect(unknown(rules.map(({ expr }) => expr))).toEqual([]);
    expect(unknown(['rate(kabinet_nothing_total{lane="fund"}[5m])']), 'a planted one is found').toEqual([
      'kabinet_nothing_total',
    ]);
  });

  test('each have a section in the runbook, and no section is left over', () => {
    const sections = [...read('docs/runbook.md').matchAll(/^### (Kabinet\S+)$/gm)].map(([, name]) => name);
    expect(sections.sort()).toEqual(alarms.map(({ name }) => name).sort());
  });
});

test('the dashboard asks only for metrics that exist, and shows all of ours', () => {
  const { panels } = JSON.parse(read('deploy/grafana-dashboard.json')) as {
    panels: { targets: { expr: string }[] }[];
  };
  const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  expect(unknown(expressions)).toEqual([]);
  const shown = new Set(expressions.flatMap(namedIn));
  expect([...names].filter((name) => name.startsWith('kabinet_') && !shown.has(name))).toEqual([]);
});

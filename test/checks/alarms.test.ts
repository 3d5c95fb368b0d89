import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { sealAll } from '../../src/features/operations/audit.ts';
import { root } from '../../src/platform/root.ts';
import { startService, type TestService } from '../support/service.ts';

// Every alarm fires when it should, and none fires on an idle service. Prometheus's own promtool
// decides. Without it (Debian: prometheus) the tests are skipped.

const run = promisify(execFile);
const found = spawnSync('promtool', ['--version']).status === 0;

interface Series {
  readonly series: string;
  /** In promtool's notation: `0+5x60` is a counter that grows by 5 a minute for an hour. */
  readonly values: string;
}

interface Case {
  readonly alarm: string;
  /** When the alarm is evaluated. */
  readonly at: string;
  readonly input: readonly (readonly [series: string, values: string])[];
  /** The labels of the alarm; undefined when it must stay silent. */
  readonly labels?: Readonly<Record<string, string>>;
}

const requests = (status: string, values: string) =>
  [`kabinet_http_requests_total{route="/services",method="GET",status="${status}"}`, values] as const;
const durations = (le: string, values: string) =>
  [
    `kabinet_http_request_duration_seconds_bucket{route="/services",method="GET",le="${le}"}`,
    values,
  ] as const;
const counted = (values: string) =>
  ['kabinet_http_request_duration_seconds_count{route="/services",method="GET"}', values] as const;

/** Input that makes an alarm fire, in the order of the rules. */
const firing: readonly Case[] = [
  {
    alarm: 'KabinetErrorsFast',
    at: '70m',
    input: [requests('200', '0+100x80'), requests('500', '0+5x80')],
    labels: { severity: 'page' },
  },
  {
    alarm: 'KabinetErrorsSlow',
    at: '80h',
    input: [requests('200', '0+100x4800'), requests('500', '0+0.3x4800')],
    labels: { severity: 'ticket' },
  },
  {
    alarm: 'KabinetLatencyFast',
    at: '70m',
    input: [durations('1', '0+80x80'), counted('0+100x80')],
    labels: { severity: 'page' },
  },
  {
    alarm: 'KabinetLatencySlow',
    at: '80h',
    input: [durations('1', '0+98x4800'), counted('0+100x4800')],
    labels: { severity: 'ticket' },
  },
  {
    alarm: 'KabinetDown',
    at: '3m',
    input: [['up{job="kabinet",instance="node1"}', '1 0x9']],
    labels: { severity: 'page', job: 'kabinet', instance: 'node1' },
  },
  {
    alarm: 'KabinetFundBehind',
    at: '10m',
    input: [['kabinet_outbox_oldest_seconds{lane="fund"}', '901+60x20']],
    labels: { severity: 'ticket' },
  },
  {
    alarm: 'KabinetFundAnswers',
    at: '10m',
    input: [['kabinet_fund_faults_total{fault="documents[].type: unknown"}', '0 0 1x20']],
    labels: { severity: 'ticket', fault: 'documents[].type: unknown' },
  },
  {
    alarm: 'KabinetFundRefuses',
    at: '15m',
    input: [['kabinet_fund_failures_total{code="FUND_HTTP_403"}', '0+1x20']],
    labels: { severity: 'ticket', code: 'FUND_HTTP_403' },
  },
  {
    alarm: 'KabinetFundCertificate',
    at: '5m',
    input: [['kabinet_certificate_valid_seconds{shown_to="fund"}', '1200000-60x20']],
    labels: { severity: 'ticket', shown_to: 'fund' },
  },
  {
    alarm: 'KabinetCodesLate',
    at: '5m',
    input: [['kabinet_outbox_oldest_seconds{lane="code"}', '31+60x20']],
    labels: { severity: 'page' },
  },
  {
    alarm: 'KabinetNoticesLate',
    at: '15m',
    input: [['kabinet_outbox_oldest_seconds{lane="notice"}', '1801+60x20']],
    labels: { severity: 'ticket' },
  },
  {
    alarm: 'KabinetDeadLetters',
    at: '5m',
    input: [['kabinet_outbox_dead{lane="fund"}', '1x20']],
    labels: { severity: 'ticket' },
  },
  {
    alarm: 'KabinetChannelDown',
    at: '10m',
    input: [['kabinet_channel_available{channel="mobile"}', '0x20']],
    labels: { severity: 'page', channel: 'mobile' },
  },
  {
    alarm: 'KabinetBreakerOpen',
    at: '10m',
    input: [['kabinet_breaker_state{dependency="ocsp",state="open"}', '1x20']],
    labels: { severity: 'ticket', dependency: 'ocsp' },
  },
  {
    alarm: 'KabinetCodesNotTyped',
    at: '40m',
    input: [
      ['kabinet_codes_used_last_hour{purpose="register"}', '10x60'],
      ['kabinet_codes_sent_last_hour{purpose="register"}', '60x60'],
    ],
    labels: { severity: 'ticket' },
  },
  {
    alarm: 'KabinetTrustEnds',
    at: '5m',
    input: [['kabinet_trust_valid_seconds{certificate="nca_gost_2022.cer"}', '7000000x10']],
    labels: { severity: 'ticket', certificate: 'nca_gost_2022.cer' },
  },
  {
    alarm: 'KabinetWorkerStuck',
    at: '5m',
    input: [['kabinet_workers{instance="node1",state="silent"}', '1x10']],
    labels: { severity: 'page', instance: 'node1' },
  },
  {
    alarm: 'KabinetNoticed',
    at: '5m',
    input: [['kabinet_alerts_open{kind="code-guessing"}', '1x10']],
    labels: { severity: 'page', kind: 'code-guessing' },
  },
  {
    alarm: 'KabinetDatabaseBehind',
    at: '10m',
    input: [['kabinet_database_setbacks_total{by="timeline"}', '0x5 1x20']],
    labels: { severity: 'page', by: 'timeline' },
  },
  {
    alarm: 'KabinetNotSynchronous',
    at: '5m',
    input: [['kabinet_database_synchronous', '1x1 0x20']],
    labels: { severity: 'page' },
  },
  {
    alarm: 'KabinetNotSealed',
    at: '15m',
    input: [['kabinet_audit_seal_age_seconds', '7201+60x20']],
    labels: { severity: 'ticket' },
  },
  {
    alarm: 'KabinetRetentionBehind',
    at: '40m',
    input: [['kabinet_retention_overdue_seconds{kind="session"}', '90000+60x60']],
    labels: { severity: 'ticket', kind: 'session' },
  },
  {
    alarm: 'KabinetJobLate',
    at: '70m',
    input: [['kabinet_job_last_success_seconds{job="housekeeping:session"}', '0x80']],
    labels: { severity: 'ticket', job: 'housekeeping:session' },
  },
  {
    alarm: 'KabinetBackupLate',
    at: '30h',
    input: [['kabinet_job_last_success_seconds{job="backup"}', '0x2000']],
    labels: { severity: 'ticket', job: 'backup' },
  },
  {
    alarm: 'KabinetPoolFull',
    at: '10m',
    input: [['kabinet_database_connections{instance="node1",state="waiting"}', '3x20']],
    labels: { severity: 'ticket', instance: 'node1' },
  },
  {
    alarm: 'KabinetEventLoop',
    at: '15m',
    input: [['nodejs_eventloop_lag_max_seconds{instance="node1"}', '0.3x30']],
    labels: { severity: 'ticket', instance: 'node1' },
  },
];

/** Near misses, for which the same alarms must stay silent. */
const silent: readonly Case[] = [
  {
    alarm: 'KabinetErrorsFast',
    at: '70m',
    // One in three fails, but only four an hour: nobody should be woken for three answers.
    input: [requests('200', '0+0.05x80'), requests('500', '0+0.025x80')],
  },
  {
    alarm: 'KabinetErrorsFast',
    at: '80m',
    // Something was wrong an hour ago and no longer is.
    input: [requests('200', '0+100x90'), requests('500', '0+5x40 200x50')],
  },
  {
    alarm: 'KabinetErrorsFast',
    at: '70m',
    input: [requests('200', '0+100x80'), requests('503', '0+5x80'), ['kabinet_maintenance_open', '1x80']],
  },
  {
    alarm: 'KabinetErrorsFast',
    at: '70m',
    input: [
      requests('200', '0+100x80'),
      ['kabinet_http_requests_total{route="/health/ready",method="GET",status="503"}', '0+20x80'],
    ],
  },
  {
    alarm: 'KabinetLatencyFast',
    at: '70m',
    input: [durations('1', '0+0x80'), counted('0+0.1x80')],
  },
  {
    alarm: 'KabinetPoolFull',
    at: '10m',
    input: [['kabinet_database_connections{instance="node1",state="waiting"}', '3 0 3 0 3 0 3 0 3 0 3x10']],
  },
  {
    alarm: 'KabinetJobLate',
    at: '75m',
    // One node's last pass is old, another node has just succeeded. Retention runs every ten
    // minutes.
    input: [
      ['kabinet_job_last_success_seconds{instance="node1",job="seal"}', '0x80'],
      ['kabinet_job_last_success_seconds{instance="node2",job="seal"}', '0+60x80'],
      ['kabinet_job_last_success_seconds{instance="node1",job="housekeeping:session"}', '1200x80'],
    ],
  },
  {
    alarm: 'KabinetEventLoop',
    at: '15m',
    input: [
      ['nodejs_eventloop_lag_max_seconds{instance="node1"}', '0.9 0 0 0 0.9 0 0 0 0.9 0 0 0 0.9 0 0 0'],
    ],
  },
  {
    alarm: 'KabinetCodesNotTyped',
    at: '40m',
    input: [
      ['kabinet_codes_used_last_hour{purpose="register"}', '0x60'],
      ['kabinet_codes_sent_last_hour{purpose="register"}', '9x60'],
    ],
  },
];

const alarmNames = (
  parse(readFileSync(join(root, 'deploy/alerts.yml'), 'utf8')) as {
    groups: { rules: { alert?: string }[] }[];
  }
).groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));

/** Where promtool's result differs from the cases; empty when there is no difference. */
async function judge(cases: readonly Case[], every: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'kabinet-alarms-'));
  try {
    const file = join(folder, 'test.yml');
    writeFileSync(
      file,
      stringify({
        rule_files: [join(root, 'deploy/alerts.yml')],
        evaluation_interval: every,
        tests: cases.map(({ alarm, at, input, labels }) => ({
          interval: '1m',
          input_series: input.map(([series, values]): Series => ({ series, values })),
          alert_rule_test: [
            { eval_time: at, alertname: alarm, exp_alerts: labels ? [{ exp_labels: labels }] : [] },
          ],
        })),
      }),
    );
    await run('promtool', ['test', 'rules', file], { timeout: 50_000 });
    return '';
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    return `${stdout ?? ''}${stderr ?? ''}${(error as Error).message}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.skipIf(!found)('each alarm, as promtool judges it', () => {
  const short = firing.filter(({ at }) => !at.endsWith('0h'));
  const long = firing.filter(({ at }) => at.endsWith('0h'));

  test('has a case in which it fires', () => {
    expect(firing.map(({ alarm }) => alarm).sort()).toEqual([...alarmNames].sort());
  });

  test('fires', async () => expect(await judge(short, '1m')).toBe(''));

  test('fires for what has gone on for days', async () => expect(await judge(long, '30m')).toBe(''));

  test.each(silent.map((one, at) => ({ ...one, name: `${one.alarm}, near miss ${at + 1}` })))(
    'is silent: $name',
    async (one) => expect(await judge([one], '1m')).toBe(''),
  );

  test('is reported when it fires in a case that expects silence', async () => {
    const [planted] = short;
    if (!planted) throw new Error('no case');
    const { labels: _, ...wrong } = planted;
    expect(await judge([wrong], '1m')).toContain('FAILED');
  });
});

describe.skipIf(!found)('an idle service', () => {
  let service: TestService;

  beforeAll(async () => {
    // Without gateways, as a fund starts.
    service = await startService({ DEMO: '0' }, { work: false });
    await sealAll(service.database, service.keys);
  });

  afterAll(() => service.close());

  test('has no alarm, by its own metrics', async () => {
    // Scrape twice: the first scrape opens connections.
    await service.metrics.text();
    const lines = (await service.metrics.text()).split('\n').filter((line) => /^[a-z]/.test(line));
    const input = lines.flatMap((line) => {
      const cut = line.lastIndexOf(' ');
      const [series, value] = [line.slice(0, cut), Number(line.slice(cut + 1))];
      const labelled = series.includes('{')
        ? series.replace('{', '{job="kabinet",instance="node1",')
        : `${series}{job="kabinet",instance="node1"}`;
      return Number.isFinite(value) ? [[labelled, `${value}x70`] as const] : [];
    });
    expect(input.length).toBeGreaterThan(50);
    const up = ['up{job="kabinet",instance="node1"}', '1x70'] as const;
    expect(
      await judge(
        alarmNames.map((alarm) => ({ alarm, at: '65m', input: [up, ...input] })),
        '5m',
      ),
    ).toBe('');
  });
});

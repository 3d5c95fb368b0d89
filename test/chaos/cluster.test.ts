import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { scratchFolder } from '../../packages/local-postgres/test/support/scratch.ts';
import { clusterFaults } from './cluster-faults.ts';
import { script } from './cluster-machines.ts';
import { readClusterOptions } from './cluster-options.ts';
import { type AtFund, judge, type Written } from './judge.ts';

// What `npm run chaos -- cluster` is made of, without its packages and without root.

describe('the rendered configuration', () => {
  const folder = join(scratchFolder('kabinet-cluster-'), 'of-etcd');
  const old = join(scratchFolder('kabinet-cluster-'), 'of-etcd3');
  const read = (file: string, from = folder) => readFileSync(join(from, file), 'utf8');

  beforeAll(() => {
    execFileSync(script, ['render', folder, '--port', '7001']);
    execFileSync(script, ['render', old, '--recipe', 'etcd3', '--disk', '400m']);
  });

  afterAll(() => {
    for (const each of [folder, old]) rmSync(dirname(each), { recursive: true });
  });

  test.each([1, 2, 3])('of Patroni on machine %i acknowledges only what two machines have', (machine) => {
    const patroni = parse(read(`db${machine}/patroni.yml`));
    const { dcs } = patroni.bootstrap;
    expect(dcs).toMatchObject({
      synchronous_mode: true,
      synchronous_mode_strict: true,
      failsafe_mode: true,
      postgresql: { parameters: { synchronous_commit: 'on' }, use_pg_rewind: true },
    });
    // Patroni's own condition for a leader that steps down in time.
    expect(dcs.ttl).toBeGreaterThanOrEqual(dcs.loop_wait + 2 * dcs.retry_timeout);
    expect(patroni.name).toBe(`db${machine}`);
    expect(patroni.postgresql.listen).toBe(`10.213.77.1${machine}:5432`);
    expect(patroni.watchdog).toEqual({ mode: 'off' });
    // A folder that may have the only copy of something is never removed by itself.
    expect(patroni.postgresql).toMatchObject({
      remove_data_directory_on_rewind_failure: false,
      remove_data_directory_on_diverged_timelines: false,
    });
  });

  test('uses the interface of etcd that compares, and the other one only when it is asked for', () => {
    const hosts = '10.213.77.11:2379,10.213.77.12:2379,10.213.77.13:2379';
    const patroni = parse(read('db1/patroni.yml'));
    expect(patroni).toMatchObject({ etcd: { hosts } });
    expect(patroni).not.toHaveProperty('etcd3');
    const lossy = parse(read('db1/patroni.yml', old));
    expect(lossy).toMatchObject({ etcd3: { hosts } });
    expect(lossy).not.toHaveProperty('etcd');
    expect(parse(read('db2/etcd.yml'))).toMatchObject({
      name: 'db2',
      'enable-v2': true,
      'initial-cluster':
        'db1=http://10.213.77.11:2380,db2=http://10.213.77.12:2380,db3=http://10.213.77.13:2380',
    });
  });

  test('keeps a small disk small', () => {
    const limit = (from: string) =>
      parse(read('db1/patroni.yml', from)).bootstrap.dcs.postgresql.parameters.max_wal_size;
    expect([limit(folder), limit(old)]).toEqual(['1GB', '96MB']);
  });

  test('leads through PgBouncer and HAProxy to the leader alone', () => {
    expect(read('haproxy.cfg')).toMatch(/bind 127\.0\.0\.1:7001\n[\s\S]+uri \/primary\n/);
    expect(read('haproxy.cfg')).toContain('on-marked-down shutdown-sessions');
    const pooler = read('pgbouncer.ini');
    expect(pooler).toContain('kabinet = host=127.0.0.1 port=7001 dbname=kabinet');
    expect(pooler).toContain('listen_port = 7002');
    expect(pooler).toContain('pool_mode = transaction');
    expect(pooler).toMatch(/^ignore_startup_parameters = .*statement_timeout/m);
  });

  test('has no blank left, and passwords of its own that only its user can read', () => {
    const files = [1, 2, 3].flatMap((n) => [`db${n}/patroni.yml`, `db${n}/etcd.yml`]);
    for (const file of [...files, 'haproxy.cfg', 'pgbouncer.ini'])
      expect(read(file), file).not.toContain('${');
    for (const file of [...files, 'userlist.txt', 'secrets/superuser'])
      expect(statSync(join(folder, file)).mode & 0o077, file).toBe(0);
    const { authentication } = parse(read('db1/patroni.yml')).postgresql;
    const passwords = Object.values(authentication as Record<string, { password: string }>);
    expect(new Set(passwords.map(({ password }) => password)).size).toBe(3);
    expect(read('secrets/superuser')).not.toBe(read('secrets/superuser', old));
  });
});

describe('the options of the run', () => {
  test('are all faults once by the recipe, and a frozen leader up to six times by the old one', () => {
    expect(readClusterOptions([])).toEqual({
      recipe: 'etcd',
      times: 1,
      faults: Object.keys(clusterFaults),
    });
    expect(readClusterOptions(['--recipe', 'etcd3'])).toEqual({
      recipe: 'etcd3',
      times: 6,
      faults: ['freeze'],
    });
    expect(readClusterOptions(['kill', 'clock-back', '--times', '3'])).toMatchObject({
      times: 3,
      faults: ['kill', 'clock-back'],
    });
  });

  test.each([
    ['frost', 'There is no fault frost'],
    ['--recipe=consul', 'There is no recipe consul'],
    ['--times=0', '--times takes a whole number'],
  ])('refuse %s, and say what there is', (word, reason) => {
    expect(() => readClusterOptions([word])).toThrow(reason);
    expect(() => readClusterOptions([word])).toThrow('half-partition');
  });
});

describe('the judge', () => {
  const values = { address: 'Алматы қ., Белгілі көшесі, 1' };
  const receipt = { iin: '900101300017', formId: 'form-1', values, numbers: ['R1'] };
  const entries = [{ field: 'address', old: null, new: values.address }];
  const change = { ...receipt, changeId: 'c1', number: 'R1', revision: 1, entries };
  const fund: AtFund = {
    effects: [{ changeId: 'c1', iin: receipt.iin }],
    requisitesOf: () => values,
  };
  const written: Written = {
    changes: [change],
    messages: [{ changeId: 'c1', fields: values, delivered: true }],
    noted: ['R1'],
    copies: new Map([[receipt.iin, { revision: 1, values }]]),
  };
  const nothing = { lost: [], doubled: [], 'out of order': [], 'half-written': [] };

  test('finds nothing where everything is as the receipt says', () => {
    expect(judge([receipt], written, fund)).toEqual(nothing);
  });

  test('names the receipt that a rewound leader took with it, and its effect at the fund', () => {
    const rewound: Written = { changes: [], messages: [], noted: [], copies: new Map() };
    expect(judge([receipt], rewound, fund)).toEqual({
      ...nothing,
      lost: ['receipt R1 is not in the history'],
      'half-written': ['c1 took effect without a change'],
    });
  });
});

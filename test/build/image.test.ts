import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { root } from '../../src/platform/root.ts';

// What of the image and of compose.yaml can be told without containers. docs/runbook.md says how
// they were tried with them.

const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks: Readonly<Record<string, { readonly ipv4_address: string }>>;
  readonly read_only?: boolean;
  readonly mem_limit?: string;
  readonly pids_limit?: number;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
}

const compose = parse(read('compose.yaml'), { merge: true });
const services = Object.entries<Service>(compose.services);
const service = (name: string): Service => compose.services[name];

test('the image has an exact Node.js, another user than root, and a health check without Node.js', () => {
  const [head = '', build = '', image = ''] = read('Dockerfile').split(/^FROM /m);
  expect(head).toMatch(/^ARG NODE=node:\d+\.\d+\.\d+-bookworm-slim(?:@sha256:[0-9a-f]{64})?$/m);
  for (const stage of [build, image]) expect(stage).toMatch(/^\$\{NODE\}/);
  expect(image).not.toMatch(/^(?:COPY \.|RUN)/m);
  expect(image).toMatch(/^USER node$[\s\S]+^HEALTHCHECK .*CMD \["deploy\/health", "live"\]$[\s\S]+^CMD /m);
  expect(read('.dockerignore').split('\n')).toContain('!deploy/health');
});

describe.each(services)('%s in compose.yaml', (name, { image, volumes = [], ...limits }) => {
  test('has limits', () => {
    expect(limits.mem_limit).toMatch(/^\d+[mg]$/);
    expect(limits.pids_limit).toBeGreaterThan(0);
    expect(limits.security_opt).toContain('no-new-privileges:true');
    // PostgreSQL's entrypoint begins as root and gives its folder away.
    if (name === 'postgres') return;
    expect(limits.read_only).toBe(true);
    expect(limits.cap_drop).toEqual(['ALL']);
  });

  test('is our image or an exact line, and what it mounts is there', () => {
    expect(image).toMatch(/^(?:kabinet|[a-z/]+:v?\d+\.\d+[\w.-]*)$/);
    const mounted = volumes.filter((volume) => volume.startsWith('./'));
    for (const volume of mounted) expect(existsSync(join(root, volume.split(':')[0] ?? ''))).toBe(true);
  });

  test('is reached from outside only if it is the proxy, or on loopback', () => {
    const open = (limits.ports ?? []).filter((port) => !port.startsWith('127.0.0.1:'));
    expect(open.length > 0).toBe(name === 'proxy');
  });
});

describe('the proxy in compose.yaml', () => {
  const proxy = service('proxy');

  test('knows the nodes, is trusted by them, and is configured by names that its file reads', () => {
    const address = (name: string) => service(name).networks['inside']?.ipv4_address;
    expect(proxy.environment).toMatchObject({
      KABINET_NODE_1: `${address('node1')}:3000`,
      KABINET_NODE_2: `${address('node2')}:3000`,
    });
    for (const node of ['node1', 'node2'])
      expect(service(node).environment?.['TRUSTED_PROXIES']).toBe(address('proxy'));
    for (const name of Object.keys(proxy.environment ?? {}))
      expect(read('deploy/haproxy.cfg')).toContain(`\${${name}-`);
  });

  test('takes its file (skipped without haproxy)', ({ skip }) => {
    const environment = {
      ...process.env,
      ...(proxy.environment as Record<string, string>),
      KABINET_UNAVAILABLE: join(root, 'src/ui/static/unavailable.html'),
    };
    const { error, status, stderr } = spawnSync('haproxy', ['-c', '-f', join(root, 'deploy/haproxy.cfg')], {
      env: environment,
    });
    if (error) skip('there is no haproxy');
    expect(status, String(stderr)).toBe(0);
  });
});

test('Prometheus asks both nodes at the port where their metrics are, and has the rules', () => {
  const { scrape_configs: jobs, rule_files: rules } = parse(read('deploy/prometheus.yml'));
  const { METRICS_PORT: port } = service('node1').environment ?? {};
  expect(jobs[0].static_configs[0].targets).toEqual([`node1:${port}`, `node2:${port}`]);
  const mounted = service('prometheus').volumes ?? [];
  for (const file of ['prometheus.yml', ...rules])
    expect(mounted).toContain(`./deploy/${file}:/etc/prometheus/${file}:ro`);
});

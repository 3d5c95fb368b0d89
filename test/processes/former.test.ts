import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../src/platform/root.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { urlOf } from '../support/kabinet.ts';
import { type NetworkClient, networkClient } from '../support/network-client.ts';
import { readPage, visibleText } from '../support/page.ts';
import { inventPerson } from '../support/people.ts';
import { type ServiceProcess, startProcess } from '../support/processes.ts';
import { enrol } from '../support/service.ts';
import { formOf, signIn } from '../support/signed-in.ts';

// The former release, built from its own sources, runs beside today's on a database with today's
// migrations. That happens for some minutes in a rolling deploy, and longer after a roll-back.

const release = readFileSync(new URL('former-release', import.meta.url), 'utf8').trim();
const known = isKnown(release);
if (!known)
  console.log(
    'The former release is not in the history here (a tarball, a shallow clone): mixed versions are not tested.',
  );

function isKnown(commit: string): boolean {
  try {
    execFileSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Builds the release in a separate folder, with today's packages. */
function buildFormer(folder: string): string {
  const archive = execFileSync('git', ['archive', release], { cwd: root, maxBuffer: 100_000_000 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  execFileSync(process.execPath, [join(folder, 'scripts/build.mjs')], { cwd: folder, stdio: 'pipe' });
  return join(folder, 'dist/main.js');
}

test.runIf(known)('each migration since the former release has a higher number than its last', () => {
  const listed = execFileSync('git', ['ls-tree', '--name-only', release, 'migrations/'], { cwd: root });
  const before = String(listed)
    .trim()
    .split('\n')
    .map((path) => path.slice('migrations/'.length));
  const added = readdirSync(join(root, 'migrations')).filter((name) => !before.includes(name));
  const last = before.sort().at(-1) ?? '';
  // A database with the later one refuses to run an earlier one afterwards.
  expect(added.filter((name) => name < last)).toEqual([]);
});

describe.runIf(known)('the former release on the schema of today', () => {
  const person = inventPerson(7_201);
  let folder: string;
  let fresh: FreshDatabase;
  let former: ServiceProcess;
  let today: ServiceProcess;
  const clients: NetworkClient[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kabinet-former-'));
    const main = buildFormer(folder);
    fresh = await freshDatabase();
    await enrol(fresh.database, person);
    const environment = { DATABASE_URL: urlOf(fresh.connection) };
    [former, today] = await Promise.all([startProcess(environment, { main }), startProcess(environment)]);
  });

  afterAll(async () => {
    for (const client of clients) client.close();
    for (const service of [former, today]) service.signal('SIGTERM');
    expect(await Promise.all([former.ended, today.ended])).toEqual([0, 0]);
    await fresh.drop();
    await rm(folder, { recursive: true });
  });

  function visitor(service: ServiceProcess, like?: NetworkClient): NetworkClient {
    const client = networkClient(service.origin, like);
    clients.push(client);
    return client;
  }

  const requisites = '/services/requisites';

  /** Opens the form at one node, saves it at another and reads the receipt there. */
  async function change(opened: NetworkClient, saved: NetworkClient, apartment: string): Promise<void> {
    const page = await opened.get(requisites);
    expect(page.status).toBe(200);
    const shown = formOf(page.body, requisites, { apartment, formId: randomUUID() });
    const answer = await saved.post(requisites, shown);
    expect(answer.status).toBe(303);
    const receipt = await saved.get(String(answer.headers['location']));
    expect(receipt.status).toBe(200);
    expect(visibleText(readPage(receipt.body))).toContain(apartment);
    // The other node shows what was saved.
    const after = formOf((await opened.get(requisites)).body, requisites);
    expect(after.find(([name]) => name === 'apartment')).toEqual(['apartment', apartment]);
  }

  test('it becomes ready, signs people in, shows the requisites, saves and gives the receipt', async () => {
    const client = visitor(former);
    expect((await client.get('/health/ready')).status).toBe(200);
    await signIn(client, person);
    await change(client, client, '101');
    expect((await client.get('/history')).status).toBe(200);
  });

  test('a session and a form of one version work in the other, both ways', async () => {
    const old = visitor(former);
    await signIn(old, person);
    const fresher = visitor(today, old);
    await change(old, fresher, '102');
    await change(fresher, old, '103');
    await fresher.post('/sign-out', formOf((await fresher.get('/services')).body, '/sign-out'));
    expect((await old.get('/services')).status).toBe(303);
  });
});

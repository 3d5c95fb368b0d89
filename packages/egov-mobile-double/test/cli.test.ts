import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestAuthority, type IssueOptions, writePkcs12 } from 'nca-verify/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { main } from '../src/cli.ts';
import { MODE_NAMES } from '../src/index.ts';
import { type FakeService, startFakeService } from './fake-service.ts';

const authority = createTestAuthority({ at: new Date(), name: 'TEST' });
const person = { iin: '900101300007', surname: 'СЕРІКБАЕВ', name: 'АЙДАР' };

let folder: string;
let service: FakeService;
let said: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'egov-mobile-double-'));
  const add = (kind: string, options: IssueOptions = {}) => {
    const identity = authority.issue(person, { notBefore: new Date(Date.now() - 86_400_000), ...options });
    const file = `${kind.replaceAll(' ', '-')}.p12`;
    writeFileSync(join(folder, file), writePkcs12(identity, 'Qwerty12'));
    return { file, iin: person.iin, kind, owner: 'somebody' };
  };
  const list = [add('usual'), add('organisation', { profile: 'head' })];
  writeFileSync(join(folder, 'keys.json'), JSON.stringify(list));
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(async () => {
  service = await startFakeService(authority.certificates);
  said = '';
  const hear = (...words: unknown[]) => {
    said += `${words.join(' ')}\n`;
  };
  vi.spyOn(console, 'log').mockImplementation(hear);
  vi.spyOn(console, 'error').mockImplementation(hear);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    hear(text);
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await service.close();
});

const auto = () => ['--keys', folder, '--auto', person.iin, '--local'];

test('shows what is asked for, signs it and says what came back', async () => {
  expect(await main([service.code, ...auto()])).toBe(0);
  expect(said).toContain('«Мысал» АҚ (000000000000) asks until');
  expect(said).toContain('  | If you did not open this page, decline.');
  expect(said).toContain('signature: 200');
  expect(said).toMatch(/button "Back": http:\/\/127\.0\.0\.1:\d+\/back\?key=1/);
});

test('signs with the key of the mode, and fails when the service refuses', async () => {
  expect(await main([service.code, ...auto(), '--mode', 'firm'])).toBe(1);
  expect(said).toContain('signature: 403, "refused"');
});

test('plays what an address offers, once', async () => {
  let asked = 0;
  const offering = createServer((_request, response) => {
    asked += 1;
    if (asked === 1) response.writeHead(204).end();
    else response.end(`${service.code}\n`);
  });
  await new Promise<void>((resolve) => offering.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(offering.address() as AddressInfo).port}/`;
  try {
    expect(await main(['--watch', url, '--once', ...auto()])).toBe(0);
    expect([asked, service.received.length]).toEqual([2, 3]);
  } finally {
    offering.close();
  }
});

test('says why the app stops', async () => {
  expect(await main([service.code.replace('mgovSign', 'other'), ...auto()])).toBe(1);
  expect(said).toContain('The app stops (noMgovSign)');
});

test('text of a site cannot control the terminal', async () => {
  service.change.request = (answer) => ({ ...answer, description: '\u001b[2Jgone' });
  await main([service.code, ...auto()]);
  expect(said).toContain('\\u001b[2Jgone');
});

test.each([
  [[], 'Give the text of one code'],
  [['mobileSign:x', '--watch', 'http://localhost/'], 'Give the text of one code'],
  [['mobileSign:x'], 'Give --key FILE'],
  [['mobileSign:x', '--mode', 'other'], '--mode other: must be one of ok, decline'],
  [['mobileSign:x', '--unknown'], 'unknown'],
])('misuse: %j', async (parameters, words) => {
  expect(await main(parameters)).toBe(2);
  expect(said).toContain(words);
});

test('a key that the folder does not have is named', async () => {
  expect(await main([service.code, ...auto(), '--mode', 'revoked'])).toBe(1);
  expect(said).toContain('no key "revoked"');
});

test('does not run in production', async () => {
  vi.stubEnv('NODE_ENV', 'production');
  expect(await main([service.code, ...auto()])).toBe(1);
  expect(service.received).toEqual([]);
});

test('the help names every mode', async () => {
  expect(await main(['--help'])).toBe(0);
  expect(MODE_NAMES.filter((name) => !said.includes(`  ${name} `))).toEqual([]);
});

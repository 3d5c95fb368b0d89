import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTrust, verify } from 'nca-verify';
import library, { type Client } from 'ncalayer-js-client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Agent, startAgent } from '../src/agent.ts';
import { KEY_PASSWORD, openKeyFile, prepareKeys } from '../src/keys.ts';

// The client library that most sites use talks to the agent as to NCALayer.

const { NCALayerClient } = library;

const person = { iin: '900101300007', surname: 'СЕРІКБАЕВ', name: 'АЙДАР' };
const content = Buffer.from('document');
const data = content.toString('base64');
const attached = { decode: true, encapsulate: true, digested: false };
const { basicsSignerSignPerson: signer, basicsStorageAll: all } = NCALayerClient;

let folder: string;
let agent: Agent;
let client: Client;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nca-agent-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(async () => {
  const keys = prepareKeys(folder, [person], new Date());
  const file = keys.files.find(({ kind }) => kind === 'usual')?.file ?? '';
  const key = openKeyFile(join(keys.folder, file), KEY_PASSWORD);
  agent = await startAgent({ choose: async () => key, port: 0 });
  client = new NCALayerClient(`ws://127.0.0.1:${agent.port}`, false);
});

afterEach(async () => {
  client.wsConnection.close();
  await agent.close();
});

function accepted(message: unknown): boolean {
  const trust = createTrust(
    ['root_gost.cer', 'nca_gost.cer'].map((name) => readFileSync(join(folder, name))),
  );
  return verify({
    message: String(message),
    content,
    at: new Date(),
    trust,
    revocation: 'skip',
    require: 'individual',
  }).ok;
}

test('connects, and recognises the agent as NCALayer', async () => {
  expect(await client.connect()).toBe('1.4');
  expect(client.isKmd).toBe(false);
  expect(await client.getActiveTokens()).toEqual([]);
});

test.each(['none', 'list'] as const)(
  'signs by basics, one document and a list, with answers in the form "%s"',
  async (fault) => {
    agent.fault = fault;
    await client.connect();
    expect(accepted(await client.basicsSignCMS(all, data, attached, signer, 'kk'))).toBe(true);
    const detached = NCALayerClient.basicsCMSParamsDetachedNoTSP;
    const both = (await client.basicsSignCMS(all, [data, data], detached, signer)) as string[];
    expect(both.map(accepted)).toEqual([true, true]);
  },
);

test.each(['none', 'no-basics'] as const)(
  'signs by commonUtils, with and without the content: "%s"',
  async (fault) => {
    agent.fault = fault;
    await client.connect();
    expect(accepted(await client.createCAdESFromBase64('PKCS12', data, 'SIGNATURE', true))).toBe(true);
    expect(accepted(await client.createCAdESFromBase64('PKCS12', data, 'AUTHENTICATION'))).toBe(true);
    await expect(client.getKeyInfo('PKCS12')).rejects.toThrow('500');
  },
);

test('reports a closed window as NCALayer does', async () => {
  agent.choose = async () => null;
  await client.connect();
  await expect(client.basicsSignCMS(all, data, attached, signer)).rejects.toMatchObject({
    canceledByUser: true,
  });
  await expect(client.createCAdESFromBase64('PKCS12', data)).rejects.toThrow('500: action.canceled');
});

test('reports a version without modules, and the end of the connection', async () => {
  agent.fault = 'no-modules';
  await client.connect();
  await expect(client.getActiveTokens()).rejects.toThrow();
  agent.fault = 'close';
  await expect(client.basicsSignCMS(all, data, attached, signer)).rejects.toThrow();
});

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTrust, loadCrl, verify } from 'nca-verify';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { type Agent, type Fault, startAgent } from '../src/agent.ts';
import { greeting } from '../src/cli.ts';
import { type DemoKeys, fits, KEY_PASSWORD, openKeyFile, prepareKeys } from '../src/keys.ts';
import { answer, type SignRequest } from '../src/protocol.ts';

const people = [
  { iin: '900101300007', surname: 'СЕРІКБАЕВ', name: 'АЙДАР', patronymic: 'НҰРЛАНҰЛЫ' },
  { iin: '850615400006', surname: 'АХМЕТОВА', name: 'ДИНАРА' },
];
const individual = '1.2.398.3.3.4.1.1';
const at = new Date();

let folder: string;
let keys: DemoKeys;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nca-agent-'));
  keys = prepareKeys(folder, people, at);
});

afterAll(() => rmSync(folder, { recursive: true }));

function key(kind: string) {
  const found = keys.files.find((one) => one.kind === kind);
  if (!found) throw new Error(`no key "${kind}"`);
  return openKeyFile(join(keys.folder, found.file), KEY_PASSWORD);
}

function sign(args: Record<string, unknown> = {}): string {
  return JSON.stringify({
    module: 'kz.gov.pki.knca.basics',
    method: 'sign',
    args: {
      format: 'cms',
      data: Buffer.from('document').toString('base64'),
      signingParams: { decode: true, encapsulate: true, digested: false },
      signerParams: { extKeyUsageOids: [individual] },
      locale: 'kk',
      ...args,
    },
  });
}

const always = (kind: string) => async () => key(kind);

describe('the keys', () => {
  test('each person has a GOST file, one person has two RSA files, and there is one key of each special kind', () => {
    const kinds = keys.files.map(({ kind, file }) => `${kind}: ${file.split('/').at(-1)?.split('_')[0]}`);
    expect(kinds.sort()).toEqual([
      'expired: GOST512',
      'organisation: GOST512',
      'revoked: GOST512',
      'sign-in only: AUTH',
      'signature only: RSA256',
      'unknown to the fund: GOST512',
      'usual: GOST512',
      'usual: GOST512',
    ]);
  });

  test('are made once', () => {
    const before = readdirSync(keys.folder, { recursive: true }).sort();
    const files = prepareKeys(folder, people, new Date());
    expect(files.files).toEqual(keys.files);
    expect(readdirSync(keys.folder, { recursive: true }).sort()).toEqual(before);
  });

  test.each([
    ['usual', 'accepted'],
    ['sign-in only', 'accepted'],
    ['expired', 'expired'],
    ['revoked', 'revoked'],
    ['organisation', 'notIndividual'],
  ])('%s: %s', async (kind, expected) => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.cer'));
    const trust = createTrust(files.map((name) => readFileSync(join(folder, name))));
    const crls = ['nca_gost.crl', 'nca_rsa.crl'].flatMap((name) => {
      const loaded = loadCrl(readFileSync(join(folder, name)), trust);
      return loaded.ok ? [loaded.crl] : [];
    });
    const { body } = JSON.parse(await answer(sign(), always(kind)));
    const verdict = verify({
      message: body.result,
      content: Buffer.from('document'),
      at: new Date(),
      trust,
      crls,
      require: 'individual',
    });
    expect(verdict.ok ? 'accepted' : verdict.reason).toBe(expected);
  });

  test('a wrong password opens no key file', () => {
    const file = keys.files[0]?.file ?? '';
    expect(() => openKeyFile(join(keys.folder, file), 'other')).toThrow('password');
  });

  test('a key fits a request for its purposes and its IIN', () => {
    const asked = (different: Partial<SignRequest>): SignRequest => ({
      documents: [],
      purposes: [individual],
      iin: undefined,
      locale: 'ru',
      ...different,
    });
    expect(fits(key('usual'), asked({}))).toBe(true);
    expect(fits(key('organisation'), asked({}))).toBe(false);
    expect(fits(key('usual'), asked({ purposes: [individual, '1.3.6.1.5.5.7.3.2'] }))).toBe(false);
    expect(fits(key('usual'), asked({ iin: '900101300007' }))).toBe(true);
    expect(fits(key('usual'), asked({ iin: '850615400006' }))).toBe(false);
  });
});

describe('the protocol', () => {
  const never = async () => {
    throw new Error('nobody should be asked');
  };

  test.each([
    ['--heartbeat--', '--heartbeat--'],
    ['{', '{"success":false,"code":"COMMON_JSON_WRAPPING_EXCEPTION"}'],
    ['[]', '{"success":false,"code":"COMMON_JSON_WRAPPING_EXCEPTION"}'],
    [
      '{"module":"kz.digiflow.mobile.extensions","method":"getVersion"}',
      '{"success":false,"errorCode":"MODULE_NOT_FOUND"}',
    ],
  ])('%s', async (asked, expected) => {
    expect(await answer(asked, never)).toBe(expected);
  });

  test.each([
    ['xml', { format: 'xml' }],
    ['no purposes', { signerParams: {} }],
    ['a digest', { signingParams: { digested: true } }],
    ['no data', { data: 7 }],
  ])('refuses %s without asking the person', async (_what, args) => {
    expect(JSON.parse(await answer(sign(args), never))).toMatchObject({
      status: false,
      code: 'INVALID_SIGNING_PARAMS',
    });
  });

  test('a cancelled request is answered with an empty body', async () => {
    expect(await answer(sign(), async () => null)).toBe('{"status":true,"body":{}}');
  });

  test('signs the base64 text itself unless `decode` is set, and returns a list for a list', async () => {
    const trust = createTrust(
      ['root_gost.cer', 'nca_gost.cer'].map((name) => readFileSync(join(folder, name))),
    );
    const data = Buffer.from('document').toString('base64');
    const { body } = JSON.parse(
      await answer(sign({ signingParams: {}, data: [data, data] }), always('usual')),
    );
    expect(body.result).toHaveLength(2);
    expect(body.result[0]).toMatch(/^-----BEGIN CMS-----\n/);
    const verdict = verify({ message: body.result[0], at: new Date(), trust, revocation: 'skip' });
    expect(verdict.ok && Buffer.from(verdict.content).toString()).toBe(data);
  });
});

describe('the server', () => {
  let agent: Agent | undefined;
  const sockets: WebSocket[] = [];

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.terminate();
    await agent?.close();
    agent = undefined;
  });

  async function open(fault: Fault = 'none', scheme = 'wss') {
    agent ??= await startAgent({ choose: always('usual'), port: 0, fault });
    const socket = new WebSocket(`${scheme}://127.0.0.1:${agent.port}/`, { rejectUnauthorized: false });
    sockets.push(socket);
    const said: string[] = [];
    const waiting: ((text: string) => void)[] = [];
    const closed = new Promise<'closed'>((resolve) => socket.once('close', () => resolve('closed')));
    socket.on('message', (data) => {
      const next = waiting.shift();
      if (next) next(String(data));
      else said.push(String(data));
    });
    const next = () =>
      new Promise<string>((resolve) => {
        const ready = said.shift();
        if (ready !== undefined) resolve(ready);
        else waiting.push(resolve);
      });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return { socket, next, closed };
  }

  test.each(['ws', 'wss'])('greets first and signs, over %s', async (scheme) => {
    const { socket, next } = await open('none', scheme);
    expect(await next()).toBe('{"result":{"version":"1.4"}}');
    socket.send('--heartbeat--');
    socket.send(sign());
    expect(await next()).toBe('--heartbeat--');
    expect(JSON.parse(await next()).body.result).toContain('BEGIN CMS');
  });

  test('shows each fault when asked to', async () => {
    const { socket, next, closed } = await open('garbage');
    await next();
    const faulty = agent as Agent;
    socket.send(sign());
    expect(() => JSON.parse('<html>')).toThrow();
    expect(await next()).toContain('<html>');
    faulty.fault = 'cancel';
    socket.send(sign());
    expect(await next()).toBe('{"status":true,"body":{}}');
    faulty.fault = 'huge';
    socket.send(sign());
    expect((await next()).length).toBe(20 * 1024 * 1024);
    faulty.fault = 'close';
    socket.send(sign());
    expect(await closed).toBe('closed');
  });

  test('its page explains how to accept the certificate; over https, that it is accepted', async () => {
    agent = await startAgent({ choose: always('usual'), port: 0 });
    const get = (ask: typeof httpRequest, url: string) =>
      new Promise<string>((resolve, reject) => {
        ask(url, { rejectUnauthorized: false } as RequestOptions, (response) => {
          let body = '';
          response.on('data', (chunk) => {
            body += chunk;
          });
          response.on('end', () => resolve(body));
        })
          .once('error', reject)
          .end();
      });
    expect(await get(httpRequest, `http://127.0.0.1:${agent.port}/`)).toContain('/secure');
    expect(await get(httpsRequest as typeof httpRequest, `https://127.0.0.1:${agent.port}/`)).toContain(
      'accepts',
    );
  });

  test('does not start when something listens on the port', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    await expect(startAgent({ choose: always('usual'), port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await new Promise((resolve) => other.close(resolve));
  });
});

test('names the folder that a service must use to trust the keys', () => {
  const said = greeting({ folder: '/srv/cabinet/eds', files: [] }, { port: 13_579 }, 'none');
  expect(said).toContain('VAR_DIR=/srv/cabinet,');
});

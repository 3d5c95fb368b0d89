import { createTrust, verify } from 'nca-verify';
import { createTestAuthority, type Identity } from 'nca-verify/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppRefusal, keyKindOf, MODE_NAMES, type Mode, type PhoneOptions, playPhone } from '../src/index.ts';
import { type FakeService, type Json, startFakeService } from './fake-service.ts';

const authority = createTestAuthority({ at: new Date(), name: 'TEST' });
const trust = createTrust(authority.certificates);
const day = 86_400_000;
const person = { iin: '900101300007', surname: 'СЕРІКБАЕВ', name: 'АЙДАР' };
const yesterday = { notBefore: new Date(Date.now() - day) };
const expired = { notBefore: new Date(Date.now() - 9 * day), notAfter: new Date(Date.now() - day) };
const keys: Readonly<Record<ReturnType<typeof keyKindOf>, Identity>> = {
  person: authority.issue(person, yesterday),
  stranger: authority.issue({ ...person, iin: '880808301002' }, yesterday),
  firm: authority.issue(person, { ...yesterday, profile: 'head' }),
  revoked: authority.issue(person, yesterday),
  expired: authority.issue(person, expired),
  authentication: authority.issue(person, { ...yesterday, profile: 'authentication' }),
};

let service: FakeService;
beforeEach(async () => {
  service = await startFakeService(authority.certificates);
});
afterEach(() => service.close());

const play = (mode: Mode, options: Partial<PhoneOptions> = {}) =>
  playPhone(service.code, {
    key: keys[keyKindOf(mode)],
    mode,
    allowedHosts: ['127.0.0.1'],
    allowLocalHttp: true,
    wait: async () => undefined,
    ...options,
  });

/** The last signature that the service received, as text. */
function sent(): string {
  const body = service.received.findLast(({ method }) => method === 'PUT')?.body ?? '{}';
  return (JSON.parse(body) as { documentsToSign: { document: { file: { data: string } } }[] })
    .documentsToSign[0]?.document.file.data as string;
}

/** The statuses of all calls: API №1, reading and sending. */
const expected: Readonly<Record<Mode, readonly number[]>> = {
  ok: [200, 200, 200],
  decline: [200, 200],
  slow: [200, 200, 200],
  twice: [200, 200, 200, 200],
  'twice-other': [200, 200, 200, 409],
  lost: [200, 200, 0, 200],
  tampered: [200, 200, 403],
  'other-content': [200, 200, 403],
  'detached-for-attached': [200, 200, 403],
  // This service knows nobody, and does not ask about revocation.
  'wrong-key': [200, 200, 200],
  firm: [200, 200, 403],
  revoked: [200, 200, 200],
  'expired-cert': [200, 200, 403],
  'auth-key': [200, 200, 200],
  'no-token': [200, 401, 200, 401],
  'bad-token': [200, 200, 401],
  // Nor does it have a clock.
  late: [200, 200, 200],
  'old-app': [200, 200, 200],
  'line-breaks': [200, 200, 200],
  pem: [200, 200, 200],
  'with-timestamp': [200, 200, 200],
  'bad-timestamp': [200, 200, 200],
  'second-phone': [200, 409],
  garbage: [200, 200, 403],
  huge: [200, 200, 413],
};

test.each(MODE_NAMES)('%s', async (mode) => {
  const run = await play(mode);
  expect(run.calls.map(({ status }) => status)).toEqual(expected[mode]);
  const outcome = mode === 'decline' ? 'declined' : run.status === 200 ? 'taken' : 'refused';
  expect(run.outcome).toBe(outcome);
  expect(run.backUrl !== undefined).toBe(outcome === 'taken');
  if (outcome === 'refused') expect(run.message).toMatch(/\w/);
});

describe('what is sent', () => {
  test.each([
    ['ok', 'accepted'],
    ['line-breaks', 'accepted'],
    ['pem', 'accepted'],
    ['with-timestamp', 'accepted'],
    ['bad-timestamp', 'accepted'],
    ['auth-key', 'accepted'],
    ['tampered', 'contentMismatch'],
    ['other-content', 'contentMismatch'],
    ['firm', 'notIndividual'],
    ['expired-cert', 'expired'],
    ['garbage', 'malformed'],
  ] as const)('%s: %s', async (mode, reason) => {
    await play(mode);
    const { content } = service;
    const verdict = verify({
      message: sent(),
      content,
      at: new Date(),
      trust,
      require: 'individual',
      revocation: 'skip',
    });
    expect(verdict.ok ? 'accepted' : verdict.reason).toBe(reason);
  });

  test('the content is inside, or left out on purpose', async () => {
    await play('ok');
    const judge = () => verify({ message: sent(), at: new Date(), trust, revocation: 'skip' });
    expect(judge()).toMatchObject({ ok: true, signer: { iin: person.iin } });
    await service.close();
    service = await startFakeService(authority.certificates);
    await play('detached-for-attached');
    expect(judge()).toMatchObject({ ok: false, reason: 'contentMismatch' });
  });

  test('the object that was given comes back with nothing but the signature changed', async () => {
    service.change.documents = (answer) => ({ ...answer, own: { kept: [1] } });
    await play('ok');
    const body = JSON.parse(service.received.at(-1)?.body ?? '{}') as Json;
    expect(body).toMatchObject({ signMethod: 'CMS_WITH_DATA', version: 1, own: { kept: [1] } });
    expect(body['documentsToSign']).toMatchObject([
      { id: 1, nameKz: 'Кіру', document: { file: { mime: 'text/plain' } } },
    ]);
  });

  test('lines of 64 characters, a PEM frame, no version', async () => {
    await play('line-breaks');
    expect(sent().split('\r\n')[0]).toHaveLength(64);
    await play('pem').catch(() => undefined);
    await service.close();
    service = await startFakeService(authority.certificates);
    await play('pem');
    expect(sent()).toMatch(/^-----BEGIN CMS-----\n/);
    await service.close();
    service = await startFakeService(authority.certificates);
    await play('old-app');
    expect(JSON.parse(service.received.at(-1)?.body ?? '{}')).not.toHaveProperty('version');
    expect(service.received.map(({ language }) => language)).toEqual([undefined, undefined, undefined]);
  });

  test('detached where the service asks for it', async () => {
    service.change.documents = (answer) => ({ ...answer, signMethod: 'CMS_SIGN_ONLY' });
    await play('ok');
    const { content } = service;
    const judge = (given: object) =>
      verify({ message: sent(), at: new Date(), trust, revocation: 'skip', ...given });
    expect(judge({})).toMatchObject({ ok: false });
    expect(judge({ content })).toMatchObject({ ok: true });
  });
});

test('waits as long as it was told, and until the time is over', async () => {
  const waited: number[] = [];
  const wait = async (milliseconds: number) => void waited.push(milliseconds);
  await play('slow', { seconds: 7, wait });
  await play('late', { wait }).catch(() => undefined);
  expect(waited[0]).toBe(7000);
});

test('the person sees the text before they agree, and nothing is sent if they do not', async () => {
  let seen: string | null | undefined;
  const run = await play('ok', {
    language: 'ru',
    agree: async ({ documents, request }) => {
      seen = `${request.description}\n${documents[0]?.shown}`;
      return false;
    },
  });
  expect(run.outcome).toBe('declined');
  expect(seen).toBe(`Signing in to the example\n${service.content}`);
  expect(service.received.map(({ method }) => method)).toEqual(['GET', 'GET']);
  expect(service.received.map(({ language }) => language)).toEqual(['ru', 'ru']);
});

test('a file of another type is signed without being shown', async () => {
  service.change.documents = (answer) => {
    const text = JSON.stringify(answer).replace('text/plain', 'application/octet-stream');
    return JSON.parse(text) as Json;
  };
  const run = await play('ok');
  expect(run.shown?.documents.map(({ shown }) => shown)).toEqual([null]);
  expect(run.outcome).toBe('taken');
});

test.each([
  ['None', undefined],
  ['Token', /^Bearer [\w-]{22}$/],
  ['Eds', undefined],
] as const)('auth_type %s', async (auth, authorization) => {
  service.auth = auth;
  const run = await play('ok');
  expect(run.outcome).toBe('taken');
  const read = service.received[1];
  expect(read?.method).toBe(auth === 'Eds' ? 'POST' : 'GET');
  if (authorization) expect(read?.authorization).toMatch(authorization);
  else expect(read?.authorization).toBeUndefined();
});

describe('the app stops', () => {
  const reasonOf = async (playing: Promise<unknown>): Promise<string> => {
    try {
      await playing;
      return 'played';
    } catch (error) {
      if (error instanceof AppRefusal) return error.reason;
      throw error;
    }
  };
  const options: PhoneOptions = { key: keys.person, allowedHosts: ['cabinet.example.kz'] };

  test.each([
    ['https://cabinet.example.kz/egov/1/mgovSign', 'notACode'],
    ['mobilesign:https://cabinet.example.kz/egov/1/mgovSign', 'notACode'],
    ['mobileSign: https://cabinet.example.kz/egov/1/mgovSign', 'space'],
    ['mobileSign:https://cabinet.example.kz/egov/1/mgovSign\n', 'space'],
    ['mobileSign:http://cabinet.example.kz/egov/1/mgovSign', 'notHttps'],
    ['mobileSign:http://localhost/egov/1/mgovSign', 'notHttps'],
    ['mobileSign:https://cabinet.example.kz/egov/1/mgovsign', 'noMgovSign'],
    ['mobileSign:https://cabinet.example.kz.evil.kz/egov/1/mgovSign', 'hostNotAllowed'],
    ['mobileSign:nothing', 'notACode'],
    [
      'https://m.egov.kz/mobileSign/?link=mobileSign%3Ahttps%3A%2F%2Fcabinet.example.kz%2F1%2FmgovSign',
      'notACode',
    ],
    ['https://m.egov.kz/mobileSign/', 'notACode'],
    ['https://m.egov.kz/mobileSign/?link=http%3A%2F%2Fcabinet.example.kz%2F1%2FmgovSign', 'notHttps'],
  ])('%s: %s', async (text, reason) => {
    expect(await reasonOf(playPhone(text, options))).toBe(reason);
    expect(service.received).toEqual([]);
  });

  test('http is allowed on this machine only', async () => {
    const local = { ...options, allowLocalHttp: true };
    const text = 'mobileSign:http://cabinet.example.kz/egov/1/mgovSign';
    expect(await reasonOf(playPhone(text, local))).toBe('notHttps');
  });

  test('a link for the same phone is played as a code is', async () => {
    const link = `https://m.egov.kz/mobileSign/?link=${encodeURIComponent(service.address)}`;
    const run = await playPhone(link, { ...options, allowedHosts: ['127.0.0.1'], allowLocalHttp: true });
    expect(run.outcome).toBe('taken');
  });

  const without = (answer: Json, name: string): Json =>
    Object.fromEntries(Object.entries(answer).filter(([one]) => one !== name));

  test.each<[string, (answer: Json) => unknown, string]>([
    ['no organisation', (answer) => without(answer, 'organisation'), 'badRequest'],
    [
      'organization with z',
      (answer) => ({ ...without(answer, 'organisation'), organization: answer['organisation'] }),
      'badRequest',
    ],
    [
      'no BIN',
      (answer) => ({ ...answer, organisation: without(answer['organisation'] as Json, 'bin') }),
      'badRequest',
    ],
    [
      'a short BIN',
      (answer) => ({ ...answer, organisation: { ...(answer['organisation'] as Json), bin: '1' } }),
      'badRequest',
    ],
    ['null', (answer) => ({ ...answer, extra: null }), 'badRequest'],
    ['a number for a text', (answer) => ({ ...answer, description: 1 }), 'badRequest'],
    [
      'token in another case',
      (answer) => ({ ...answer, document: { ...(answer['document'] as Json), auth_type: 'token' } }),
      'badRequest',
    ],
    [
      'no token',
      (answer) => ({ ...answer, document: without(answer['document'] as Json, 'auth_token') }),
      'badRequest',
    ],
    [
      'a time without milliseconds',
      (answer) => ({ ...answer, expiry_date: '2099-01-01T00:00:00Z' }),
      'badRequest',
    ],
    ['no time', (answer) => ({ ...answer, expiry_date: 'soon' }), 'badRequest'],
    ['a time that is over', (answer) => ({ ...answer, expiry_date: '2024-01-01T04:52:23.626Z' }), 'expired'],
    [
      'documents on another host',
      (answer) => ({ ...answer, document: { ...(answer['document'] as Json), uri: 'https://evil.kz/d' } }),
      'hostNotAllowed',
    ],
    ['a list', () => [], 'badRequest'],
  ])('API №1, %s', async (_what, change, reason) => {
    service.change.request = change;
    expect(await reasonOf(play('ok'))).toBe(reason);
    expect(service.received).toHaveLength(1);
  });

  test('every form of the time that was seen is read', async () => {
    for (const time of [
      '2099-01-01T04:52:23.626Z',
      '2099-08-14T15:52:24.138+0500',
      '2099-08-14T15:52:24.138+05:00',
    ]) {
      service.change.request = (answer) => ({ ...answer, expiry_date: time });
      expect(await reasonOf(play('decline'))).toBe('played');
      await service.close();
      service = await startFakeService(authority.certificates);
    }
  });

  const first = (answer: Json, change: Json): Json => ({
    ...answer,
    documentsToSign: [{ ...(answer['documentsToSign'] as Json[])[0], ...change }],
  });

  test.each<[string, (answer: Json) => unknown, string]>([
    ['no documents', (answer) => ({ ...answer, documentsToSign: [] }), 'badDocuments'],
    ['an id as text', (answer) => first(answer, { id: '1' }), 'badDocuments'],
    [
      'no Kazakh name',
      (answer) => ({
        ...answer,
        documentsToSign: [without((answer['documentsToSign'] as Json[])[0] as Json, 'nameKz')],
      }),
      'badDocuments',
    ],
    [
      'no base64',
      (answer) => first(answer, { document: { file: { mime: 'text/plain', data: 'Привет' } } }),
      'badDocuments',
    ],
    ['version 2', (answer) => ({ ...answer, version: 2 }), 'badDocuments'],
    ['XML', (answer) => ({ ...answer, signMethod: 'XML' }), 'methodNotSupported'],
    [
      'the same id twice',
      (answer) => ({ ...answer, documentsToSign: [1, 2].flatMap(() => answer['documentsToSign']) }),
      'badDocuments',
    ],
  ])('API №2, %s', async (_what, change, reason) => {
    service.change.documents = change;
    expect(await reasonOf(play('ok'))).toBe(reason);
    expect(service.received.map(({ method }) => method)).not.toContain('PUT');
  });

  test('a service that does not answer', async () => {
    await service.close();
    expect(await reasonOf(play('ok'))).toBe('noAnswer');
  });
});

test.each(['request', 'documents'] as const)('an error of the service in %s is shown', async (what) => {
  service.refuse[what] = 410;
  const run = await play('ok');
  expect(run).toMatchObject({ outcome: 'refused', status: 410, message: 'no' });
});

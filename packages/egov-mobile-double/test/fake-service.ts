/** A small service of the protocol, without people or a database: what the double is tested against. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTrust, verify } from 'nca-verify';
import { verifyXml } from 'nca-verify/xml';

/** A request that the service received. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly language: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

export interface FakeService {
  /** The text of its QR code. */
  readonly code: string;
  readonly address: string;
  readonly content: Buffer;
  readonly received: readonly Received[];
  /** Changes the answer of API №1 or №2 before it is sent. */
  change: { request?: (answer: Json) => unknown; documents?: (answer: Json) => unknown };
  /** The statuses of API №1 and №2, when they are to be errors. */
  refuse: { request?: number; documents?: number };
  auth: 'None' | 'Token' | 'Eds';
  close(): Promise<void>;
}

export type Json = Record<string, unknown>;

/** The text to sign. */
const TEXT = 'Example JSC: signing in\nIf you did not open this page, decline.\nn=1f';

/**
 * Starts it on a free port of 127.0.0.1. It takes attached CMS over its own bytes by a key of a
 * natural person under `certificates`, once, and answers a repeated one as before.
 */
export async function startFakeService(certificates: readonly Uint8Array[]): Promise<FakeService> {
  const received: Received[] = [];
  const content = Buffer.from(TEXT);
  const trust = createTrust(certificates);
  let token = '';
  let reader: string | undefined;
  let taken: string | undefined;

  const server: Server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const { method = '', url = '', headers } = request;
      const path = url.split('?')[0] ?? '';
      received.push({
        method,
        path,
        language: headers['accept-language'],
        authorization: headers.authorization,
        body: body.slice(0, 10_000),
      });
      answer(method, path, headers.authorization, body, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const address = `${origin}/egov/1/mgovSign`;

  const service: FakeService = {
    code: `mobileSign:${address}`,
    address,
    content,
    received,
    change: {},
    refuse: {},
    auth: 'Token',
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  function answer(
    method: string,
    path: string,
    authorization: string | undefined,
    body: string,
    response: ServerResponse,
  ): unknown {
    if (path === '/egov/1/mgovSign') {
      if (service.refuse.request !== undefined)
        return send(response, service.refuse.request, { message: 'no' });
      token = randomBytes(16).toString('base64url');
      return send(response, 200, change(service.change.request, givenRequest(origin, service.auth, token)));
    }
    if (path !== '/egov/1/documents') return send(response, 404, { message: 'unknown' });
    if (service.auth === 'Eds' && method === 'POST' && !isLogin(body, `${origin}${path}`, certificates))
      return send(response, 401, { message: 'not signed' });
    if (service.auth === 'Token' && authorization === undefined)
      return send(response, 401, { message: 'no token' });
    if (method !== 'PUT') {
      if (service.refuse.documents !== undefined)
        return send(response, service.refuse.documents, { message: 'no' });
      reader ??= authorization ?? 'anyone';
      if (reader !== (authorization ?? 'anyone')) return send(response, 409, { message: 'another phone' });
      return send(response, 200, change(service.change.documents, givenDocuments(content)));
    }
    if (service.auth === 'Token' && authorization !== reader)
      return send(response, 401, { message: 'another token' });
    return put(body, response);
  }

  function put(body: string, response: ServerResponse): unknown {
    const success = { status: 'success', code: '200', message: 'success', backUrl: `${origin}/back?key=1` };
    if (body.length > 100_000) return send(response, 413, { message: 'too large' });
    if (taken !== undefined)
      return taken === body ? send(response, 200, success) : send(response, 409, { message: 'over' });
    const { documentsToSign } = JSON.parse(body) as {
      documentsToSign: { document: { file: { data: string } } }[];
    };
    const message = documentsToSign[0]?.document.file.data ?? '';
    const verdict = verify({ message, at: new Date(), trust, require: 'individual', revocation: 'skip' });
    if (!verdict.ok || !content.equals(verdict.content)) return send(response, 403, { message: 'refused' });
    taken = body;
    return send(response, 200, success);
  }
  return service;
}

function givenRequest(origin: string, auth: FakeService['auth'], token: string): Json {
  return {
    description: 'Signing in to the example',
    expiry_date: new Date(Date.now() + 120_000).toISOString(),
    organisation: { nameRu: 'АО «Пример»', nameKz: '«Мысал» АҚ', nameEn: 'Example JSC', bin: '000000000000' },
    document: {
      uri: `${origin}/egov/1/documents`,
      auth_type: auth,
      auth_token: auth === 'Token' ? token : '',
    },
  };
}

function givenDocuments(content: Buffer): Json {
  return {
    signMethod: 'CMS_WITH_DATA',
    version: 1,
    documentsToSign: [
      {
        id: 1,
        nameRu: 'Вход',
        nameKz: 'Кіру',
        nameEn: 'Signing in',
        meta: [{ name: 'Site', value: '127.0.0.1' }],
        document: { file: { mime: 'text/plain', data: content.toString('base64') } },
      },
    ],
  };
}

/** Whether a body is the proof of `Eds`: an XML that names this address, signed under our authority. */
function isLogin(body: string, address: string, certificates: readonly Uint8Array[]): boolean {
  const { xml } = JSON.parse(body) as { xml: string };
  const trust = createTrust(certificates);
  const verdict = verifyXml({ document: xml, at: new Date(), trust, revocation: 'skip' });
  return verdict.ok && xml.startsWith(`<login><url>${address}</url>`);
}

function change(by: ((answer: Json) => unknown) | undefined, answer: Json): unknown {
  return by === undefined ? answer : by(answer);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

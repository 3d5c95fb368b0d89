/**
 * `nca-verify serve`: one JSON endpoint for programs in other languages. It listens on the loopback
 * interface unless told otherwise, and authenticates nobody.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { productionCertificates } from '../anchors.ts';
import { type Crl, currentCrls } from '../crl.ts';
import { createVerifierPool, VerifierBusyError, type VerifierPool } from '../pool.ts';
import type { Verdict } from '../verdict.ts';
import type { VerifyRequest } from '../verify.ts';
import { loadLists, moment } from './bulk.ts';
import { OPENAPI } from './openapi.ts';
import { Misuse, readFolder, readMaxBytes, readTime } from './options.ts';
import { allAsObject, asObject } from './print.ts';

const USAGE = `Usage: nca-verify serve [--port PORT] [--host ADDRESS] [--trust DIR] [--crl FILE]…
                        [--max-bytes BYTES] [--allow-gost2004]

Answers POST /verify {"message": "…"} with a verdict in JSON; GET /openapi.json describes it.

  --port PORT          8722 unless given; 0 takes a free one
  --host ADDRESS       127.0.0.1 unless given; the service authenticates nobody, so keep it private
  --trust DIR          as for the command
  --crl FILE           as for the command; send SIGHUP to read the lists again
  --max-bytes BYTES    the largest message
  --allow-gost2004     accept archived GOST 34.310-2004 signatures

Stops on SIGTERM or SIGINT.
`;

interface ServiceOptions {
  readonly pool: VerifierPool;
  readonly crls: () => readonly Crl[];
  readonly maxBytes: number;
  readonly allowGost2004: boolean;
}

/** A request that gets no verdict, with the status of its answer. */
class BadRequest extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const FIELDS = ['message', 'content', 'at', 'require', 'revocation', 'ocsp', 'all', 'claims'] as const;
const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;

/** The service. Every answer is JSON; a refused signature is an answer like any other. */
function createService(options: ServiceOptions): Server {
  const server = createServer((request, response) => {
    void answer(request, response, options);
  });
  // Milliseconds. A client that sends slowly holds one of few connections.
  server.headersTimeout = 5000;
  server.requestTimeout = 20_000;
  server.keepAliveTimeout = 5000;
  server.maxConnections = 200;
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServiceOptions,
): Promise<void> {
  try {
    send(response, 200, await route(request, options));
  } catch (error) {
    if (error instanceof BadRequest) return send(response, error.status, { error: error.message });
    if (error instanceof TypeError) return send(response, 400, { error: error.message });
    if (error instanceof VerifierBusyError) {
      response.setHeader('retry-after', '1');
      return send(response, 503, { error: error.message });
    }
    process.stderr.write(`nca-verify: ${error instanceof Error ? error.message : String(error)}\n`);
    send(response, 500, { error: 'the verifier failed; there is no verdict' });
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  if (status >= 400) response.setHeader('connection', 'close');
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(JSON.stringify(body));
}

async function route(request: IncomingMessage, options: ServiceOptions): Promise<object> {
  const { method, url, headers } = request;
  // A page that a browser shows must not reach this service, neither by a name that suddenly means
  // this machine (DNS rebinding) nor by a simple request.
  const local = /^(?:::ffff:)?127\.|^::1$/.test(request.socket.localAddress ?? '');
  if (local && !LOOPBACK.test(headers.host ?? '')) throw new BadRequest(403, 'another host is asked for');
  if (url === '/openapi.json' && method === 'GET') return OPENAPI;
  if (url !== '/verify') throw new BadRequest(404, 'only /verify and /openapi.json exist');
  if (method !== 'POST') throw new BadRequest(405, 'POST is expected');
  if (!/^application\/json\s*(?:;|$)/i.test(headers['content-type'] ?? ''))
    throw new BadRequest(415, 'content-type: application/json is expected');
  return judge(await readJson(request, options.maxBytes), options);
}

/** Reads the body. Base64 takes 4/3 of a message, and content may come beside it. */
async function readJson(request: IncomingMessage, maxBytes: number): Promise<Record<string, unknown>> {
  const limit = maxBytes * 3 + 65_536;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Reads on without keeping it, so that the client gets the answer instead of a broken
    // connection. The time limit of a request ends this.
    if (length <= limit) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (length > limit) throw new BadRequest(413, `more than ${limit} bytes`);
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new BadRequest(400, 'not JSON');
  }
  return fieldsOf('the request', body, FIELDS);
}

/** An object with these fields only: a typing mistake must not weaken a check. */
function fieldsOf(what: string, value: unknown, names: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadRequest(400, `${what} is not an object`);
  const stray = Object.keys(value).find((name) => !names.includes(name));
  if (stray !== undefined)
    throw new BadRequest(400, `${what} has a field that does not exist: ${stray.slice(0, 40)}`);
  return { ...value };
}

function bytesOf(name: string, value: unknown): Uint8Array | undefined {
  if (value === undefined) return undefined;
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : undefined;
  if (bytes === undefined || bytes.toString('base64') !== value)
    throw new BadRequest(400, `\`${name}\` is not base64`);
  return bytes;
}

function timeOf(value: unknown): Date {
  if (value === undefined) return new Date();
  try {
    if (typeof value === 'string') return readTime(value);
  } catch {
    // Said below.
  }
  throw new BadRequest(400, '`at` is not a time as in 2026-11-22T11:00:00Z');
}

async function judge(body: Record<string, unknown>, options: ServiceOptions): Promise<object> {
  const { pool, crls, maxBytes, allowGost2004 } = options;
  const ocsp =
    body['ocsp'] === undefined ? undefined : fieldsOf('`ocsp`', body['ocsp'], ['response', 'nonce']);
  const all = body['all'] ?? false;
  if (typeof body['message'] !== 'string') throw new BadRequest(400, '`message` is missing: PEM or base64');
  if (typeof all !== 'boolean') throw new BadRequest(400, '`all` is not true or false');
  // The pool checks the types of the rest, and names what is wrong.
  const request = {
    message: body['message'],
    content: bytesOf('content', body['content']),
    ...(body['at'] === 'time-stamp' ? moment(new Date(), true) : { at: timeOf(body['at']) }),
    require: body['require'],
    revocation: body['revocation'],
    claims: body['claims'],
    crls: crls(),
    maxBytes,
    allowGost2004,
  } as Omit<VerifyRequest, 'trust'>;
  if (all) {
    if (ocsp !== undefined) throw new BadRequest(400, '`ocsp` is about one signer, and `all` judges several');
    return allAsObject(await pool.verifyAll(request));
  }
  const answered =
    ocsp === undefined
      ? undefined
      : {
          response: bytesOf('ocsp.response', ocsp['response']) ?? new Uint8Array(),
          nonce: bytesOf('ocsp.nonce', ocsp['nonce']),
        };
  return withContent(await pool.verify({ ...request, ocsp: answered }));
}

function withContent(verdict: Verdict): object {
  if (!verdict.ok) return asObject(verdict);
  return { ...asObject(verdict), content: Buffer.from(verdict.content).toString('base64') };
}

const OPTIONS = {
  port: { type: 'string', default: '8722' },
  host: { type: 'string', default: '127.0.0.1' },
  trust: { type: 'string' },
  crl: { type: 'string', multiple: true },
  'max-bytes': { type: 'string' },
  'allow-gost2004': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new Misuse(error instanceof Error ? error.message : String(error));
  }
}

/** Runs the service until a signal ends it. Gives the exit code. */
export async function serve(args: readonly string[]): Promise<number> {
  const values = readOptions(args);
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : 65_536;
  if (port > 65_535) throw new Misuse(`--port ${values.port}: not a port`);
  const certificates = values.trust === undefined ? productionCertificates() : readFolder(values.trust);
  const maxBytes = readMaxBytes(values['max-bytes']);
  const allowGost2004 = values['allow-gost2004'];
  const pool = createVerifierPool({ certificates, maxWaiting: 200 });
  try {
    const paths = values.crl ?? [];
    let crls = await loadLists(pool, paths, allowGost2004);
    process.on('SIGHUP', () => {
      const again = loadLists(pool, paths, allowGost2004);
      // The former lists stay when a file cannot be read.
      again.then(
        (lists) => {
          crls = currentCrls([...crls, ...lists], new Date());
          process.stderr.write('nca-verify: the lists were read again\n');
        },
        (error: unknown) => process.stderr.write(`nca-verify: ${String(error)}\n`),
      );
    });
    const server = createService({ pool, crls: () => crls, maxBytes, allowGost2004 });
    await listen(server, port, values.host);
    const { address, port: taken, family } = server.address() as AddressInfo;
    process.stdout.write(`http://${family === 'IPv6' ? `[${address}]` : address}:${taken}\n`);
    await stopped(server);
  } finally {
    await pool.close();
  }
  return 0;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Misuse(error.message)));
    server.listen(port, host, resolve);
  });
}

/** Ends with the first signal, after the requests under way. */
function stopped(server: Server): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
    }
  });
}

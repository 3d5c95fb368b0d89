import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { textsOf } from '../../texts/texts.ts';
import { languages } from '../../values/language.ts';
import type { ProblemStatus } from './problem.ts';

/**
 * Bytes of headers that Node accepts. This is far above what is served, so that a browser with too
 * many cookies gets a page that tells it what to do.
 */
export const headersRead = 64 * 1024;
/** Bytes of headers that are served. */
const headersServed = 16 * 1024;

/**
 * The status to answer bad headers with, or undefined. 431: the headers are too large, which only
 * cookies cause in practice. 400: the address is that long, or there are two `Host` headers, of
 * which a proxy may have checked the other one.
 */
export function headerProblem({ raw, url }: FastifyRequest): 400 | 431 | undefined {
  const names = raw.rawHeaders.filter((_one, index) => index % 2 === 0);
  if (names.filter((name) => name.toLowerCase() === 'host').length > 1) return 400;
  if (url.length > headersServed) return 400;
  return raw.rawHeaders.join('').length > headersServed ? 431 : undefined;
}

/** The answers to Node's own error codes. Any other code means that the request cannot be read. */
const answers: ReadonlyMap<string | undefined, readonly [status: 408 | 431, reason: string]> = new Map([
  ['HPE_HEADER_OVERFLOW', [431, 'Request Header Fields Too Large']],
  ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'Request Timeout']],
]);

/**
 * Answers what Node could not read as a request. The visitor is unknown, so the page is in all
 * languages.
 * @param headers the headers that protect every page
 */
export function answerBroken(
  error: Error & { code?: string },
  socket: Socket,
  headers: Readonly<Record<string, string>>,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason] = answers.get(error.code) ?? ([400, 'Bad Request'] as const);
  const page = brokenPage(status);
  const all = {
    ...headers,
    'content-type': 'text/html; charset=utf-8',
    'content-length': String(Buffer.byteLength(page)),
    'cache-control': 'no-store',
    connection: 'close',
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('\r\n')}\r\n\r\n${page}`);
}

function brokenPage(status: Extract<ProblemStatus, 400 | 408 | 431>): string {
  const parts = languages.map((language) => {
    const { title, text } = textsOf(language).problems[status];
    return `<section lang="${language}"><h1>${title}</h1><p>${text}</p></section>`;
  });
  const { title } = textsOf('kk').problems[status];
  return `<!doctype html><html lang="kk"><head><meta charset="utf-8"><title>${title}</title><meta name="viewport" content="width=device-width, initial-scale=1"></head><body><main>${parts.join('')}</main></body></html>`;
}

/**
 * The same address without slashes at its end. Undefined when it has none there, or when the result
 * would lead to another host.
 */
export function withoutTrailingSlash(url: string): string | undefined {
  const [path = '', query] = url.split(/\?(.*)/s);
  const bare = path.replace(/\/+$/, '');
  if (bare === path || !/^(?:\/[^/\\]+)+$/.test(bare)) return undefined;
  return query === undefined ? bare : `${bare}?${query}`;
}

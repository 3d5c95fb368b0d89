import type { FastifyInstance } from 'fastify';

/** An HTTP client with a cookie jar. It does not follow redirects. */
export interface Client {
  /** The cookies that this client would send now. */
  readonly cookies: ReadonlyMap<string, string>;
  get(path: string, headers?: Headers): Promise<Answered>;
  /**
   * Posts a form from a page of the service. `headers` replace what a browser sends; undefined
   * leaves one out.
   */
  post(path: string, fields: Fields, headers?: Headers): Promise<Answered>;
}

export type Headers = Readonly<Record<string, string | undefined>>;

/** Fields in order. A name may occur twice. */
export type Fields = readonly (readonly [name: string, value: string])[];

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
  readonly bytes: Buffer;
  /** The headers as received. */
  readonly setCookies: readonly string[];
}

/** The default origin: a loopback name, so that plain http is allowed. */
export const loopback = 'http://localhost:3000';

/**
 * A client that injects its requests into the application.
 * @param given the cookies that it has from the beginning: a copied browser, or a stolen secret
 */
export function injectClient(
  server: FastifyInstance,
  origin: string = loopback,
  given: Iterable<readonly [name: string, value: string]> = [],
): Client {
  const cookies = new Map<string, string>(given);
  const send = async (
    method: 'GET' | 'POST',
    path: string,
    headers: Headers,
    payload?: string,
  ): Promise<Answered> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const all: Headers = {
      host: new URL(origin).host,
      accept: 'text/html',
      cookie: cookie || undefined,
      ...headers,
    };
    const answer = await server.inject({
      method,
      url: path,
      headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
      ...(payload === undefined ? {} : { payload }),
    });
    for (const { name, value, maxAge } of answer.cookies) {
      if (maxAge === 0 || value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    return {
      status: answer.statusCode,
      headers: Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value : value?.toString(),
        ]),
      ),
      body: answer.body,
      bytes: answer.rawPayload,
      setCookies: [answer.headers['set-cookie'] ?? []].flat(),
    };
  };
  return {
    cookies,
    ...asBrowser(origin, send),
  };
}

/** Sends one request. */
type Send = (method: 'GET' | 'POST', path: string, headers: Headers, payload?: string) => Promise<Answered>;

/**
 * The two things that a browser does without scripts: it opens an address, and it posts a form from
 * a page of `origin`.
 */
export function asBrowser(origin: string, send: Send): Pick<Client, 'get' | 'post'> {
  return {
    get: (path, headers = {}) => send('GET', path, headers),
    post: (path, fields, headers = {}) =>
      send(
        'POST',
        path,
        { origin, 'content-type': 'application/x-www-form-urlencoded', ...headers },
        new URLSearchParams(fields.map(([name, value]) => [name, value])).toString(),
      ),
  };
}

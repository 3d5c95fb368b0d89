import { rootCertificates } from 'node:tls';
import { Agent, request } from 'undici';

/** How to reach another party's server. */
export interface HttpClientOptions {
  /** The origin, with a folder if there is one. Every request goes below it. */
  readonly url: string;
  /** PEM certificates to trust besides Node's own list. */
  readonly ca?: string;
  /** The PEM certificate and key to present, for servers that require them. */
  readonly client?: { readonly cert: string; readonly key: string };
  /** Milliseconds for a whole answer. */
  readonly timeout: number;
  /** The most connections; 8 unless given. Further requests wait, within their own time limit. */
  readonly connections?: number;
}

/** An answer that arrived within the limits of time and size. */
export interface Answer {
  readonly status: number;
  /**
   * The body, parsed as JSON. Undefined when it is empty, compressed or not JSON, and when the
   * status is 3xx or 5xx.
   */
  readonly body: unknown;
  /**
   * True when the answer declares a character set other than UTF-8. JSON allows no other, so its
   * letters cannot be trusted.
   */
  readonly otherCharset: boolean;
}

export interface Question {
  readonly method: 'GET' | 'POST' | 'PUT';
  /**
   * True when asking twice has the same effect as asking once, though the method alone does not say
   * so. A repeatable question, like every GET, is asked once more when its connection breaks: the
   * other side may close an idle connection just as we write to it.
   */
  readonly repeatable?: boolean;
  /** The segments of the path. The client encodes them: a house number may contain "/". */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly bearer?: string;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds for this answer, where it differs from the client's own limit. */
  readonly timeout?: number;
}

/** Sends questions. Throws unless an answer arrives within the limits. */
export interface HttpClient {
  ask(question: Question): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * The largest answer that is read, in bytes. 100 rows of Kazpost's classic service are some 100 KB.
 */
const largestAnswer = 256 * 1024;

/**
 * Creates a client for one base URL. It always verifies certificates, never follows redirects, cuts
 * off answers above 256 KiB and limits the time of the whole exchange. It refuses compressed
 * answers, because their size in memory would be unknown.
 */
export function createHttpClient({
  url,
  ca,
  client,
  timeout,
  connections = 8,
}: HttpClientOptions): HttpClient {
  const base = new URL(url);
  const options = {
    connect: { ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }), ...client, timeout },
    connections,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    maxResponseSize: largestAnswer,
    maxHeaderSize: 16 * 1024,
  };
  const agent = new Agent(options);
  // All idle connections may be closed by then, so the second attempt opens its own.
  const fresh = new Agent({ ...options, pipelining: 0 });

  async function once(question: Question, dispatcher: Agent, signal: AbortSignal): Promise<Answer> {
    const { method, json, bearer, headers = {}, timeout: own = timeout } = question;
    const response = await request(targetOf(base, question), {
      method,
      dispatcher,
      signal,
      headersTimeout: own,
      bodyTimeout: own,
      headers: {
        ...headers,
        accept: 'application/json',
        'accept-encoding': 'identity',
        'user-agent': 'kabinet',
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const status = response.statusCode;
    const encoding = response.headers['content-encoding'];
    const unread = status >= 500 || (status >= 300 && status < 400);
    if (unread || (encoding !== undefined && encoding !== 'identity')) {
      await response.body.dump({ limit: 16 * 1024 }).catch(() => {});
      return { status, body: undefined, otherCharset: false };
    }
    const otherCharset = namesOtherCharset(response.headers['content-type']);
    return { status, body: parsed(await response.body.text()), otherCharset };
  }

  return {
    async ask(question) {
      const signal = AbortSignal.timeout(question.timeout ?? timeout);
      try {
        return await once(question, agent, signal);
      } catch (error) {
        const repeatable = question.method === 'GET' || question.repeatable === true;
        if (!repeatable || !brokenConnection.has((error as { code?: unknown }).code)) throw error;
        return once(question, fresh, signal);
      }
    },
    async close() {
      await Promise.all([agent.destroy(), fresh.destroy()]);
    },
  };
}

/** Error codes of a connection that the other side has closed. */
const brokenConnection: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

function targetOf(base: URL, { path, query }: Question): URL {
  const target = new URL(base);
  const folder = base.pathname.replace(/\/+$/, '');
  target.pathname = `${folder}/${path.map(pathSegment).join('/')}`;
  for (const [name, value] of Object.entries(query ?? {})) target.searchParams.set(name, value);
  return target;
}

/** Recognises e.g. `application/json; charset=windows-1251`. */
function namesOtherCharset(contentType: string | string[] | undefined): boolean {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(String(contentType ?? ''))?.[1];
  return charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset);
}

/**
 * Encodes one segment. It must not contain "/", and some servers follow ".." even when it is
 * encoded.
 */
function pathSegment(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '').replace(/\.{2,}|^\.$/g, ' '));
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

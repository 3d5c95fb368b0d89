import { rootCertificates } from 'node:tls';
import { Agent, request } from 'undici';

/** How a server of others is reached. */
export interface HttpClientOptions {
  /** Origin and, if any, a folder. Everything asked lies beneath it. */
  readonly url: string;
  /** PEM certificates to trust beside the usual ones. */
  readonly ca?: string;
  /** PEM certificate and key to show, where the server asks for them. */
  readonly client?: { readonly cert: string; readonly key: string };
  /** Milliseconds for a whole answer. */
  readonly timeout: number;
  /** Most connections; 8 unless given. What comes above waits within its time. */
  readonly connections?: number;
}

/** An answer that came in time and in size. */
export interface Answer {
  readonly status: number;
  /**
   * The body read as JSON; undefined when it is empty, is none, or stands under a status of 300 or
   * 500 and above.
   */
  readonly body: unknown;
  /**
   * True where the answer says that it is not in UTF-8: JSON has no other character set, so its
   * letters are not to be trusted.
   */
  readonly otherCharset: boolean;
}

export interface Question {
  readonly method: 'GET' | 'POST' | 'PUT';
  /**
   * True where asking twice does no more than asking once, though the method alone does not say so.
   * Such a question, and each GET, is asked once more when its connection breaks: the other side
   * closes an idle one at the very moment we write to it.
   */
  readonly repeatable?: boolean;
  /** Segments of the path, encoded here: a house number may hold "/". */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly bearer?: string;
  /** Milliseconds, where this answer may take longer or less. */
  readonly timeout?: number;
}

/** Asks; throws on anything but an answer within the limits. */
export interface HttpClient {
  ask(question: Question): Promise<Answer>;
  close(): Promise<void>;
}

/** Largest answer read, in bytes: 100 rows of Kazpost's classic service are some 100 KB. */
export const largestAnswer = 256 * 1024;

/**
 * A client for one base URL: certificates are always verified, redirects never followed, answers
 * cut off above 256 KiB and the whole exchange bounded in time. Compressed answers are not asked
 * for and are refused, since their size in memory would be unknown.
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
  // The idle connections may all be closed by then: what is asked again gets a connection of its
  // own.
  const fresh = new Agent({ ...options, pipelining: 0 });

  async function once(question: Question, dispatcher: Agent, signal: AbortSignal): Promise<Answer> {
    const { method, json, bearer, timeout: own = timeout } = question;
    const response = await request(targetOf(base, question), {
      method,
      dispatcher,
      signal,
      headersTimeout: own,
      bodyTimeout: own,
      headers: {
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

/** Codes of a connection that the other side has closed. */
const brokenConnection: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

function targetOf(base: URL, { path, query }: Question): URL {
  const target = new URL(base);
  const folder = base.pathname.replace(/\/+$/, '');
  target.pathname = `${folder}/${path.map(pathSegment).join('/')}`;
  for (const [name, value] of Object.entries(query ?? {})) target.searchParams.set(name, value);
  return target;
}

/** `application/json; charset=windows-1251`. */
function namesOtherCharset(contentType: string | string[] | undefined): boolean {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(String(contentType ?? ''))?.[1];
  return charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset);
}

/** One segment: "/" must not part it, and some servers climb at ".." even when it is encoded. */
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

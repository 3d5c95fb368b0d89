import { rootCertificates } from 'node:tls';
import { Agent, request } from 'undici';

/** How a server of others is reached. */
export interface Asking {
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
  /** The body read as JSON; undefined when it is empty, is none, or stands under a status of 300 or 500 and above. */
  readonly body: unknown;
}

export interface Question {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Segments of the path, encoded here: a house number may hold "/". */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly bearer?: string;
  /** Milliseconds, where this answer may take longer or less. */
  readonly timeout?: number;
}

/** Asks; throws on anything but an answer within the limits. */
export interface Asker {
  ask(question: Question): Promise<Answer>;
  close(): Promise<void>;
}

/** Largest answer read, in bytes: 100 rows of Kazpost's classic service are some 100 KB. */
export const largestAnswer = 256 * 1024;

/**
 * A client for one base URL: certificates are always verified, redirects never followed, answers cut off above 256 KiB
 * and the whole exchange bounded in time. Compressed answers are not asked for and are refused, since their size in
 * memory would be unknown.
 */
export function createAsker({ url, ca, client, timeout, connections = 8 }: Asking): Asker {
  const base = new URL(url);
  const agent = new Agent({
    connect: { ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }), ...client, timeout },
    connections,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    maxResponseSize: largestAnswer,
    maxHeaderSize: 16 * 1024,
  });
  return {
    async ask({ method, path, query, json, bearer, timeout: own = timeout }) {
      const target = new URL(base);
      const folder = base.pathname.replace(/\/+$/, '');
      target.pathname = `${folder}/${path.map(pathSegment).join('/')}`;
      for (const [name, value] of Object.entries(query ?? {})) target.searchParams.set(name, value);
      const response = await request(target, {
        method,
        dispatcher: agent,
        signal: AbortSignal.timeout(own),
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
      const encoding = response.headers['content-encoding'];
      const unread = response.statusCode >= 500 || (response.statusCode >= 300 && response.statusCode < 400);
      if (unread || (encoding !== undefined && encoding !== 'identity')) {
        await response.body.dump({ limit: 16 * 1024 }).catch(() => {});
        return { status: response.statusCode, body: undefined };
      }
      const text = await response.body.text();
      return { status: response.statusCode, body: parsed(text) };
    },
    close: () => agent.destroy(),
  };
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

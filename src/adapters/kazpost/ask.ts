import { rootCertificates } from 'node:tls';
import { Agent, request } from 'undici';

/** How Kazpost's server is reached. */
export interface Asking {
  /** Origin and, if any, a folder in front of `/api/…`. Everything asked lies beneath it. */
  readonly url: string;
  /** PEM certificates to trust beside the usual ones: the chain of api.post.kz has been incomplete. */
  readonly ca?: string;
  /** Milliseconds for a whole answer. */
  readonly timeout: number;
}

/** An answer that came in time and in size. */
export interface Answer {
  readonly status: number;
  /** The body read as JSON; undefined when it is empty or is none. */
  readonly body: unknown;
}

export interface Question {
  readonly method: 'GET' | 'POST';
  /** Segments of the path, encoded here: a house number may hold "/". */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly bearer?: string;
}

/** Asks Kazpost; throws on anything but an answer within the limits. */
export interface Asker {
  ask(question: Question): Promise<Answer>;
  close(): Promise<void>;
}

/** Largest answer read, in bytes: 100 rows of the classic service are some 100 KB. */
export const largestAnswer = 256 * 1024;

/**
 * A client for one base URL: certificates are always verified, redirects never followed, answers cut off above 256 KiB
 * and the whole exchange bounded in time. Compressed answers are not asked for and are refused, since their size in
 * memory would be unknown.
 */
export function createAsker({ url, ca, timeout }: Asking): Asker {
  const base = new URL(url);
  const agent = new Agent({
    connect: { ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }), timeout },
    connections: 8,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    maxResponseSize: largestAnswer,
    maxHeaderSize: 16 * 1024,
  });
  return {
    async ask({ method, path, query, json, bearer }) {
      const target = new URL(base);
      const folder = base.pathname.replace(/\/+$/, '');
      target.pathname = `${folder}/${path.map(pathSegment).join('/')}`;
      for (const [name, value] of Object.entries(query ?? {})) target.searchParams.set(name, value);
      const response = await request(target, {
        method,
        dispatcher: agent,
        signal: AbortSignal.timeout(timeout),
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
      if (response.statusCode >= 300 || (encoding !== undefined && encoding !== 'identity')) {
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

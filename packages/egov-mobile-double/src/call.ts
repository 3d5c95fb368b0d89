/** The app's calls: no cookies, no redirects followed, no certificate exceptions. */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { AppRefusal } from './refusal.ts';

/** Milliseconds that the app waits for an answer. The real app's limit is not known. */
const TIMEOUT = 10_000;
/** The longest answer that is read, in bytes: a document comes inside. */
const LONGEST = 32 * 1024 * 1024;

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Makes one call. @throws AppRefusal `noAnswer` when the service does not answer in time */
export function call(url: URL, { method, headers, body }: Call): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(new AppRefusal('noAnswer', error.message));
    const sent = open(url, method, headers, body);
    sent.once('error', fail).setTimeout(TIMEOUT, () => sent.destroy(new Error('no answer in time')));
    sent.once('response', (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > LONGEST) sent.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      response.once('error', fail);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    sent.end(body);
  });
}

/** Sends a call completely, and cuts the connection before the answer is read. */
export function callAndLose(url: URL, { method, headers, body }: Call): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = open(url, method, headers, body);
    sent.once('error', (error) => reject(new AppRefusal('noAnswer', error.message)));
    sent.end(body, () => {
      sent.removeAllListeners('error').on('error', () => undefined);
      // Ended, and not destroyed: what was written still arrives.
      sent.socket?.end(() => {
        sent.destroy();
        resolve();
      });
    });
  });
}

function open(url: URL, method: string, headers: Readonly<Record<string, string>>, body: string | undefined) {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return request(url, {
    method,
    agent: false,
    headers: {
      ...headers,
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    },
  });
}

import { Agent, type IncomingMessage, request } from 'node:http';
import { asBrowser, type Client, type Headers } from './client.ts';

/** A client that keeps one connection open, as a browser does. It never repeats a request. */
export interface NetworkClient extends Client {
  /** The number of connections opened so far. */
  readonly connections: number;
  close(): void;
}

/**
 * A client for a listening service. Forms are posted as from a page of `origin`. It may start with
 * the cookies of another client.
 */
export function networkClient(origin: string, like?: Client): NetworkClient {
  const cookies = new Map<string, string>(like?.cookies);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let connections = 0;
  const send = async (method: 'GET' | 'POST', path: string, headers: Headers, payload = '') => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const all = Object.entries({ accept: 'text/html', cookie: cookie || undefined, ...headers });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request(origin + path, { agent, method }, resolve);
      asked.on('error', reject);
      asked.on('socket', () => {
        if (!asked.reusedSocket) connections += 1;
      });
      for (const [name, value] of all) if (value !== undefined) asked.setHeader(name, value);
      asked.end(payload);
    });
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const setCookies = response.headers['set-cookie'] ?? [];
    for (const line of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /max-age=0/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    const bytes = Buffer.concat(chunks);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: bytes.toString(),
      bytes,
      setCookies,
    };
  };
  return {
    cookies,
    get connections() {
      return connections;
    },
    ...asBrowser(origin, send),
    close: () => agent.destroy(),
  };
}

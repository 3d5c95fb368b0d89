import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { Client, type Person } from './service.ts';

/** One person who saves again and again on one kept connection. */
export interface Saver {
  /**
   * Saves another address. Resolves once the answer says that it is stored; false when the service
   * had too much to do and refused it.
   */
  save(): Promise<boolean>;
  close(): void;
}

const page = '/services/requisites';

/** Signs a person in and opens the form, as a browser does. */
export async function openSaver(origin: string, person: Person): Promise<Saver> {
  const client = new Client(origin);
  await client.signIn(person);
  const { fields } = await client.get(page);
  const { hostname, port } = new URL(origin);
  const dial = () => connect(Number(port), hostname).setNoDelay(true);
  let socket = dial();
  let ask = asker(socket);
  const head = [
    `POST ${page} HTTP/1.1`,
    `host: ${hostname}:${port}`,
    `cookie: ${client.cookieHeader}`,
    `origin: ${origin}`,
    'content-type: application/x-www-form-urlencoded',
  ].join('\r\n');
  // Encoded once: the load must not cost more than what it measures.
  const { formId: _, revision, address: __, ...rest } = fields;
  const unchanged = new URLSearchParams(rest).toString();
  const street = encodeURIComponent('Астана қаласы, Қабанбай батыр даңғылы, ');
  let saves = 0;
  return {
    async save() {
      if (socket.destroyed) {
        // The service ended it, because nothing was saved while the last deliveries were waited for.
        socket = dial();
        ask = asker(socket);
      }
      const body = `${unchanged}&formId=${randomUUID()}&revision=${Number(revision) + saves}&address=${street}${saves + 1}`;
      const status = await ask(`${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      if (status === 503) return false;
      if (status !== 303) throw new Error(`a save answered ${status}`);
      saves += 1;
      return true;
    },
    close: () => socket.destroy(),
  };
}

/** Sends one request at a time and gives the status of its answer. */
function asker(socket: Socket): (request: string) => Promise<number> {
  let received = '';
  let answered: ((status: number) => void) | undefined;
  let failed: (error: Error) => void = () => undefined;
  const closed = () => new Error('the service closed the connection');
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    const end = received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/^content-length: (\d+)/im.exec(received.slice(0, end))?.[1] ?? 0);
    if (received.length < end + 4 + length) return;
    const status = Number(received.slice(9, 12));
    received = '';
    answered?.(status);
  });
  socket.on('error', (error) => failed(error));
  socket.on('close', () => failed(closed()));
  return (request) =>
    new Promise((resolve, reject) => {
      // A socket that was closed between two requests says nothing more.
      if (socket.destroyed) return reject(closed());
      answered = resolve;
      failed = reject;
      socket.write(request);
    });
}

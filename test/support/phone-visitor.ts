import type { Identity } from 'nca-verify/testing';
import {
  type Mode,
  openBackUrl,
  type PhoneOptions,
  type PhoneRun,
  playPhone,
  readDocuments,
  readRequest,
} from '../../packages/egov-mobile-double/src/index.ts';
import { signDocument } from '../../packages/egov-mobile-double/src/sign.ts';
import { type Answered, type Client, injectClient } from './client.ts';
import { readPage, submissions } from './page.ts';
import type { TestService } from './service.ts';
import { formOf } from './signed-in.ts';

export const phonePath = '/sign-in/phone';
const enterPath = `${phonePath}/enter`;

/** A service that listens, because the double of the phone calls it over HTTP. */
export interface ListeningService {
  readonly service: TestService;
  readonly origin: string;
}

/** A new browser for the address at which the service listens. */
export function browserAt({ service, origin }: ListeningService, userAgent?: string): Client {
  const client = injectClient(service.server, origin);
  if (userAgent === undefined) return client;
  const named = { 'user-agent': userAgent };
  return {
    cookies: client.cookies,
    get: (path, headers) => client.get(path, { ...named, ...headers }),
    post: (path, fields, headers) => client.post(path, fields, { ...named, ...headers }),
  };
}

/** Starts an attempt from the start page, and returns its page. */
export async function beginPhone(client: Client, from = '/'): Promise<string> {
  const page = readPage((await client.get(from)).body);
  const form = submissions(page).find(({ action }) => action.split('?')[0] === phonePath);
  const begun = await client.post(form?.action ?? phonePath, form?.fields ?? []);
  if (begun.status !== 303) throw new Error(`an attempt was answered with ${begun.status}`);
  return (await client.get(phonePath)).body;
}

/** The link for the same phone. It has the same address as the QR code. */
export function linkOn(html: string): string {
  const link = readPage(html).querySelector('a[data-link]')?.getAttribute('href');
  if (link === undefined) throw new Error('the page has no link for the phone');
  return link;
}

/** The text of the QR code, made from the link beside it. */
export function codeOn(html: string): string {
  return `mobileSign:${new URL(linkOn(html)).searchParams.get('link')}`;
}

/** Plays a phone that scans this code, in Kazakh unless told otherwise. */
export function playCode(
  code: string,
  key: Identity,
  mode: Mode = 'ok',
  options: Partial<PhoneOptions> = {},
): Promise<PhoneRun> {
  return playPhone(code, {
    key,
    mode,
    allowedHosts: ['127.0.0.1', 'localhost'],
    allowLocalHttp: true,
    wait: async () => undefined,
    ...options,
  });
}

const rules = { allowedHosts: ['127.0.0.1'], allowLocalHttp: true };

/** A phone that has scanned a code and signed, step by step. */
export interface PhoneByHand {
  readonly token: string;
  readonly documents: URL;
  /** Sends the signature, always the same one. `origin`: to another process. */
  put(origin?: string): Promise<Response>;
}

/** Scans a code and reads its document. */
export async function scanByHand(code: string, key: Identity): Promise<PhoneByHand> {
  const asked = await (await fetch(code.slice('mobileSign:'.length))).json();
  const { token, documents } = readRequest(asked, new Date(), rules);
  const authorization = `Bearer ${token}`;
  const { raw, documents: given } = readDocuments(
    await (await fetch(documents, { headers: { authorization } })).json(),
  );
  const [document] = given;
  if (!document) throw new Error('there is no document');
  const form = { detached: false, at: new Date(), timeStamp: 'none', timeStamper: key } as const;
  const data = Buffer.from(signDocument(key, document.content, form)).toString('base64');
  const { mime } = document;
  const body = JSON.stringify({
    ...raw,
    documentsToSign: [{ id: document.id, document: { file: { mime, data } } }],
  });
  return {
    token,
    documents,
    put: (origin = documents.origin) =>
      fetch(documents.href.replace(documents.origin, origin), {
        method: 'PUT',
        headers: { authorization, 'content-type': 'application/json' },
        body,
      }),
  };
}

/** The person presses the page's button after signing, with or without the six digits. */
export async function enterPhone(client: Client, code?: string): Promise<Answered> {
  const page = (await client.get(phonePath)).body;
  const fields = formOf(page, enterPath, code === undefined ? {} : { code });
  return client.post(enterPath, code === undefined ? withoutCode(fields) : fields);
}

/** As the second button of the form sends it. */
function withoutCode(fields: ReturnType<typeof formOf>): ReturnType<typeof formOf> {
  return [...fields.filter(([name]) => name !== 'code'), ['action', 'read']];
}

/** The six digits that the signing phone shows in a browser of its own. */
export async function digitsOf({ backUrl }: PhoneRun): Promise<string> {
  const { digits } = await openBackUrl(backUrl ?? '');
  if (digits === undefined) throw new Error('the phone shows no digits');
  return digits;
}

/** The cookies of a client as a browser sends them. */
export function cookiesOf(client: Client): string {
  return [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
}

/** What the script of the page is told. */
export async function stateOf(client: Client): Promise<{ readonly state: string; readonly left: number }> {
  const answer = await client.get(`${phonePath}/state`, { accept: 'application/json' });
  return JSON.parse(answer.body) as { state: string; left: number };
}

/** The phone: scans, reads, shows, signs and sends, as the app does or in a way that it must not. */
import { randomBytes } from 'node:crypto';
import { cmsPem, type Identity } from 'nca-verify/testing';
import { type Answered, type Call, call, callAndLose } from './call.ts';
import { type DocumentsToSign, type DocumentToSign, type RawDocument, readDocuments } from './documents.ts';
import { signLogin } from './login.ts';
import type { Mode } from './modes.ts';
import { AppRefusal } from './refusal.ts';
import { readRequest, type SigningRequest } from './request.ts';
import { readScanned, type ScanRules } from './scanned.ts';
import { signDocument } from './sign.ts';

export interface PhoneOptions extends ScanRules {
  /** The key in the phone. For a mode about a key, the key that the mode is about. */
  readonly key: Identity;
  readonly mode?: Mode | undefined;
  /** The language of the app, `kk` unless given. */
  readonly language?: 'kk' | 'ru' | 'en' | undefined;
  /** How long `slow` waits, in seconds. 5 unless given. */
  readonly seconds?: number | undefined;
  /** The key of the time-stamp authority. The phone's own unless given. */
  readonly timeStamper?: Identity | undefined;
  /** Signs the proof of `auth_type: "Eds"`. The phone's own key unless given. */
  readonly authenticationKey?: Identity | undefined;
  /** The person. Returns whether they agree to sign what is shown. They agree unless given. */
  readonly agree?: ((shown: Shown) => Promise<boolean>) | undefined;
  /** Milliseconds pass: for `slow` and `late`. A test ages the service instead of waiting. */
  readonly wait?: ((milliseconds: number) => Promise<void>) | undefined;
  /** The phone's clock. */
  readonly now?: (() => Date) | undefined;
}

/** What the person sees before they sign. */
export interface Shown {
  readonly request: SigningRequest;
  readonly documents: readonly DocumentToSign[];
}

/** One call and its answer. `what` is the step of the protocol. */
export interface PhoneCall {
  readonly what: 'request' | 'documents' | 'signature';
  /** 0: the connection was cut before the answer. */
  readonly status: number;
  /** The text that the app shows, from `message`. */
  readonly message: string | undefined;
}

export interface PhoneRun {
  /** `taken`: the last answer was that of a success. `refused`: it was an error. */
  readonly outcome: 'taken' | 'refused' | 'declined';
  readonly calls: readonly PhoneCall[];
  /** Of the last call. */
  readonly status: number;
  readonly message: string | undefined;
  /** The address of the button "Back", if the answer to the signature had one. */
  readonly backUrl: string | undefined;
  /** Undefined when the service gave no document. */
  readonly shown: Shown | undefined;
}

/** The size of what `huge` sends, in bytes. */
const HUGE = 2 * 1024 * 1024;

/**
 * Plays one scan to its end.
 * @param scanned the text of a QR code, or the link for the same phone
 * @throws AppRefusal when the app itself stops, with its reason; errors of the service do not throw
 */
export async function playPhone(scanned: string, options: PhoneOptions): Promise<PhoneRun> {
  const address = readScanned(scanned, options);
  if (options.mode === 'second-phone') {
    const first = new Phone({ ...options, mode: 'ok' });
    await first.read(address);
  }
  const phone = new Phone(options);
  const shown = await phone.read(address);
  if (shown === undefined) return phone.run('refused', undefined);
  const agrees = options.mode !== 'decline' && (await (options.agree ?? (async () => true))(shown));
  if (!agrees) return phone.run('declined', shown);
  const answer = await phone.sign(shown);
  return phone.run(answer.status === 200 ? 'taken' : 'refused', shown, readBackUrl(answer));
}

/** One phone in one run. */
class Phone {
  readonly #options: PhoneOptions;
  readonly #mode: Mode;
  readonly #calls: PhoneCall[] = [];
  #given: DocumentsToSign | undefined;

  constructor(options: PhoneOptions) {
    this.#options = options;
    this.#mode = options.mode ?? 'ok';
  }

  run(outcome: PhoneRun['outcome'], shown: Shown | undefined, backUrl?: string): PhoneRun {
    const { status = 0, message } = this.#calls.at(-1) ?? {};
    return { outcome, calls: this.#calls, status, message, backUrl, shown };
  }

  /** API №1 and the reading of API №2. Undefined when the service refused one of them. */
  async read(address: URL): Promise<Shown | undefined> {
    const first = await this.#call('request', address, { method: 'GET', headers: this.#headers() });
    if (first.status !== 200) return undefined;
    const request = readRequest(readJson(first), this.#now(), this.#options);
    if (this.#mode === 'no-token')
      await this.#call('documents', request.documents, this.#reading(request, ''));
    const second = await this.#call('documents', request.documents, this.#reading(request));
    if (second.status !== 200) return undefined;
    this.#given = readDocuments(readJson(second));
    return { request, documents: this.#given.documents };
  }

  /** Signs and sends, in the manner of the mode. Returns the last answer. */
  async sign({ request }: Shown): Promise<Answered> {
    const { wait = sleep, seconds = 5 } = this.#options;
    const mode = this.#mode;
    if (mode === 'slow') await wait(seconds * 1000);
    if (mode === 'late') await wait(Math.max(0, request.expiresAt.getTime() - this.#now().getTime()) + 1000);
    const put = this.#sending(request, this.#signedBody(0));
    if (mode === 'lost') {
      await callAndLose(request.documents, put);
      this.#calls.push({ what: 'signature', status: 0, message: undefined });
    }
    const answer = await this.#call('signature', request.documents, put);
    if (mode === 'old-app' && answer.status === 200) checkOlderAnswer(answer);
    if (mode === 'twice') return this.#call('signature', request.documents, put);
    if (mode === 'twice-other')
      return this.#call('signature', request.documents, this.#sending(request, this.#signedBody(1)));
    return answer;
  }

  /** The given object with signatures in the place of the content. */
  #signedBody(attempt: number): string {
    if (!this.#given) throw new Error('nothing was read');
    const { raw, documents } = this.#given;
    const signed = (raw['documentsToSign'] as readonly RawDocument[]).map((one, index) => ({
      ...one,
      document: {
        ...one.document,
        file: { ...one.document.file, data: this.#signed(documents[index] as DocumentToSign, attempt) },
      },
    }));
    const { version, ...others } = raw;
    const kept = this.#mode === 'old-app' || version === undefined ? others : { ...others, version };
    return JSON.stringify({ ...kept, documentsToSign: signed });
  }

  /** What stands in `data` of the answer. */
  #signed({ content, method }: DocumentToSign, attempt: number): string {
    const { key, timeStamper = key } = this.#options;
    const mode = this.#mode;
    if (mode === 'garbage') return randomBytes(600).toString('base64');
    if (mode === 'huge') return Buffer.alloc(HUGE).toString('base64');
    const cms = signDocument(key, this.#content(content), {
      detached: method === 'CMS_SIGN_ONLY' || mode === 'detached-for-attached',
      // A signature one second later is another one.
      at: new Date(this.#now().getTime() + attempt * 1000),
      timeStamp:
        mode === 'with-timestamp' ? 'right' : mode === 'bad-timestamp' ? 'of something else' : 'none',
      timeStamper,
    });
    if (mode === 'pem') return cmsPem(cms);
    const text = Buffer.from(cms).toString('base64');
    return mode === 'line-breaks' ? (text.match(/.{1,64}/g) ?? []).join('\r\n') : text;
  }

  #content(content: Buffer): Buffer {
    if (this.#mode === 'other-content') return Buffer.from('I owe you a million.');
    if (this.#mode !== 'tampered') return content;
    const changed = Buffer.from(content);
    const middle = Math.floor(changed.length / 2);
    changed[middle] = (changed[middle] ?? 0) ^ 1;
    return changed;
  }

  #reading(request: SigningRequest, token = request.token): Call {
    if (request.auth !== 'Eds') return { method: 'GET', headers: this.#headers(request, token) };
    const { key, authenticationKey = key } = this.#options;
    const xml = signLogin(authenticationKey, request.documents, this.#now());
    return {
      method: 'POST',
      headers: { ...this.#headers(), 'content-type': 'application/json' },
      body: JSON.stringify({ xml }),
    };
  }

  #sending(request: SigningRequest, body: string): Call {
    const token =
      this.#mode === 'no-token'
        ? ''
        : this.#mode === 'bad-token'
          ? randomBytes(16).toString('base64url')
          : request.token;
    return {
      method: 'PUT',
      headers: { ...this.#headers(request, token), 'content-type': 'application/json' },
      body,
    };
  }

  #headers(request?: SigningRequest, token = request?.token ?? ''): Record<string, string> {
    return {
      accept: 'application/json',
      ...(this.#mode === 'old-app' ? {} : { 'accept-language': this.#options.language ?? 'kk' }),
      ...(request?.auth === 'Token' && token !== '' ? { authorization: `Bearer ${token}` } : {}),
    };
  }

  async #call(what: PhoneCall['what'], url: URL, made: Call): Promise<Answered> {
    const answered = await call(url, made);
    if (answered.status >= 300 && answered.status < 400)
      throw new AppRefusal('redirected', `${url.pathname} redirects`);
    this.#calls.push({ what, status: answered.status, message: messageOf(answered) });
    return answered;
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** @throws AppRefusal `badAnswer` */
function readJson({ headers, text }: Answered): unknown {
  if (!/^application\/json\b/.test(headers['content-type'] ?? ''))
    throw new AppRefusal('badAnswer', `an answer of type ${headers['content-type']}`);
  try {
    return JSON.parse(text);
  } catch {
    throw new AppRefusal('badAnswer', 'an answer that is no JSON');
  }
}

/** A member of an answer that is JSON; undefined for any other. */
function member({ text }: Answered, name: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}

function messageOf(answer: Answered): string | undefined {
  const message = member(answer, 'message');
  return typeof message === 'string' ? message : undefined;
}

/** @throws AppRefusal `badAnswer` unless it has what versions before 5 of the protocol look for */
function checkOlderAnswer(answer: Answered): void {
  if (member(answer, 'code') !== '200' || member(answer, 'message') !== 'success')
    throw new AppRefusal('badAnswer', 'a success without code and message');
}

function readBackUrl(answer: Answered): string | undefined {
  const backUrl = answer.status === 200 ? member(answer, 'backUrl') : undefined;
  return typeof backUrl === 'string' ? backUrl : undefined;
}

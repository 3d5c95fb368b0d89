/** NCALayer's wire protocol, as far as a site that signs needs it: text in, text out. */
import { cmsPem, type Identity, signCms } from 'nca-verify/testing';

/** What NCALayer says first on each connection. */
export const GREETING = JSON.stringify({ result: { version: '1.4' } });

const HEARTBEAT = '--heartbeat--';

/** What a site asks to be signed, and with what kind of key. */
export interface SignRequest {
  readonly documents: readonly Uint8Array[];
  /** Key purposes that the certificate must have, every one. */
  readonly purposes: readonly string[];
  readonly iin: string | undefined;
  readonly locale: string;
}

/** The person in front of the agent: gives the key to sign with, or null to cancel. */
export type Choose = (request: SignRequest) => Promise<Identity | null>;

/** Answers one message of a site. */
export async function answer(text: string, choose: Choose): Promise<string> {
  if (text === HEARTBEAT) return HEARTBEAT;
  const message = readObject(text);
  if (message === undefined)
    return JSON.stringify({ success: false, code: 'COMMON_JSON_WRAPPING_EXCEPTION' });
  if (message['module'] !== 'kz.gov.pki.knca.basics')
    return JSON.stringify({ success: false, errorCode: 'MODULE_NOT_FOUND' });
  if (message['method'] !== 'sign') return failed('INVOCATION_ERROR', `unknown method ${text.slice(0, 100)}`);
  const wanted = readSign(message['args']);
  if (typeof wanted === 'string') return failed('INVALID_SIGNING_PARAMS', wanted);
  const identity = await choose(wanted.request);
  // A person who closes the window is answered for like this, not as an error.
  if (identity === null) return JSON.stringify({ status: true, body: {} });
  const signed = wanted.request.documents.map((document) =>
    cmsPem(signCms(identity, document, { detached: !wanted.encapsulate, signingTime: new Date() })),
  );
  return JSON.stringify({ status: true, body: { result: wanted.list ? signed : signed[0] } });
}

/** The answer of a call that went wrong. */
export function failed(code: string, details: string): string {
  return JSON.stringify({ status: false, code, message: 'An invoked method threw an exception.', details });
}

interface Wanted {
  readonly request: SignRequest;
  readonly encapsulate: boolean;
  /** Several documents came as a list: so do the signatures. */
  readonly list: boolean;
}

/** The arguments of `sign`, or what is wrong with them. */
function readSign(args: unknown): Wanted | string {
  if (!isObject(args)) return 'no args';
  const { format, data, locale } = args;
  if (format !== 'cms') return 'this agent signs CMS only';
  const texts = typeof data === 'string' ? [data] : data;
  if (!Array.isArray(texts) || texts.length === 0 || !texts.every((one) => typeof one === 'string'))
    return 'data is neither a text nor a list of texts';
  const signing = isObject(args['signingParams']) ? args['signingParams'] : {};
  if (signing['digested'] === true || signing['tsaProfile'] != null)
    return 'this agent signs neither digests nor time stamps';
  const signer = isObject(args['signerParams']) ? args['signerParams'] : {};
  const purposes = signer['extKeyUsageOids'];
  if (!Array.isArray(purposes) || !purposes.every((one) => typeof one === 'string'))
    return 'signerParams.extKeyUsageOids is missing';
  // Without `decode` NCALayer signs the base64 text itself.
  const decode = signing['decode'] === true;
  return {
    request: {
      documents: texts.map((one: string) => Buffer.from(one, decode ? 'base64' : 'utf8')),
      purposes,
      iin: typeof signer['iin'] === 'string' ? signer['iin'] : undefined,
      locale: typeof locale === 'string' ? locale : 'ru',
    },
    encapsulate: signing['encapsulate'] !== false,
    list: Array.isArray(data),
  };
}

function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

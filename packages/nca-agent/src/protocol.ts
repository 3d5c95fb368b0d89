/** NCALayer's wire protocol, as far as a signing site needs it: text in, text out. */
import { cmsPem, type Identity, signCms } from 'nca-verify/testing';

/** NCALayer's greeting on each connection. */
export const GREETING = JSON.stringify({ result: { version: '1.4' } });

const HEARTBEAT = '--heartbeat--';

/** The documents that a site wants signed, and the kind of key. */
export interface SignRequest {
  readonly documents: readonly Uint8Array[];
  /** Key purposes, all of which the certificate must have. */
  readonly purposes: readonly string[];
  readonly iin: string | undefined;
  readonly locale: string;
}

/** The person at the agent: returns the key to sign with, or null to cancel. */
export type Choose = (request: SignRequest) => Promise<Identity | null>;

/** How this program differs from today's NCALayer. */
export interface Manner {
  /** The modules that it offers; both unless given. */
  readonly modules?: readonly Module[] | undefined;
  /** The signature of a single document arrives as a list of one, as from some programs. */
  readonly listOfOne?: boolean | undefined;
}

export type Module = 'basics' | 'commonUtils';

/** Answers one message of a site. */
export async function answer(text: string, choose: Choose, manner: Manner = {}): Promise<string> {
  if (text === HEARTBEAT) return HEARTBEAT;
  const message = readObject(text);
  if (message === undefined)
    return JSON.stringify({ success: false, code: 'COMMON_JSON_WRAPPING_EXCEPTION' });
  const { modules = ['basics', 'commonUtils'] } = manner;
  const module = modules.find((one) => message['module'] === `kz.gov.pki.knca.${one}`);
  if (module === undefined) return JSON.stringify({ success: false, errorCode: 'MODULE_NOT_FOUND' });
  if (module === 'commonUtils') return JSON.stringify(await answerCommonUtils(message, choose));
  if (message['method'] !== 'sign') return failed('INVOCATION_ERROR', `unknown method ${text.slice(0, 100)}`);
  const wanted = readSign(message['args']);
  if (typeof wanted === 'string') return failed('INVALID_SIGNING_PARAMS', wanted);
  const identity = await choose(wanted.request);
  // NCALayer answers in this way, and not with an error, when the person closes the window.
  if (identity === null) return JSON.stringify({ status: true, body: {} });
  const signed = wanted.request.documents.map((document) =>
    cmsPem(signCms(identity, document, { detached: !wanted.encapsulate, signingTime: new Date() })),
  );
  return JSON.stringify({
    status: true,
    body: { result: wanted.list || manner.listOfOne ? signed : signed[0] },
  });
}

/**
 * Answers the module of older sites: arguments by position, one document at a time, and `uuid`
 * returned unchanged.
 */
async function answerCommonUtils(
  { method, args, uuid }: Record<string, unknown>,
  choose: Choose,
): Promise<object> {
  const own = uuid === undefined ? {} : { uuid };
  const failure = (message: string) => ({ code: '500', message, ...own });
  // Keys are files here and no token is ever plugged in; this list holds only tokens.
  if (method === 'getActiveTokens') return { code: '200', responseObject: [], ...own };
  if (method !== 'createCAdESFromBase64')
    return failure(`java.lang.NoSuchMethodException: ${String(method)}`);
  const [storage, keyType, data, attach] = Array.isArray(args) ? (args as unknown[]) : [];
  if (typeof storage !== 'string' || typeof keyType !== 'string' || typeof data !== 'string')
    return failure('java.lang.IllegalArgumentException: argument type mismatch');
  const document = Buffer.from(data, 'base64');
  const purposes = purposeOf[keyType] ?? [];
  const identity = await choose({ documents: [document], purposes, iin: undefined, locale: 'ru' });
  if (identity === null) return failure('action.canceled');
  const signed = signCms(identity, document, { detached: attach !== true, signingTime: new Date() });
  return { code: '200', responseObject: Buffer.from(signed).toString('base64'), ...own };
}

/** The key purpose that this module asks for. Any other word means any purpose. */
const purposeOf: Readonly<Record<string, readonly string[]>> = {
  AUTHENTICATION: ['1.3.6.1.5.5.7.3.2'],
  SIGNATURE: ['1.3.6.1.5.5.7.3.4'],
};

/** The answer to a call that failed. */
export function failed(code: string, details: string): string {
  return JSON.stringify({ status: false, code, message: 'An invoked method threw an exception.', details });
}

interface Wanted {
  readonly request: SignRequest;
  readonly encapsulate: boolean;
  /** True when several documents came as a list. The signatures then go back as a list. */
  readonly list: boolean;
}

/** Reads the arguments of `sign`. Returns a text when something is wrong with them. */
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

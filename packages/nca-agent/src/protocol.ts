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

/** In what this program differs from today's NCALayer. */
export interface Manner {
  /** The modules that it has; both unless given. */
  readonly modules?: readonly Module[] | undefined;
  /** The signature of a single document comes as a list of one, as some programs give it. */
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
  // A person who closes the window is answered for like this, not as an error.
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
 * The module of older sites: arguments by position, one document at a time, `uuid` given back as it
 * came.
 */
async function answerCommonUtils(
  { method, args, uuid }: Record<string, unknown>,
  choose: Choose,
): Promise<object> {
  const own = uuid === undefined ? {} : { uuid };
  const failure = (message: string) => ({ code: '500', message, ...own });
  // No token is ever plugged in here: keys are files, which this list leaves out.
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

/** The purpose of a key that this module asks for; with any other word, any. */
const purposeOf: Readonly<Record<string, readonly string[]>> = {
  AUTHENTICATION: ['1.3.6.1.5.5.7.3.2'],
  SIGNATURE: ['1.3.6.1.5.5.7.3.4'],
};

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

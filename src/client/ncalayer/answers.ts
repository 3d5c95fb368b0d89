// Requests to NCALayer and similar programs, and the meaning of their answers. Nothing of an answer
// is shown or trusted: the server verifies the signature.

/** A signature as base64 or PEM, or why there is none. */
export type Outcome =
  | { readonly kind: 'signed'; readonly signature: string }
  | { readonly kind: 'cancelled' | 'failed' | 'unknownModule' | 'unreadable' };

/** The OID of a natural person's key. */
const individual = '1.2.398.3.3.4.1.1';

/** The module of NCALayer 1.3 and later. `data` is base64. */
export function signByBasics(data: string, locale: string | undefined): object {
  return {
    module: 'kz.gov.pki.knca.basics',
    method: 'sign',
    args: {
      allowedStorages: null,
      format: 'cms',
      data,
      // Every parameter is stated, because NCALayer's own defaults differ from these.
      signingParams: { decode: true, encapsulate: true, digested: false },
      signerParams: { extKeyUsageOids: [individual] },
      locale,
    },
  };
}

/**
 * For versions before that module. The key storage has to be requested separately, because the old
 * module does not let the person choose one.
 */
export const askForTokens: object = { module: 'kz.gov.pki.knca.commonUtils', method: 'getActiveTokens' };

/**
 * Signs by the module before `basics`: with any key of the storage, and with the content included.
 * `data` is base64.
 */
export function signByCommonUtils(data: string, storage: string): object {
  return {
    module: 'kz.gov.pki.knca.commonUtils',
    method: 'createCAdESFromBase64',
    args: [storage, 'ANY', data, true],
  };
}

/**
 * Whether a message is an answer. NCALayer also sends keep-alives (`{}`) and repeats the greeting.
 */
export function isAnswer(message: object): boolean {
  return ['status', 'code', 'success', 'errorCode'].some((name) => name in message);
}

/** Whether a message is the greeting. */
export function isGreeting(message: object): boolean {
  return 'result' in message;
}

/** Reads the answer to a request to sign one document. */
export function readSignature(answer: object): Outcome {
  const said = answer as Said;
  if (!isSuccess(said)) {
    if (says(said, /cancel|отмен/i)) return { kind: 'cancelled' };
    if (says(said, /MODULE_NOT_FOUND|METHOD_NOT_FOUND|UNKNOWN_METHOD|NoSuchMethod/))
      return { kind: 'unknownModule' };
    return { kind: 'failed' };
  }
  const { body, responseObject } = said;
  // The person has closed the window.
  if (typeof body === 'object' && body !== null && isNothing((body as { result?: unknown }).result))
    return { kind: 'cancelled' };
  const result = (body as { result?: unknown } | undefined)?.result ?? responseObject;
  const one: unknown = Array.isArray(result) && result.length === 1 ? result[0] : result;
  return typeof one === 'string' && one !== '' ? { kind: 'signed', signature: one } : { kind: 'unreadable' };
}

/**
 * The storage of the key: the first token that is plugged in, otherwise a file. Undefined when
 * NCALayer does not know the module.
 */
export function readStorage(answer: object): string | undefined {
  if (readSignature(answer).kind === 'unknownModule') return undefined;
  const { responseObject } = answer as Said;
  const first: unknown = Array.isArray(responseObject) ? responseObject[0] : undefined;
  return typeof first === 'string' ? first : 'PKCS12';
}

/** The fields of answers, in all modules. */
interface Said {
  readonly status?: unknown;
  readonly success?: unknown;
  readonly code?: unknown;
  readonly errorCode?: unknown;
  readonly message?: unknown;
  readonly details?: unknown;
  readonly body?: unknown;
  readonly responseObject?: unknown;
}

function isSuccess({ status, code }: Said): boolean {
  return status === undefined ? String(code) === '200' : status === true;
}

function says({ code, errorCode, message, details }: Said, what: RegExp): boolean {
  return [code, errorCode, message, details].some((text) => typeof text === 'string' && what.test(text));
}

function isNothing(result: unknown): boolean {
  return (
    result === undefined || result === null || result === '' || (Array.isArray(result) && result.length === 0)
  );
}

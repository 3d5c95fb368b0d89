/** API №1: who asks for a signature, for what, until when, and where the document is. */
import { Members } from './members.ts';
import { AppRefusal } from './refusal.ts';
import { checkHost, checkScheme, type ScanRules } from './scanned.ts';

export interface SigningRequest {
  readonly description: string;
  readonly expiresAt: Date;
  readonly organisation: {
    readonly nameRu: string;
    readonly nameKz: string;
    readonly nameEn: string;
    readonly bin: string;
  };
  /** API №2. */
  readonly documents: URL;
  readonly auth: 'None' | 'Token' | 'Eds';
  readonly token: string;
}

/** ISO 8601 with milliseconds and a zone, as the protocol's documents write it. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:?\d\d)$/;

/**
 * Reads the answer of API №1, every member by its name, case and type.
 * @throws AppRefusal `badRequest`, `expired`, `notHttps` or `hostNotAllowed`
 */
export function readRequest(answer: unknown, now: Date, rules: ScanRules): SigningRequest {
  const members = new Members(answer, 'answer', 'badRequest');
  const organisation = members.object('organisation');
  const bin = organisation.text('bin');
  if (!/^\d{12}$/.test(bin)) throw organisation.wrong('bin', 'is no BIN of 12 digits');
  const document = members.object('document');
  const uri = document.text('uri');
  if (!URL.canParse(uri)) throw document.wrong('uri', 'is no address');
  const documents = new URL(uri);
  checkScheme(documents, rules.allowLocalHttp ?? false);
  checkHost(documents, rules.allowedHosts);
  const auth = document.text('auth_type');
  if (auth !== 'None' && auth !== 'Token' && auth !== 'Eds')
    throw document.wrong('auth_type', 'is none of None, Token, Eds');
  const token = auth === 'Token' || document.has('auth_token') ? document.text('auth_token') : '';
  if (auth === 'Token' && token === '') throw document.wrong('auth_token', 'is empty');
  return {
    description: members.text('description'),
    expiresAt: readExpiry(members.text('expiry_date'), now),
    organisation: {
      nameRu: organisation.text('nameRu'),
      nameKz: organisation.text('nameKz'),
      nameEn: organisation.text('nameEn'),
      bin,
    },
    documents,
    auth,
    token,
  };
}

function readExpiry(text: string, now: Date): Date {
  const zone = text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2');
  const time = new Date(zone);
  if (!TIME.test(text) || Number.isNaN(time.getTime()))
    throw new AppRefusal('badRequest', `answer.expiry_date is no time: ${text}`);
  if (time <= now) throw new AppRefusal('expired', `expired at ${time.toISOString()}`);
  return time;
}

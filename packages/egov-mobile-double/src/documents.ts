/** API №2: the documents to sign, and what the app shows of them. */
import { Members } from './members.ts';
import { AppRefusal } from './refusal.ts';

/** The methods that this double signs by. */
export type SignMethod = 'CMS_WITH_DATA' | 'CMS_SIGN_ONLY';

export interface DocumentToSign {
  readonly id: number;
  readonly nameRu: string;
  readonly nameKz: string;
  readonly nameEn: string;
  readonly meta: readonly { readonly name: string; readonly value: string }[];
  readonly mime: string;
  /** The bytes to sign. */
  readonly content: Buffer;
  readonly method: SignMethod;
  /** What a person sees before they sign. Null: the app shows nothing of this type. */
  readonly shown: string | null;
}

export interface DocumentsToSign {
  readonly documents: readonly DocumentToSign[];
  /** The answer as it came. It goes back with the signatures put in. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** One document of the answer as it came. */
export type RawDocument = Readonly<Record<string, unknown>> & {
  readonly document: { readonly file: Readonly<Record<string, unknown>> };
};

/**
 * Reads the answer of API №2. A `version` that is missing counts as 1.
 * @throws AppRefusal `badDocuments` or `methodNotSupported`
 */
export function readDocuments(answer: unknown): DocumentsToSign {
  const members = new Members(answer, 'answer', 'badDocuments');
  const method = members.text('signMethod');
  if (members.has('version') && members.integer('version') !== 1) throw members.wrong('version', 'is not 1');
  const documents = members.list('documentsToSign').map((one) => readDocument(one, method));
  if (documents.length === 0) throw members.wrong('documentsToSign', 'is empty');
  if (new Set(documents.map(({ id }) => id)).size !== documents.length)
    throw members.wrong('documentsToSign', 'has an id twice');
  return { documents, raw: answer as Record<string, unknown> };
}

function readDocument(one: Members, method: string): DocumentToSign {
  const ofOne = method === 'MIX_SIGN' ? one.text('signMethod') : method;
  if (ofOne !== 'CMS_WITH_DATA' && ofOne !== 'CMS_SIGN_ONLY')
    throw new AppRefusal('methodNotSupported', `${ofOne}: this double signs CMS only`);
  const file = one.object('document').object('file');
  const data = file.text('data');
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(data)) throw file.wrong('data', 'is no base64');
  const content = Buffer.from(data, 'base64');
  const mime = file.text('mime');
  return {
    id: one.integer('id'),
    nameRu: one.text('nameRu'),
    nameKz: one.text('nameKz'),
    nameEn: one.text('nameEn'),
    meta: one.has('meta')
      ? one.list('meta').map((line) => ({ name: line.text('name'), value: line.text('value') }))
      : [],
    mime,
    content,
    method: ofOne,
    shown: mime === 'text/plain' ? content.toString('utf8') : null,
  };
}

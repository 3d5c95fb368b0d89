import { z } from 'zod';
import { cleanText } from '../../modules/addresses/fold.ts';
import type { FoundAddress } from '../../modules/addresses/ports.ts';
import { parsePostcode } from '../../modules/requisites/postcode.ts';
import type { Answer, Asker } from '../http/ask.ts';
import { type KazpostApi, UnusableAnswer } from './api.ts';
import type { PresentName } from './line.ts';

/** Who the service is to Kazpost's open service; never leaves the server. */
export interface OpenCredentials {
  readonly username: string;
  readonly password: string;
}

const token = z.object({ accessToken: z.string().min(1).max(8_000) });
const line = z.string().max(1_000).nullish();
const row = z.object({ postcode: line, addressKaz: line, addressRus: line });
const envelope = z.object({ data: z.array(z.unknown()).max(500) });

/** The service's own limits of a query, in characters. */
const queryLength = { least: 3, most: 250 };

/**
 * Kazpost's Open API (open.post.kz): log in, then `npi/search` with the token, which is asked for anew when refused.
 * It gives whole lines in Kazakh and Russian (never the Latin one is taken) and no id but the index. An old index finds
 * nothing here: the service knows new ones only.
 */
export function openApi(
  asker: Asker,
  { username, password }: OpenCredentials,
  presentName: PresentName,
): KazpostApi {
  let login: Promise<string> | undefined;

  /** One log-in at a time, shared by everyone who waits for it. */
  function currentToken(): Promise<string> {
    login ??= logIn().catch((error: unknown) => {
      login = undefined;
      throw error;
    });
    return login;
  }

  async function logIn(): Promise<string> {
    const { status, body } = await asker.ask({
      method: 'POST',
      path: ['npi-integration', 'api', 'auth', 'login'],
      json: { username, password },
    });
    const read = token.safeParse(body);
    if (status !== 200 || !read.success) throw new UnusableAnswer(`log-in: status ${status}`);
    return read.data.accessToken;
  }

  async function search(text: string): Promise<Answer> {
    const with_ = async (bearer: string) =>
      asker.ask({
        method: 'GET',
        path: ['npi-integration', 'api', 'npi', 'search'],
        query: { query: text },
        bearer,
      });
    const used = currentToken();
    const answer = await with_(await used);
    if (answer.status !== 401) return answer;
    // Another request may have logged in again meanwhile: its token is taken then.
    if (login === used) login = undefined;
    return with_(await currentToken());
  }

  async function found(text: string): Promise<FoundAddress[]> {
    const query = [...text].slice(0, queryLength.most).join('');
    if ([...query].length < queryLength.least) return [];
    const { status, body } = await search(query);
    if (status === 204) return [];
    if (status !== 200) throw new UnusableAnswer(`status ${status}`);
    const read = envelope.safeParse(body);
    if (!read.success) throw new UnusableAnswer('another shape');
    const rows = read.data.data.map((entry) => row.safeParse(entry));
    if (rows.length > 0 && !rows.some(({ success }) => success))
      throw new UnusableAnswer('rows of another shape');
    return rows.flatMap(({ data }) => (data === undefined ? [] : addressOf(data, presentName)));
  }

  return {
    byText: found,
    async byPostcode(postcode) {
      if (postcode.length === 6) return [];
      return (await found(postcode)).filter((address) => address.postcode === postcode);
    },
  };
}

function addressOf(
  { postcode, addressKaz, addressRus }: z.infer<typeof row>,
  presentName: PresentName,
): FoundAddress[] {
  const kk = lineOf(addressKaz || addressRus || '', (name) => presentName(name, 'kk'));
  const ru = lineOf(addressRus || addressKaz || '', (name) => presentName(name, 'ru'));
  if (kk === '' || ru === '') return [];
  const read = parsePostcode((postcode ?? '').slice(0, 20));
  return [
    {
      origin: 'kazpost',
      id: read.ok ? read.value : kk,
      postcode: read.ok ? read.value : null,
      text: { kk, ru },
      parts: [{ kind: 'line', id: null, text: { kk, ru } }],
    },
  ];
}

/** The line without the country, and with today's name where a segment of it is a town by a former one. */
function lineOf(text: string, present: (name: string) => string): string {
  return cleanText(text, 200)
    .replace(/^(?:Республика Казахстан|Қазақстан Республикасы|Казахстан|Қазақстан)[\s,]+/iu, '')
    .split(/,\s*/)
    .map((level) => {
      const [, before = '', name = '', behind = ''] =
        /^(г\.\s*|город\s+)?(.*?)(\s+қаласы|\s+қ\.)?$/iu.exec(level) ?? [];
      return before === '' && behind === '' ? level : `${before}${present(name)}${behind}`;
    })
    .filter((level) => level !== '')
    .join(', ');
}

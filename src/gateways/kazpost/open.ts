import { z } from 'zod';
import type { FoundAddress } from '../../features/addresses/source.ts';
import type { Answer, HttpClient } from '../../platform/http-client.ts';
import { parsePostcode } from '../../values/postcode.ts';
import { type KazpostApi, UnusableAnswer } from './api.ts';
import { type PresentName, wholeLine } from './line.ts';

/**
 * How the cabinet identifies itself to the open service. Some clients get a token without a log-in.
 * Credentials never leave the server.
 */
export type OpenCredentials =
  | { readonly username: string; readonly password: string }
  | { readonly token: string };

const token = z.object({ accessToken: z.string().min(1).max(8_000) });
const line = z.string().max(1_000).nullish();
const row = z.object({ postcode: line, addressKaz: line, addressRus: line, address: line });
const envelope = z.object({ data: z.array(z.unknown()).max(500) });

/** The service's own limits of a query's length, in characters. */
const queryLength = { least: 3, most: 250 };

/**
 * Kazpost's Open API (open.post.kz): logs in, then calls `npi/search` with the token, and logs in
 * again when the token is refused. The service gives whole lines in Kazakh, Russian and Latin
 * letters; the Latin one is never used. The postcode is the only id. The service does not know old
 * postcodes.
 */
export function createOpenApi(
  client: HttpClient,
  credentials: OpenCredentials,
  presentName: PresentName,
): KazpostApi {
  let login: Promise<string> | undefined;

  /** One log-in at a time; everyone who needs the token waits for it. */
  function currentToken(): Promise<string> {
    login ??= ('token' in credentials ? Promise.resolve(credentials.token) : logIn(credentials)).catch(
      (error: unknown) => {
        login = undefined;
        throw error;
      },
    );
    return login;
  }

  async function logIn(json: { username: string; password: string }): Promise<string> {
    const { status, body } = await client.ask({
      method: 'POST',
      path: ['npi-integration', 'api', 'auth', 'login'],
      json,
    });
    const read = token.safeParse(body);
    if (status !== 200 || !read.success) throw new UnusableAnswer(`log-in: status ${status}`);
    return read.data.accessToken;
  }

  async function search(text: string): Promise<Answer> {
    const ask = async (bearer: string) =>
      client.ask({
        method: 'GET',
        path: ['npi-integration', 'api', 'npi', 'search'],
        query: { query: text },
        bearer,
      });
    const used = currentToken();
    const answer = await ask(await used);
    // An issued token cannot be renewed here, so the refusal is final.
    if (answer.status !== 401 || 'token' in credentials) return answer;
    // Another request may have logged in meanwhile. Then use its token.
    if (login === used) login = undefined;
    return ask(await currentToken());
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

/** Some rows have only one line. It is used for both languages. */
function addressOf(
  { postcode, addressKaz, addressRus, address }: z.infer<typeof row>,
  presentName: PresentName,
): FoundAddress[] {
  const kk = wholeLine(addressKaz || addressRus || address || '', 'kk', presentName);
  const ru = wholeLine(addressRus || addressKaz || address || '', 'ru', presentName);
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

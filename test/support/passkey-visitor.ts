import { expect } from 'vitest';
import type { Answered, Client, Fields } from './client.ts';
import { readPage } from './page.ts';
import { type AskedOptions, makePasskey, type Oddity, type TestPasskey } from './passkey.ts';
import { password as commonPassword } from './people.ts';

/** Where passkeys are added, named and removed. */
export const passkeysPath = '/security/passkeys';
/** Where a passkey signs in. */
export const passkeyPath = '/sign-in/passkey';

const origin = 'http://localhost:3000';

/** The form of a page that its script sends with the answer of a passkey. */
export function passkeyForm(html: string, answer = ''): Fields {
  const inputs = readPage(html).querySelectorAll('#passkey-form input');
  return inputs
    .filter((input) => input.getAttribute('type') !== 'checkbox')
    .map((input) => {
      const name = input.getAttribute('name') ?? '';
      return [name, name === 'answer' ? answer : (input.getAttribute('value') ?? '')] as const;
    });
}

/** Opens a page and asks for what a browser needs, as the script of the page does. */
export async function askAt(
  client: Client,
  page: string,
  challenge = `${page}/challenge`,
): Promise<{ readonly page: string; readonly options: AskedOptions }> {
  const { body } = await client.get(page);
  const csrf = passkeyForm(body).filter(([name]) => name === 'csrf');
  const answer = await client.post(challenge, csrf, { accept: 'application/json' });
  expect([challenge, answer.status]).toEqual([challenge, 200]);
  return { page: body, options: JSON.parse(answer.body) };
}

/** Proves the holder of a session by the password, so that factors can be changed. */
export async function proveByPassword(client: Client, password = commonPassword): Promise<void> {
  const page = await client.get('/security/prove');
  const csrf = readPage(page.body).querySelector('#password-form input[name=csrf]')?.getAttribute('value');
  const answer = await client.post('/security/prove', [
    ['csrf', csrf ?? ''],
    ['password', password],
  ]);
  expect(answer.status).toBe(303);
}

/** Adds a passkey in a session whose holder has just proved who they are. */
export async function addPasskey(
  client: Client,
  oddity: Oddity = {},
): Promise<{ readonly passkey: TestPasskey; readonly answer: Answered }> {
  const { page, options } = await askAt(client, passkeysPath);
  const passkey = makePasskey(options, origin, oddity);
  const answer = await client.post(`${passkeysPath}/add`, passkeyForm(page, passkey.made));
  return { passkey, answer };
}

/** Signs in with a passkey alone, from the page to the answer. */
export async function signInByPasskey(
  client: Client,
  passkey: TestPasskey,
  oddity: Oddity = {},
): Promise<Answered> {
  const { page, options } = await askAt(client, passkeyPath);
  return client.post(passkeyPath, passkeyForm(page, passkey.answer(options, oddity)));
}

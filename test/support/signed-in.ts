import { type Client, type Fields, injectClient } from './client.ts';
import { readPage, submissions } from './page.ts';
import type { PersonLine } from './people.ts';
import type { TestService } from './service.ts';

/** What a form of this page sends to `action`, unchanged or with other values. */
export function formOf(html: string, action: string, values: Readonly<Record<string, string>> = {}): Fields {
  const found = submissions(readPage(html)).find((one) => one.action.split('?')[0] === action);
  if (!found) throw new Error(`the page has no form for ${action}`);
  return found.fields.map(([name, value]) => [name, values[name] ?? value] as const);
}

/** A client that has signed in as this person. */
export async function signedIn(service: TestService, person: PersonLine, origin?: string): Promise<Client> {
  const client = injectClient(service.server, origin);
  await signIn(client, person);
  return client;
}

/** Signs this person in. */
export async function signIn(client: Client, person: PersonLine): Promise<void> {
  const page = await client.get('/sign-in');
  const form = formOf(page.body, '/sign-in', { iin: person.iin, password: person.password ?? '' });
  const answer = await client.post('/sign-in', form);
  if (answer.status !== 303) throw new Error(`signing in was answered with ${answer.status}`);
}

import { TOTP } from 'otpauth';
import { expect } from 'vitest';
import { sealAppSecret } from '../../src/features/authenticator/sealed-secret.ts';
import { createAppSecret } from '../../src/features/authenticator/totp.ts';
import { type Sql, sql } from '../../src/platform/postgres/sql.ts';
import { type Answered, type Client, injectClient } from './client.ts';
import { edsForm } from './eds-visitor.ts';
import { readPage, visibleText } from './page.ts';
import { inventPerson, type PersonLine } from './people.ts';
import type { TestService } from './service.ts';
import { formOf } from './signed-in.ts';

// What people do about their second step, over HTTP: prove who they are, add an app, sign in.

/** The address of the step after the password. */
export const stepPath = '/sign-in/step';

/** The address of a fresh proof. */
export const provePath = '/security/prove';

/** The address at which an app is added. */
export const appPath = '/security/authenticator';

/** The address at which backup codes are made. */
export const codesPath = '/security/backup-codes';

/** What a person sees of an answer. */
export const seen = ({ body }: Answered): string => visibleText(readPage(body));

/** Where an answer leads. */
export const leadsTo = ({ headers }: Answered): string => String(headers['location'] ?? '');

/** The holder of an IIN, as an expression. */
export const holderOf = ({ iin }: PersonLine): Sql =>
  sql`(select holder_id from cabinet.holder where iin = ${iin})`;

/** A person of the fund who has opened the form once, and the session in which they did. */
export async function arrive(
  service: TestService,
  n: number,
  different: Partial<PersonLine> = {},
): Promise<{ readonly person: PersonLine; readonly owner: Client }> {
  const person = inventPerson(n, different);
  await service.enrol(person);
  const owner = injectClient(service.server);
  await sendPassword(owner, person);
  await owner.get('/services/requisites');
  return { person, owner };
}

/** Sends the sign-in form. */
export async function sendPassword(
  client: Client,
  person: PersonLine,
  password = person.password ?? '',
): Promise<Answered> {
  const page = await client.get('/sign-in');
  return client.post('/sign-in', formOf(page.body, '/sign-in', { iin: person.iin, password }));
}

/** A visitor who has given the right password and must now take the step. */
export async function afterPassword(
  service: Pick<TestService, 'server'>,
  person: PersonLine,
): Promise<Client> {
  const client = injectClient(service.server);
  expect(leadsTo(await sendPassword(client, person))).toBe(stepPath);
  return client;
}

/** Sends the form of the step. */
export async function sendStep(client: Client, code: string): Promise<Answered> {
  const page = await client.get(stepPath);
  return client.post(stepPath, formOf(page.body, stepPath, { code }));
}

/** Proves in a session who its holder is. */
export async function sendProof(
  client: Client,
  values: Readonly<Record<string, string>>,
  to = appPath,
): Promise<Answered> {
  const address = `${provePath}?to=${encodeURIComponent(to)}`;
  return client.post(address, [...(await csrfOf(client)), ...Object.entries(values)]);
}

/** The token of a session's forms, from a page that every session may open. */
export async function csrfOf(client: Client): Promise<readonly (readonly [string, string])[]> {
  return edsForm((await client.get(provePath)).body).slice(0, 1);
}

/** The secret that the page shows to who adds an app, in base32. */
export function secretOn({ body }: Answered): string {
  const text = /class="secret"[^>]*>([^<]+)</.exec(body)?.[1];
  if (text === undefined) throw new Error('the page shows no secret');
  return text.replaceAll(' ', '');
}

/** What an app shows for a secret, some steps of 30 seconds from now. */
export function appCode(secret: string, steps = 0): string {
  return new TOTP({ secret }).generate({ timestamp: Date.now() + steps * 30_000 });
}

/** Six digits that no app shows for this secret around now. */
export function wrongAppCode(secret: string): string {
  const near = [-3, -2, -1, 0, 1, 2, 3].map((steps) => appCode(secret, steps));
  return ['000000', '111111', '222222', '333333', '444444', '555555', '666666', '777777'].find(
    (code) => !near.includes(code),
  ) as string;
}

/** Adds an app by the pages. Its last code is then as old as if it had been used long ago. */
export async function addApp(
  service: TestService,
  { person, owner }: { readonly person: PersonLine; readonly owner: Client },
): Promise<string> {
  expect(leadsTo(await sendProof(owner, { password: person.password ?? '' }))).toBe(appPath);
  await owner.post(appPath, [...(await csrfOf(owner)), ['action', 'begin']]);
  const page = await owner.get(appPath);
  const secret = secretOn(page);
  const answer = await owner.post(appPath, formOf(page.body, appPath, { code: appCode(secret) }));
  expect(leadsTo(answer)).toBe(`${codesPath}?done=authenticator`);
  await forgetLastCode(service, person);
  return secret;
}

/** Gives a person an app, as if they had added it by the pages. */
export async function giveApp(service: TestService, person: PersonLine): Promise<string> {
  const row = await service.database.first<{ holderId: string }>(
    sql`select holder_id as "holderId" from cabinet.holder where iin = ${person.iin}`,
  );
  const holderId = row?.holderId ?? '';
  const secret = createAppSecret();
  const sealed = sealAppSecret(service.keys, holderId, secret);
  await service.database.run(sql`
    insert into cabinet.authenticator (holder_id, secret, sealed_by, by_eds, confirmed_at)
    values (${holderId}, ${sealed.secret}, ${sealed.sealedBy}, false, now())`);
  return secret;
}

/** Makes the last use of the app so old that today's codes can be used. */
export async function forgetLastCode(service: TestService, person: PersonLine): Promise<void> {
  await service.database.run(sql`
    update cabinet.authenticator set last_counter = last_counter - 10 where holder_id = ${holderOf(person)}`);
}

/** Makes the waiting time after wrong codes be over. */
export async function forgetTries(service: TestService): Promise<void> {
  await service.database.run(sql`delete from cabinet.failure`);
}

/** Creates backup codes by the page. */
export async function createCodes(owner: Client): Promise<readonly string[]> {
  const page = await owner.get(codesPath);
  const answer = await owner.post(codesPath, formOf(page.body, codesPath));
  expect(answer.status).toBe(200);
  return codesOn(answer);
}

/** The backup codes that a page shows. */
export function codesOn({ body }: Answered): readonly string[] {
  return [...body.matchAll(/<li>([0-9A-Z]{5}-[0-9A-Z]{5})<\/li>/g)].map(([, code]) => code as string);
}

/** How many notices of a kind wait for a person or were sent to them. */
export async function noticesOf(service: TestService, person: PersonLine, kind: string): Promise<number> {
  const rows = await service.database.rows(sql`
    select from cabinet.outbox where holder_id = ${holderOf(person)} and payload ->> 'kind' = ${kind}`);
  return rows.length;
}

/** The kinds of the events of a person, the latest first. */
export async function eventsOf(service: TestService, person: PersonLine): Promise<readonly string[]> {
  const rows = await service.database.rows<{ kind: string }>(sql`
    select kind from cabinet.security_event where holder_id = ${holderOf(person)} order by event_id desc`);
  return rows.map(({ kind }) => kind);
}

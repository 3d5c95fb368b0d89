import type { Identity } from 'nca-verify/testing';
import type { HTMLElement } from 'node-html-parser';
import { expect } from 'vitest';
import type { Answered, Client, Fields } from './client.ts';
import { signChallenge } from './eds.ts';
import { readPage } from './page.ts';

/** The page for signing in by EDS. */
export const edsPath = '/sign-in/eds';

/** A browser that has received bytes to sign. */
export interface Begun {
  readonly client: Client;
  readonly id: string;
  /** Base64. */
  readonly data: string;
}

/** The page's form as its script fills it in. Without the script it has no button. */
export function edsForm(html: string, id = '', signature = ''): Fields {
  const csrf = readPage(html).querySelector('#eds-form input[name=csrf]')?.getAttribute('value') ?? '';
  return [
    ['csrf', csrf],
    ['id', id],
    ['signature', signature],
  ];
}

/** The form of a page that signs a change, with whatever it has, as its script fills it in. */
export function edsChangeForm(html: string, id = '', signature = ''): Fields {
  const given: Readonly<Record<string, string>> = { id, signature };
  return inputsOf(readPage(html).querySelector('#eds-form')).map(
    ([name, value]) => [name, given[name] ?? value] as const,
  );
}

/** The form of a page with the values that the server wrote: a signature to send again. */
export function formAgain(html: string): Fields {
  const form = readPage(html).querySelector('#eds-form');
  expect(form?.querySelector('button[type=submit]')?.text.trim()).toBe('Қолтаңбаны қайта жіберу');
  return inputsOf(form);
}

function inputsOf(form: HTMLElement | null): Fields {
  return (form?.querySelectorAll('input') ?? []).map((input) => [
    input.getAttribute('name') ?? '',
    input.getAttribute('value') ?? '',
  ]);
}

/** Opens the page and requests bytes to sign. */
export async function beginEds(client: Client): Promise<Begun> {
  const page = await client.get(edsPath);
  const csrf = edsForm(page.body).slice(0, 1);
  const answer = await client.post(`${edsPath}/challenge`, csrf);
  expect(answer.status).toBe(200);
  return { client, ...(JSON.parse(answer.body) as { id: string; data: string }) };
}

/** Sends a signature back. */
export async function postEds(
  { client }: Pick<Begun, 'client'>,
  id: string,
  signature: string,
): Promise<Answered> {
  const page = await client.get(edsPath);
  return client.post(edsPath, edsForm(page.body, id, signature));
}

/** Signs in with this key, from the page to the answer. */
export async function signInByEds(client: Client, identity: Identity): Promise<Answered> {
  const begun = await beginEds(client);
  return postEds(begun, begun.id, signChallenge(identity, begun.data));
}

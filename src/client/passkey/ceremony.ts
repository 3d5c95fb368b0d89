// What needs the library of WebAuthn. Loaded when somebody wants to use a passkey, and not before.

import { startAuthentication, startRegistration, WebAuthnAbortService } from '@simplewebauthn/browser';
import { fetchChallenge } from '../fetch-challenge.ts';

/**
 * Milliseconds after which a passkey that is offered in a field is asked for anew. The server
 * accepts an answer for five minutes.
 */
const renewal = 240_000;

/** The server gave no challenge. */
export class NoChallenge extends Error {
  override readonly name = 'NoChallenge';
}

/**
 * Asks the server for a challenge and the browser for a passkey.
 * @returns the answer, as WebAuthn's JSON
 * @throws NoChallenge, or the error of the browser by its name
 */
export async function askBrowser(path: string, csrf: string, creates: boolean): Promise<string> {
  const optionsJSON = await fetchOptions(path, csrf);
  return JSON.stringify(
    creates ? await startRegistration({ optionsJSON }) : await startAuthentication({ optionsJSON }),
  );
}

/** Ends what the browser asks, if it still asks. */
export function stopAsking(): void {
  WebAuthnAbortService.cancelCeremony();
}

/**
 * Offers the passkeys of this browser in its list under the field. Whoever chooses one there has
 * signed in. Whoever does not notices nothing.
 */
export async function offerInField(csrf: string): Promise<void> {
  for (;;) {
    let isRenewed = false;
    const timer = setTimeout(() => {
      isRenewed = true;
      stopAsking();
    }, renewal);
    try {
      const optionsJSON = await fetchOptions('/sign-in/passkey/challenge', csrf);
      const answer = await startAuthentication({ optionsJSON, useBrowserAutofill: true });
      send({ csrf, answer: JSON.stringify(answer) });
      return;
    } catch {
      // Nothing was chosen, so the page stays as it is.
      if (!isRenewed) return;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Sends the answer as a form of the page, and keeps where the person wanted to go. */
function send(fields: Readonly<Record<string, string>>): void {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = `/sign-in/passkey${location.search}`;
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement('input');
    input.type = 'hidden';
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}

/** What both functions of the library take. The server writes it for the one that is called. */
type Options = Parameters<typeof startRegistration>[0]['optionsJSON'] &
  Parameters<typeof startAuthentication>[0]['optionsJSON'];

async function fetchOptions(path: string, csrf: string): Promise<Options> {
  const options = await fetchChallenge<Options>(path, csrf);
  if (!options) throw new NoChallenge();
  return options;
}

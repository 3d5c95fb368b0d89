import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/features/codes/code.ts';
import type { IssuedCode } from '../../src/features/codes/store.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { type BrowserVisitor, browserVisitor, startBrowser } from '../support/browser-visitor.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { holderOf } from '../support/step-visitor.ts';
import { addAuthenticator, type VirtualAuthenticator } from '../support/virtual-authenticator.ts';

// Passkeys in a real browser, with Chromium's own authenticator in software.

const t = textsOf('kk');

let service: TestService;
let browser: Browser;
let origin: string;
let people = 9_600;

beforeAll(async () => {
  service = await startService();
  // A passkey is bound to a name.
  origin = (await service.listen()).replace('127.0.0.1', 'localhost');
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await service.close();
});

interface Owner {
  readonly person: PersonLine;
  readonly visitor: BrowserVisitor;
  readonly device: VirtualAuthenticator;
}

async function signIn({ person, visitor }: Pick<Owner, 'person' | 'visitor'>): Promise<void> {
  await visitor.open('/sign-in');
  await visitor.fill(t.signIn.iin, person.iin);
  await visitor.fill(t.signIn.password, person.password ?? '');
  await visitor.press(t.signIn.submit);
}

/** Presses a button whose script leads to another page. */
async function pressFor({ page }: BrowserVisitor, name: string, url: string | RegExp): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
  await page.waitForURL(url);
}

/** Somebody who has proved who they are and has added the passkey of this browser. */
async function owner(): Promise<Owner> {
  const person = inventPerson(people++);
  await service.enrol(person);
  const visitor = await browserVisitor(browser, origin, { javaScript: true });
  const device = await addAuthenticator(visitor.page);
  await signIn({ person, visitor });
  await visitor.open('/services/requisites');
  await visitor.open('/security/passkeys');
  await visitor.fill(t.security.current, person.password ?? '');
  await visitor.press(t.step.submit);
  await visitor.fill(t.passkeys.name, 'Менің телефоным');
  await pressFor(visitor, t.passkeys.add, '**/security/passkeys?done=added');
  return { person, visitor, device };
}

/** Signs out, and opens the page of a passkey by the button of the start page. */
async function begin(visitor: BrowserVisitor): Promise<void> {
  await visitor.page.context().clearCookies({ name: 'session' });
  await visitor.open('/');
  await visitor.page.getByRole('button', { name: t.passkey.way, exact: true }).click();
}

/** Waits until the page shows these words. */
async function sees({ page }: BrowserVisitor, words: string): Promise<void> {
  const found = page.locator('[role=status], [role=alert]').getByText(words).first();
  await found.waitFor({ state: 'visible' });
  expect(await found.isVisible()).toBe(true);
}

describe('adding and signing in', () => {
  test('a passkey is added, shown with its name, and opens the cabinet from the start page', async () => {
    const { person, visitor, device } = await owner();
    await visitor.sees('Менің телефоным');
    const [made] = await device.passkeys();
    expect(Buffer.from(made?.userHandle ?? '', 'base64').toString('latin1')).not.toContain(person.iin);
    await begin(visitor);
    await visitor.page.waitForURL('**/services');
    expect(await visitor.heading()).toBe(t.services.title);
    await visitor.open('/security/passkeys');
    await visitor.leave();
  });

  test('it is offered in the field of the IIN, and its script is not loaded before', async () => {
    const { visitor } = await owner();
    const { page } = visitor;
    await page.context().clearCookies({ name: 'session' });
    const loaded: string[] = [];
    page.on('request', (request) => loaded.push(new URL(request.url()).pathname));
    await visitor.open('/');
    expect(loaded.filter((path) => /ceremony|challenge/.test(path))).toEqual([]);
    await page.getByLabel(t.signIn.iin, { exact: true }).focus();
    await page.waitForURL('**/services');
    expect(loaded.filter((path) => path.includes('/assets/ceremony'))).toHaveLength(1);
    await visitor.leave();
  });

  test('what is offered in the field is asked anew before the server would refuse the answer', async () => {
    const visitor = await browserVisitor(browser, origin, { javaScript: true });
    const { page } = visitor;
    // A browser that waits until somebody chooses a passkey. Chromium's authenticator does so at once.
    await page.addInitScript(() => {
      PublicKeyCredential.isConditionalMediationAvailable = async () => true;
      navigator.credentials.get = (options) =>
        new Promise((_resolve, reject) => {
          options?.signal?.addEventListener('abort', () => reject(options.signal?.reason));
        });
    });
    await page.clock.install();
    await visitor.open('/');
    const asked = () => page.waitForRequest('**/sign-in/passkey/challenge');
    const first = asked();
    await page.getByLabel(t.signIn.iin, { exact: true }).focus();
    await (await first).response();
    const second = asked();
    await page.clock.runFor(241_000);
    expect((await (await second).response())?.status()).toBe(200);
    await visitor.leave();
  });

  test('it leads to the page that the person wanted', async () => {
    const { visitor } = await owner();
    await visitor.page.context().clearCookies({ name: 'session' });
    await visitor.open('/history');
    await visitor.page.getByRole('button', { name: t.passkey.way, exact: true }).click();
    await visitor.page.waitForURL('**/history');
    expect(await visitor.heading()).toBe(t.history.title);
    await visitor.leave();
  });

  test('by the keyboard alone', async () => {
    const { visitor } = await owner();
    const { page } = visitor;
    await page.context().clearCookies({ name: 'session' });
    await visitor.open('/sign-in/passkey');
    for (let presses = 0; presses < 20; presses += 1) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(() => document.activeElement?.id === 'passkey-start')) break;
    }
    await page.keyboard.press('Enter');
    await page.waitForURL('**/services');
    expect(await visitor.heading()).toBe(t.services.title);
    await visitor.leave();
  });

  test('a device that has one already is told so', async () => {
    const { visitor } = await owner();
    await service.database.run(sql`update cabinet.session set proved_at = now() where proved_at is not null`);
    await visitor.open('/security/passkeys');
    await visitor.page.getByRole('button', { name: t.passkeys.add, exact: true }).click();
    await sees(visitor, t.passkey.states.already.title);
    await visitor.leave();
  });
});

describe('what is refused', () => {
  test('nobody is recognised by the finger or the PIN: nothing is sent, and another try works', async () => {
    const { visitor, device } = await owner();
    await device.recognise(false);
    await begin(visitor);
    await sees(visitor, t.passkey.states.cancelled.title);
    expect(await visitor.path()).toBe('/sign-in/passkey');
    await device.recognise(true);
    await pressFor(visitor, t.passkey.use, '**/services');
    await visitor.leave();
  });

  test('a removed passkey', async () => {
    const { person, visitor } = await owner();
    await service.database.run(sql`delete from cabinet.passkey where holder_id = ${holderOf(person)}`);
    await begin(visitor);
    await sees(visitor, t.passkey.reasons.unknownKey);
    await visitor.leave();
  });

  test('a copy, whose count of signatures has not risen', async () => {
    const { visitor, device } = await owner();
    await device.setCounts(50);
    await begin(visitor);
    await visitor.page.waitForURL('**/services');
    await device.setCounts(7);
    await begin(visitor);
    await sees(visitor, t.passkey.reasons.copied);
    await visitor.leave();
  });

  test('an answer that is sent once more', async () => {
    const { visitor } = await owner();
    let sent = '';
    visitor.page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/sign-in/passkey'))
        sent = request.postData() ?? '';
    });
    await begin(visitor);
    await visitor.page.waitForURL('**/services');
    await visitor.page.context().clearCookies({ name: 'session' });
    await visitor.open('/sign-in/passkey');
    const csrf = await visitor.page.locator('#passkey-form [name=csrf]').inputValue();
    const fields = Object.fromEntries(new URLSearchParams(sent));
    expect(fields['answer']).toContain('clientDataJSON');
    const again = await visitor.page.request.post('/sign-in/passkey', {
      form: { ...fields, csrf },
      headers: { origin },
      maxRedirects: 0,
    });
    expect(again.status()).toBe(422);
    expect(await again.text()).toContain(t.passkey.reasons.challengeOver);
    await visitor.leave();
  });

  test('a page on an address of digits: the right one is shown, and the browser refuses our name there', async () => {
    const digits = origin.replace('localhost', '127.0.0.1');
    const visitor = await browserVisitor(browser, digits, { javaScript: true });
    await addAuthenticator(visitor.page);
    await visitor.open('/sign-in/passkey?begin=1');
    await visitor.sees(t.passkey.elsewhere);
    expect(await visitor.page.getByRole('link', { name: origin, exact: true }).count()).toBe(1);
    expect(await visitor.page.locator('#passkey-start').count()).toBe(0);
    const refused = await visitor.page.evaluate(() =>
      navigator.credentials.get({ publicKey: { challenge: new Uint8Array(32), rpId: 'localhost' } }).then(
        () => 'answered',
        (error: Error) => error.name,
      ),
    );
    expect(refused).toBe('SecurityError');
    // Nothing is loaded there for the field of the IIN either.
    await visitor.open('/');
    await visitor.page.getByLabel(t.signIn.iin, { exact: true }).focus();
    await visitor.leave();
  });

  test('a browser without passkeys says so, and offers the other ways', async () => {
    const visitor = await browserVisitor(browser, origin, { javaScript: true });
    await visitor.page.addInitScript('delete globalThis.PublicKeyCredential');
    await visitor.open('/sign-in/passkey');
    await sees(visitor, t.passkey.states.unsupported.title);
    expect(await visitor.page.getByRole('button', { name: t.passkey.use }).count()).toBe(0);
    expect(await visitor.page.getByRole('link', { name: t.eds.byPassword }).count()).toBe(1);
    await visitor.leave();
  });

  test('without a script, the page says what is needed and offers the other ways', async () => {
    const visitor = await browserVisitor(browser, origin, { javaScript: false });
    await visitor.open('/');
    await visitor.press(t.passkey.way);
    await visitor.sees(t.passkey.noScript);
    await visitor.follow(t.eds.byPassword);
    expect(await visitor.path()).toBe('/sign-in');
    await visitor.leave();
  });

  test('while the server gives no challenge, the page says so', async () => {
    const { visitor } = await owner();
    await visitor.page.context().clearCookies({ name: 'session' });
    await visitor.open('/sign-in/passkey');
    await visitor.page.route('**/challenge', (route) => route.abort());
    await visitor.page.getByRole('button', { name: t.passkey.use, exact: true }).click();
    await sees(visitor, t.passkey.states.offline.title);
  });
});

describe('beside a password', () => {
  test('it is the second step, the proof, and stands for the code to the contact on file', async () => {
    const me = await owner();
    const { person, visitor, device } = me;
    await visitor.page.context().clearCookies({ name: 'session' });
    // Else the device would sign in by itself when the field of the IIN is filled in.
    await device.recognise(false);
    await signIn(me);
    await device.recognise(true);
    expect(await visitor.path()).toBe('/sign-in/step');
    await visitor.sees(t.passkey.stepLead);
    await pressFor(visitor, t.passkey.use, '**/services');

    await visitor.open('/security/passkeys');
    expect(await visitor.path()).toBe('/security/prove?to=%2Fsecurity%2Fpasskeys');
    await pressFor(visitor, t.passkey.use, '**/security/passkeys');
    await visitor.sees('Менің телефоным');

    await service.database.run(sql`
      update cabinet.passkey set created_at = created_at - interval '72 hours' where holder_id = ${holderOf(person)}`);
    await visitor.open('/services/requisites');
    await visitor.fill(t.requisites.mobilePhone, '+7 (702) 444-55-66');
    await visitor.press(t.requisites.save);
    expect(await visitor.heading()).toBe(t.confirm.title);
    await Promise.all([
      visitor.page.waitForNavigation(),
      visitor.page.getByRole('button', { name: t.passkey.use, exact: true }).click(),
    ]);
    await visitor.sees(t.confirm.currentProved);
    const code = await service.database.first<IssuedCode>(sql`
      select code_id as "codeId", holder_id as "holderId", purpose, channel, destination, change_id as "changeId"
      from cabinet.code where holder_id = ${holderOf(person)} and purpose = 'prove-new'`);
    if (!code) throw new Error('no code was sent');
    await visitor.fill(t.confirm.newMobileCode, codeOf(service.keys, code));
    await visitor.press(t.confirm.submit);
    await visitor.sees(t.proofs.passkey);
    await visitor.leave();
  });
});

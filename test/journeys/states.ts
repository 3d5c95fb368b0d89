import type { Browser } from 'playwright-core';
import { expect, vi } from 'vitest';
import { createReturnSecret } from '../../src/features/egov-mobile/attempt-secrets.ts';
import { phoneReturnPath } from '../../src/paths.ts';
import { DatabaseAway } from '../../src/platform/outage.ts';
import type { ConnectionFields } from '../../src/platform/postgres/database.ts';
import { type Sql, sql } from '../../src/platform/postgres/sql.ts';
import type { Texts } from '../../src/texts/kk.ts';
import { textsOf } from '../../src/texts/texts.ts';
import type { Language } from '../../src/values/language.ts';
import {
  type BrowserVisit,
  type BrowserVisitor,
  browserVisitor,
  startBrowser,
} from '../support/browser-visitor.ts';
import { identityCard, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { signedIn } from '../support/signed-in.ts';
import { appCode } from '../support/step-visitor.ts';
import type { World } from './journey.ts';
import { openWorld } from './world.ts';

// Every state of every page, and how to reach it. The check of accessibility and the pictures of
// `npm run screens` both go through this table.

/** A visitor in one language, before they look at a page. */
export interface Look {
  readonly visitor: BrowserVisitor;
  readonly world: World;
  readonly t: Texts;
  /** Opens an address as a signed-in person. */
  asPerson(path: string, different?: Partial<PersonLine>): Promise<PersonLine>;
  /** Makes the session of a person one that an EDS has opened. */
  asByEds(person: PersonLine): Promise<void>;
  /** Makes the password of a person one that is long enough alone. */
  asLongPassword(person: PersonLine): Promise<void>;
  /** Lets the key of a person end in so many days. */
  asKeyEnding(person: PersonLine, days: number): Promise<void>;
  /** Lets an SMS to a person and a letter come back, and signs them in again. */
  asUnreachable(person: PersonLine): Promise<void>;
  /** Makes the session of a person one that only reads. */
  asRestricted(person: PersonLine): Promise<void>;
  /** Changes the latest attempt to sign in with the phone. */
  asPhone(change: Sql): Promise<void>;
  /** Where the phone of the latest attempt leads back. */
  phoneReturn(): Promise<string>;
  /** From now on the database does not answer. */
  loseDatabase(): void;
  /** Plans a maintenance window by hours from now, or cancels it. */
  plan(hours: readonly [from: number, until: number] | undefined): Promise<void>;
  /** Looks at a state on the way to the last one. */
  pause(): Promise<void>;
}

export type Variant = readonly [name: string, reach: (look: Look) => Promise<unknown>];

const nothing = {
  address: null,
  apartment: null,
  postcode: null,
  homePhone: null,
  contactPhone: null,
  mobilePhone: null,
  email: null,
};

const requisites = '/services/requisites';

/** Changes a form before it is sent, as an old or hostile page would send it. */
async function changeAndPress(visitor: BrowserVisitor, script: string, button: string): Promise<void> {
  await visitor.page.evaluate(script);
  await visitor.press(button);
}

/** Shows what the script of the address block has hidden, as in a browser without scripts. */
async function showSearch({ visitor }: Look): Promise<void> {
  await visitor.page.evaluate(() => document.getElementById('address-search')?.removeAttribute('hidden'));
}

/** Fills in the fields, presses the search button, and shows its answer. */
async function searchAddress(look: Look, address: string, postcode: string): Promise<void> {
  const { visitor, t } = look;
  await look.asPerson(requisites);
  await showSearch(look);
  await visitor.fill(t.requisites.address, address);
  await visitor.fill(t.requisites.postcode, postcode);
  await visitor.press(t.requisites.addressSearch);
  await showSearch(look);
}

/** Types an address and waits until the list under the field is open. */
async function typeAddress({ visitor, asPerson }: Look): Promise<void> {
  await asPerson(requisites);
  await visitor.page.locator('#address').fill('');
  await visitor.page.locator('#address').pressSequentially('шамалган');
  await visitor.page.getByRole('option').nth(1).waitFor();
}

async function proposeMobile(
  { visitor, t, asPerson }: Look,
  different?: Partial<PersonLine>,
): Promise<PersonLine> {
  const person = await asPerson(requisites, different);
  await visitor.fill(t.requisites.mobilePhone, '+7 (702) 111-22-33');
  await visitor.press(t.requisites.save);
  expect(await visitor.heading()).toBe(t.confirm.title);
  return person;
}

/** Proves who the person is, so that factors can be changed. */
async function proveByPassword({ visitor, t, asPerson }: Look): Promise<PersonLine> {
  const person = await asPerson(requisites);
  await visitor.open('/security/prove');
  await visitor.fill(t.security.current, person.password ?? '');
  await visitor.press(t.step.submit);
  return person;
}

/** Begins to add an app, and returns its secret. */
async function beginApp(look: Look): Promise<{ readonly person: PersonLine; readonly secret: string }> {
  const { visitor, t } = look;
  const person = await proveByPassword(look);
  await visitor.open('/security/authenticator');
  await visitor.press(t.authenticator.begin);
  const groups = (await visitor.page.locator('.secret').textContent()) ?? '';
  return { person, secret: groups.replaceAll(' ', '') };
}

/** Adds an app, and arrives where backup codes are offered. */
async function addApp(look: Look): Promise<PersonLine> {
  const { visitor, t } = look;
  const { person, secret } = await beginApp(look);
  await visitor.fill(t.authenticator.code, appCode(secret));
  await visitor.press(t.step.submit);
  await visitor.sees(t.backupCodes.appAdded);
  return person;
}

/** Turns codes by SMS on, signs out, and gives the right password. */
async function askForStep(look: Look): Promise<void> {
  const { visitor, t } = look;
  const person = await proveByPassword(look);
  await visitor.open('/security/sms-step');
  await visitor.press(t.smsStep.allow);
  await visitor.page.context().clearCookies({ name: 'session' });
  await visitor.open('/sign-in');
  await visitor.fill(t.signIn.iin, person.iin);
  await visitor.fill(t.signIn.password, person.password ?? '');
  await visitor.press(t.signIn.submit);
}

/** Asks for a code on the start page, and shows what becomes of the attempt by this change. */
async function beginPhone({ visitor, t, asPhone }: Look, change?: Sql): Promise<void> {
  await visitor.open('/');
  await visitor.press(t.phone.way);
  expect(await visitor.heading()).toBe(t.phone.title);
  if (!change) return;
  await asPhone(change);
  await visitor.open('/sign-in/phone');
}

async function openNotMe(look: Look): Promise<void> {
  const person = await proposeMobile(look);
  await look.visitor.open(await look.world.notMePath(person));
  expect(await look.visitor.heading()).toBe(look.t.notMe.title);
}

/** Asks what the service wrote with these letters. */
async function compare({ visitor, t }: Look, letters: string): Promise<void> {
  await visitor.open('/help/notice');
  await visitor.fill(t.letters.field, letters);
  await visitor.press(t.letters.submit);
}

/** The demonstration's inbox, newest first. */
async function messagesIn(visitor: BrowserVisitor): Promise<{ to: string; text: string }[]> {
  const answer = await visitor.page.request.get('/demo/inbox', { headers: { accept: 'application/json' } });
  return await answer.json();
}

/**
 * Waits for a message to this person in the demonstration's inbox, and returns its code if it has
 * one.
 */
async function codeSentTo(
  visitor: BrowserVisitor,
  person: Pick<PersonLine, 'requisites'>,
  fits: (text: string) => boolean,
): Promise<string> {
  return await vi.waitFor(async () => {
    const messages = await messagesIn(visitor);
    const own = messages.find(
      ({ to, text }) => [person.requisites.mobilePhone, person.requisites.email].includes(to) && fits(text),
    );
    if (!own) throw new Error('no message has arrived');
    return /#([0-9A-Z]+)\s*$/.exec(own.text)?.[1] ?? '';
  }, 10_000);
}

/** Shows the text of every state of a script. */
async function showEveryState(visitor: BrowserVisitor): Promise<void> {
  await visitor.page.evaluate(
    'for (const one of document.querySelectorAll("[data-state], details")) { one.hidden = false; one.open = true; }',
  );
}

/** The pages of registration and of recovery, which differ in their texts. */
function entryPages(start: '/register' | '/recover'): Record<string, readonly Variant[]> {
  const ask = async ({ visitor, world, t }: Look): Promise<PersonLine> => {
    const person = await world.person(start === '/register' ? { password: undefined } : {});
    await visitor.open(start);
    await visitor.fill(t.signIn.iin, person.iin);
    await visitor.fill(t.accountRequest.contact, person.requisites.mobilePhone ?? '');
    await visitor.press(t.accountRequest.submit);
    expect(await visitor.path()).toBe(`${start}/confirm`);
    return person;
  };
  const prove = async (look: Look): Promise<void> => {
    const code = await codeSentTo(look.visitor, await ask(look), (text) => text.includes('#'));
    await look.visitor.fill(look.t.accountRequest.code, code);
    await look.visitor.press(look.t.accountRequest.confirm);
    expect(await look.visitor.path()).toBe(`${start}/password`);
  };
  return {
    [start]: [
      ['empty', ({ visitor }) => visitor.open(start)],
      [
        'with errors',
        async ({ visitor, t }) => {
          await visitor.open(start);
          await visitor.fill(t.accountRequest.contact, '123');
          await visitor.press(t.accountRequest.submit);
          expect(await visitor.status()).toBe(422);
        },
      ],
    ],
    [`${start}/confirm`]: [
      [
        'asked, then with a wrong code',
        async (look) => {
          await ask(look);
          await look.pause();
          await look.visitor.fill(look.t.accountRequest.code, 'AAAAAAAA');
          await look.visitor.press(look.t.accountRequest.confirm);
          expect(await look.visitor.status()).toBe(422);
        },
      ],
    ],
    [`${start}/password`]: [
      [
        'asked, then with errors',
        async (look) => {
          await prove(look);
          await look.pause();
          await look.visitor.fill(look.t.newPassword.title, '123');
          await look.visitor.press(look.t.newPassword.save);
          expect(await look.visitor.status()).toBe(422);
        },
      ],
    ],
  };
}

/** Every page by its route, in every state that looks different: empty, filled in, with errors. */
export const pages: Readonly<Record<string, readonly Variant[]>> = {
  '/': [
    ['empty', ({ visitor }) => visitor.open('/')],
    [
      'with a remembered IIN',
      async ({ visitor, world, t }) => {
        const person = await world.person();
        await visitor.open('/');
        await visitor.fill(t.signIn.iin, person.iin);
        await visitor.fill(t.signIn.password, person.password ?? '');
        await visitor.tick(t.signIn.remember);
        await visitor.press(t.signIn.submit);
        await visitor.press(t.layout.signOut);
      },
    ],
  ],
  '/sign-in': [
    ['after a lock', ({ visitor }) => visitor.open('/sign-in?ended=locked')],
    ['after a time-out', ({ visitor }) => visitor.open('/sign-in?ended=kept')],
    [
      'with empty fields',
      async ({ visitor, t }) => {
        await visitor.open('/sign-in');
        await visitor.press(t.signIn.submit);
      },
    ],
    [
      'refused',
      async ({ visitor, world, t }) => {
        const person = await world.person();
        await visitor.open('/sign-in');
        await visitor.fill(t.signIn.iin, person.iin);
        await visitor.fill(t.signIn.password, 'басқа');
        await visitor.press(t.signIn.submit);
        expect(await visitor.status()).toBe(422);
        await visitor.sees(t.signIn.failedHelp);
      },
    ],
    [
      'refused, then told to wait',
      async ({ visitor, world, t, pause }) => {
        const person = await world.person();
        await visitor.open('/sign-in');
        await visitor.fill(t.signIn.iin, person.iin);
        for (let attempt = 0; attempt < 20 && (await visitor.status()) !== 429; attempt += 1) {
          await visitor.fill(t.signIn.password, 'басқа');
          await visitor.press(t.signIn.submit);
          if (attempt === 0) await pause();
        }
        expect(await visitor.status()).toBe(429);
      },
    ],
  ],
  '/sign-in/passkey': [
    ['before anything is asked', ({ visitor }) => visitor.open('/sign-in/passkey')],
    [
      'every state at once',
      async ({ visitor }) => {
        await visitor.open('/sign-in/passkey');
        await showEveryState(visitor);
      },
    ],
    [
      'with a passkey refused',
      async ({ visitor, t }) => {
        await visitor.open('/sign-in/passkey');
        await Promise.all([
          visitor.page.waitForNavigation(),
          visitor.page.evaluate('document.querySelector("#passkey-form").submit()'),
        ]);
        await visitor.sees(t.passkey.reasons.refused);
      },
    ],
  ],
  '/sign-in/phone': [
    ['before anything began', ({ visitor }) => visitor.open('/sign-in/phone')],
    [
      'scanned, and something was not accepted',
      (look) => beginPhone(look, sql`state = 'scanned', trouble = 'token'`),
    ],
    ['signed, in a new browser', (look) => beginPhone(look, sql`state = 'done'`)],
    ['refused', (look) => beginPhone(look, sql`state = 'refused', reason = 'revoked'`)],
    ['over', (look) => beginPhone(look, sql`expires_at = now()`)],
    [
      'the six digits are wrong',
      async (look) => {
        const { visitor, t } = look;
        const person = await look.asPerson('/services');
        await visitor.page.context().clearCookies({ name: 'session' });
        await beginPhone(
          look,
          sql`
          state = 'done', holder_id = (select holder_id from cabinet.holder where iin = ${person.iin})`,
        );
        await look.pause();
        await visitor.fill(t.phone.done.code, '12');
        await visitor.press(t.phone.done.enter);
        expect(await visitor.status()).toBe(422);
      },
    ],
    ['the code', (look) => beginPhone(look)],
  ],
  '/sign-in/phone/return/:key': [
    ['over', ({ visitor }) => visitor.open('/sign-in/phone/return/x')],
    [
      'in the browser that began',
      async (look) => {
        await beginPhone(look, sql`state = 'done'`);
        await look.visitor.open(await look.phoneReturn());
      },
    ],
    [
      'in another one',
      async (look) => {
        await beginPhone(look, sql`state = 'done'`);
        await look.visitor.page.context().clearCookies({ name: 'phone' });
        await look.visitor.open(await look.phoneReturn());
      },
    ],
  ],
  '/sign-in/eds': [
    ['before anything is signed', ({ visitor }) => visitor.open('/sign-in/eds')],
    [
      'every state at once',
      async ({ visitor }) => {
        await visitor.open('/sign-in/eds');
        await showEveryState(visitor);
      },
    ],
    [
      'with a signature refused',
      async ({ visitor }) => {
        await visitor.open('/sign-in/eds');
        await Promise.all([
          visitor.page.waitForNavigation(),
          visitor.page.evaluate('document.querySelector("#eds-form").submit()'),
        ]);
        expect(await visitor.status()).toBe(422);
      },
    ],
  ],
  '/services': [
    ['as it is', ({ asPerson }) => asPerson('/services')],
    [
      'a second step is suggested',
      async (look) => {
        await look.asLongPassword(await look.asPerson('/services'));
        await look.visitor.open('/services');
        await look.visitor.sees(look.t.advice.step);
      },
    ],
    [
      'an older session ended',
      async ({ visitor, asPerson }) => {
        await asPerson('/services');
        await visitor.open('/services?replaced=1');
      },
    ],
    [
      'a key and a document end soon',
      async (look) => {
        const soon = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10);
        const person = await look.asPerson('/services', {
          documents: [identityCard(1, { validUntil: soon })],
        });
        await look.asKeyEnding(person, 20);
        await look.visitor.open('/services');
        await look.visitor.sees(look.t.ends.key.help);
        await look.visitor.sees(look.t.ends.document.help);
      },
    ],
    [
      'messages came back',
      async (look) => {
        await look.asUnreachable(await look.asPerson('/services'));
        await look.visitor.open('/services');
        for (const mark of Object.values(look.t.stillRight.marks)) await look.visitor.sees(mark);
      },
    ],
    [
      'everything is confirmed',
      async (look) => {
        await look.asUnreachable(await look.asPerson('/services'));
        await look.visitor.open('/services');
        await look.visitor.press(look.t.stillRight.yes);
        await look.visitor.sees(look.t.stillRight.done);
        await look.visitor.sees(look.t.services.confirmed);
      },
    ],
    [
      'no valid document',
      async ({ visitor, t, asPerson }) => {
        await asPerson('/services', { documents: [identityCard(1, { validUntil: '2026-01-01' })] });
        await visitor.sees(t.requisites.documentNone);
      },
    ],
    [
      'a change waits for its codes',
      async (look) => {
        await proposeMobile(look);
        await look.visitor.open('/services');
        await look.visitor.sees(look.t.requisites.pending);
      },
    ],
    [
      'something typed was not saved',
      async ({ visitor, world, t, asPerson }) => {
        const person = await asPerson(requisites);
        await visitor.fill(t.requisites.apartment, '5');
        await world.ageSessions(person, 16);
        await visitor.press(t.requisites.save);
        await visitor.fill(t.signIn.iin, person.iin);
        await visitor.fill(t.signIn.password, person.password ?? '');
        await visitor.press(t.signIn.submit);
        await visitor.open('/services');
        await visitor.sees(t.services.draftWaits);
      },
    ],
  ],
  '/services/requisites': [
    ['filled', ({ asPerson }) => asPerson(requisites)],
    ['empty', ({ asPerson }) => asPerson(requisites, { requisites: nothing, accounts: [] })],
    [
      'with errors in all fields',
      async ({ visitor, t, asPerson }) => {
        await asPerson(requisites);
        for (const name of [
          'address',
          'apartment',
          'postcode',
          'homePhone',
          'contactPhone',
          'mobilePhone',
          'email',
        ] as const) {
          await visitor.fill(t.requisites[name], 'wrong*');
        }
        await visitor.press(t.requisites.save);
        expect(await visitor.status()).toBe(422);
      },
    ],
    [
      'several documents',
      ({ asPerson }) =>
        asPerson(requisites, {
          documents: [identityCard(1), identityCard(2, { id: 'd2', type: 'passport', series: 'N' })],
        }),
    ],
    [
      'no valid document',
      ({ asPerson }) => asPerson(requisites, { documents: [identityCard(1, { validUntil: '2020-01-01' })] }),
    ],
    [
      'signed in by EDS',
      async ({ visitor, t, asPerson, asByEds }) => {
        await asByEds(await asPerson(requisites));
        await visitor.open(requisites);
        await visitor.sees(t.eds.signChoice);
      },
    ],
    [
      'nothing changed',
      async ({ visitor, t, asPerson }) => {
        await asPerson(requisites);
        await visitor.press(t.requisites.save);
      },
    ],
    ['the list under the address open', typeAddress],
    [
      'a line of that list about to be chosen',
      async (look) => {
        await typeAddress(look);
        await look.visitor.page.keyboard.press('ArrowDown');
        expect(await look.visitor.page.locator('#address').getAttribute('aria-activedescendant')).not.toBe(
          null,
        );
      },
    ],
    [
      'suggestions while Kazpost does not answer',
      async (look) => {
        const line = { text: 'Алматы қаласы', postcode: '050000', source: 'kato', id: '750000000' };
        const lines = [line, { ...line, text: 'Алматы облысы', postcode: null }];
        await look.visitor.page.route('**/api/addresses?*', (route) =>
          route.fulfill({ json: { suggestions: lines, degraded: true } }),
        );
        await typeAddress(look);
        await look.visitor.sees(look.t.requisites.kazpostDown);
        await look.visitor.page.unrouteAll();
      },
    ],
    [
      'suggestions as buttons, without a script',
      async (look) => {
        await searchAddress(look, 'шамалган', '');
        expect(await look.visitor.page.locator('.offered button').count()).toBeGreaterThan(1);
      },
    ],
    [
      'an index of another region, and nothing found',
      async (look) => {
        await searchAddress(look, 'Алматы қаласы', '010000');
        await look.visitor.sees(look.t.requisites.postcodeElsewhere);
        await look.pause();
        await look.visitor.fill(look.t.requisites.address, 'Ъъъъъ');
        await look.visitor.press(look.t.requisites.addressSearch);
        await showSearch(look);
        await look.visitor.sees(look.t.requisites.nothingFound);
      },
    ],
    [
      'changed elsewhere meanwhile',
      async ({ visitor, world, t, asPerson }) => {
        const person = await asPerson(requisites);
        await world.changeAtBranch(person, { address: 'Қарағанды қ., Бұқар жырау даңғылы, 1' });
        await visitor.fill(t.requisites.apartment, '5');
        await visitor.press(t.requisites.save);
        expect(await visitor.status()).toBe(409);
      },
    ],
    [
      'about to be cancelled',
      async ({ visitor, t, asPerson }) => {
        await asPerson(requisites);
        await visitor.fill(t.requisites.apartment, '5');
        await visitor.press(t.requisites.cancel);
      },
    ],
    [
      'with a draft, offered and taken up',
      async ({ visitor, world, t, asPerson, pause }) => {
        const person = await asPerson(requisites);
        await visitor.fill(t.requisites.apartment, '5');
        await world.ageSessions(person, 16);
        await visitor.press(t.requisites.save);
        await visitor.fill(t.signIn.iin, person.iin);
        await visitor.fill(t.signIn.password, person.password ?? '');
        await visitor.press(t.signIn.submit);
        await pause();
        await visitor.press(t.requisites.draftShow);
      },
    ],
  ],
  '/services/requisites/confirm': [
    ['codes to type', proposeMobile],
    [
      'the first step done',
      async (look) => {
        // Other people were sent codes to the same number, which may have all that it can get in a
        // day.
        await look.world.ageAllowances(25 * 60);
        const before = new Set((await messagesIn(look.visitor)).map(({ text }) => text));
        const { requisites: former } = await proposeMobile(look);
        const to = { requisites: { ...former, mobilePhone: '+77021112233' } };
        const isNew = (text: string) => text.includes('#') && !before.has(text);
        const code = await codeSentTo(look.visitor, to, isNew);
        await look.visitor.fill(look.t.confirm.newMobileCode, code);
        await look.visitor.press(look.t.confirm.submit);
        await look.visitor.sees(look.t.confirm.newMobileProved);
      },
    ],
    [
      'with wrong codes',
      async (look) => {
        await proposeMobile(look);
        const { visitor, t } = look;
        for (const label of await visitor.labels()) {
          if (label === t.confirm.newMobileCode || label === t.confirm.currentCode)
            await visitor.fill(label, '000');
        }
        await visitor.press(t.confirm.submit);
        expect(await visitor.status()).toBe(422);
      },
    ],
    [
      'a code to the new e-mail',
      async ({ visitor, t, asPerson }) => {
        await asPerson(requisites);
        await visitor.fill(t.requisites.email, 'zhana@example.kz');
        await visitor.press(t.requisites.save);
        expect(await visitor.heading()).toBe(t.confirm.title);
      },
    ],
    [
      'a passkey in place of a code',
      async (look) => {
        const person = await look.asPerson(requisites);
        await look.world.givePasskey(person, 'Chrome · Android');
        await look.visitor.fill(look.t.requisites.mobilePhone, '+7 (702) 111-22-33');
        await look.visitor.press(look.t.requisites.save);
        await look.visitor.sees(look.t.passkey.change);
      },
    ],
    ['no channel that could confirm', (look) => proposeMobile(look, { requisites: nothing })],
  ],
  '/services/requisites/confirm/phone': [
    [
      'the code',
      async (look) => {
        await proposeMobile(look);
        await look.visitor.press(look.t.phone.sign.submit);
        expect(await look.visitor.heading()).toBe(look.t.phone.sign.title);
      },
    ],
    [
      'the change is over',
      async (look) => {
        await proposeMobile(look);
        await look.visitor.press(look.t.phone.sign.submit);
        await look.asPhone(sql`state = 'refused', reason = 'changeOver'`);
        await look.visitor.open('/services/requisites/confirm/phone');
        await look.visitor.sees(look.t.phone.changeOver);
      },
    ],
  ],
  '/not-me/:link': [
    ['asked', openNotMe],
    [
      'answered',
      async (look) => {
        await openNotMe(look);
        await look.visitor.press(look.t.notMe.submit);
        expect(await look.visitor.heading()).toBe(look.t.notMe.doneTitle);
      },
    ],
  ],
  ...entryPages('/register'),
  ...entryPages('/recover'),
  '/security': [
    [
      'with an app and backup codes',
      async (look) => {
        await addApp(look);
        await look.visitor.press(look.t.backupCodes.submit);
        await look.visitor.open('/security');
        await look.visitor.sees(look.t.security.authenticatorOn);
      },
    ],
    ['one session', ({ asPerson }) => asPerson('/security')],
    [
      'several sessions',
      async ({ visitor, t, asPerson }) => {
        const person = await asPerson('/security');
        await visitor.page.context().clearCookies({ name: 'session' });
        await visitor.open('/security');
        await visitor.fill(t.signIn.iin, person.iin);
        await visitor.fill(t.signIn.password, person.password ?? '');
        await visitor.press(t.signIn.submit);
        await visitor.open('/security');
        await visitor.sees(t.security.endOthers);
      },
    ],
  ],
  '/security/password': [
    ['empty', ({ asPerson }) => asPerson('/security/password')],
    [
      'with errors',
      async ({ visitor, t, asPerson }) => {
        await asPerson('/security/password');
        await visitor.press(t.newPassword.save);
        expect(await visitor.status()).toBe(422);
      },
    ],
  ],
  '/security/lock': [['before a key has opened the cabinet', ({ asPerson }) => asPerson('/security/lock')]],
  '/security/prove': [
    ['by password', ({ asPerson }) => asPerson('/security/prove')],
    [
      'with errors',
      async ({ visitor, t, asPerson }) => {
        await asPerson('/security/prove');
        await visitor.press(t.step.submit);
        expect(await visitor.status()).toBe(422);
      },
    ],
    [
      'by a passkey',
      async ({ visitor, world, t, asPerson }) => {
        await world.givePasskey(await asPerson('/services'), 'Chrome · Android');
        await visitor.open('/security/prove');
        await visitor.sees(t.passkey.confirm);
      },
    ],
    [
      'in a session that only reads',
      async (look) => {
        await look.asRestricted(await look.asPerson('/services/requisites'));
        await look.visitor.open('/security/prove');
        await look.visitor.sees(look.t.prove.restrictedTitle);
      },
    ],
  ],
  '/security/passkeys': [
    [
      'none yet, then with one and every state of the script',
      async (look) => {
        await proveByPassword(look);
        const { visitor, world, t } = look;
        await visitor.open('/security/passkeys');
        await visitor.sees(t.passkeys.none);
        await look.pause();
        const person = await look.asPerson('/services');
        await world.givePasskey(person, 'Chrome · Android');
        await visitor.open('/security/passkeys?done=added');
        await visitor.sees(t.passkeys.added);
        await showEveryState(visitor);
      },
    ],
    [
      'with a passkey not added',
      async (look) => {
        await proveByPassword(look);
        const { visitor, t } = look;
        await visitor.open('/security/passkeys');
        await Promise.all([
          visitor.page.waitForNavigation(),
          visitor.page.evaluate('document.querySelector("#passkey-form").submit()'),
        ]);
        await visitor.sees(t.passkeys.notAdded);
      },
    ],
  ],
  '/security/sms-step': [
    [
      'not allowed yet',
      async (look) => {
        await proveByPassword(look);
        await look.visitor.open('/security/sms-step');
        await look.visitor.sees(look.t.smsStep.allow);
      },
    ],
  ],
  '/security/authenticator': [
    [
      'before an app is added',
      async (look) => {
        await proveByPassword(look);
        await look.visitor.open('/security/authenticator');
        await look.visitor.sees(look.t.authenticator.needed);
      },
    ],
    ['the secret to scan', beginApp],
    [
      'a wrong code',
      async (look) => {
        await beginApp(look);
        await look.visitor.fill(look.t.authenticator.code, '12');
        await look.visitor.press(look.t.step.submit);
        expect(await look.visitor.status()).toBe(422);
      },
    ],
    [
      'an app that may not go before the password is longer',
      async (look) => {
        await addApp(look);
        await look.visitor.open('/security/authenticator');
        await look.visitor.press(look.t.authenticator.remove);
        expect(await look.visitor.status()).toBe(422);
      },
    ],
  ],
  '/security/backup-codes': [
    [
      'without an app',
      async (look) => {
        await proveByPassword(look);
        await look.visitor.open('/security/backup-codes');
        await look.visitor.sees(look.t.backupCodes.notOffered);
      },
    ],
    ['offered after the app', addApp],
    [
      'left from before',
      async (look) => {
        const { visitor, t } = look;
        await addApp(look);
        await visitor.press(t.backupCodes.submit);
        await visitor.open('/security/backup-codes');
        await visitor.sees(t.backupCodes.renewHelp);
      },
    ],
    [
      'just created',
      async (look) => {
        const { visitor, t } = look;
        await addApp(look);
        await visitor.press(t.backupCodes.submit);
        await visitor.sees(t.backupCodes.keep);
      },
    ],
  ],
  '/sign-in/step': [
    [
      'a passkey',
      async ({ visitor, world, t, asPerson }) => {
        const person = await asPerson('/services');
        await world.givePasskey(person, 'Chrome · Android');
        await visitor.page.context().clearCookies({ name: 'session' });
        await visitor.open('/sign-in');
        await visitor.fill(t.signIn.iin, person.iin);
        await visitor.fill(t.signIn.password, person.password ?? '');
        await visitor.press(t.signIn.submit);
        await visitor.sees(t.passkey.stepLead);
      },
    ],
    [
      'a code of the app, or one on paper',
      async (look) => {
        const { visitor, t } = look;
        const person = await addApp(look);
        await visitor.press(t.backupCodes.submit);
        await visitor.page.context().clearCookies({ name: 'session' });
        await visitor.open('/sign-in');
        await visitor.fill(t.signIn.iin, person.iin);
        await visitor.fill(t.signIn.password, person.password ?? '');
        await visitor.press(t.signIn.submit);
        await visitor.sees(t.step.backupHint);
      },
    ],
    [
      'a code by SMS',
      async (look) => {
        await askForStep(look);
        expect(await look.visitor.heading()).toBe(look.t.step.title);
      },
    ],
    [
      'a wrong code',
      async (look) => {
        await askForStep(look);
        await look.visitor.fill(look.t.step.code, '12');
        await look.visitor.press(look.t.step.submit);
        expect(await look.visitor.status()).toBe(422);
      },
    ],
  ],
  '/demo/inbox': [
    [
      'with messages',
      async (look) => {
        await codeSentTo(look.visitor, await proposeMobile(look), () => true);
        await look.visitor.open('/demo/inbox');
      },
    ],
  ],
  '/receipts/:number': [
    [
      'of a change',
      async ({ visitor, t, asPerson }) => {
        await asPerson(requisites);
        await visitor.fill(
          t.requisites.address,
          'Түркістан облысы, Сайрам ауданы, Қарасу ауылдық округі, Қарасу ауылы, Абай көшесі, 12-үй',
        );
        await visitor.fill(t.requisites.homePhone, '');
        await visitor.press(t.requisites.save);
        expect(await visitor.heading()).toBe(t.receipt.title);
        // Always with the fund's answer, which takes a moment.
        await vi.waitFor(
          async () => {
            await visitor.open(await visitor.path());
            await visitor.doesNotSee(t.receipt.sending);
          },
          { timeout: 20_000, interval: 100 },
        );
      },
    ],
  ],
  '/check': [
    ['before a file is chosen', ({ visitor }) => visitor.open('/check')],
    [
      'a file without a seal',
      async ({ visitor }) => {
        await visitor.open('/check');
        const file = { name: 'a.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7') };
        await visitor.page.locator('#check-file').setInputFiles(file);
        await visitor.page.locator('#check-result').waitFor();
      },
    ],
    [
      'a text that is no code, and a file without heads',
      async ({ visitor, t }) => {
        await visitor.open('/check');
        await visitor.page.locator('#check-code').fill('1.A.B');
        await visitor.page.locator('#check-code-button').click();
        await visitor.sees(t.check.verdicts.noCode);
        await visitor.sees(t.check.advice.scan);
        await visitor.page.locator('summary').click();
        const file = { name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('') };
        await visitor.page.locator('#check-heads').setInputFiles(file);
        await visitor.page.locator('[data-text=heads-none]').waitFor();
        await visitor.sees(t.check.headsStates.none);
      },
    ],
  ],
  '/help': [['every question', ({ visitor }) => visitor.open('/help')]],
  '/help/notice': [
    ['before a question', ({ visitor }) => visitor.open('/help/notice')],
    [
      'an SMS',
      async (look) => {
        await proposeMobile(look);
        const [code = ''] = await look.world.inbox('+77021112233');
        await compare(look, /(?:№|Ref )([A-Z]{6})/.exec(code)?.[1] ?? '');
        await look.visitor.sees(look.t.letters.compare);
      },
    ],
    [
      'no such message',
      async (look) => {
        await compare(look, 'KDMTRF');
        await look.visitor.sees(look.t.letters.unknown);
      },
    ],
    [
      'no letters',
      async (look) => {
        await compare(look, '12345');
        expect(await look.visitor.status()).toBe(422);
      },
    ],
    [
      'too many questions',
      async (look) => {
        for (let n = 0; n < 21; n += 1) await compare(look, 'KDMTRF');
        expect(await look.visitor.status()).toBe(429);
      },
    ],
    [
      'an e-mail',
      async (look) => {
        const person = await proposeMobile(look);
        const [notice = ''] = await look.world.inbox(person.requisites.email);
        await compare(look, notice.slice(-6));
        await look.visitor.sees(look.t.letters.compare);
      },
    ],
  ],
  '/help/:topic': [
    ['an answer in words', ({ visitor }) => visitor.open('/help/call')],
    ['an answer in steps', ({ visitor }) => visitor.open('/help/first-time')],
  ],
  '/history': [
    [
      'with changes and sign-ins',
      async ({ visitor, t, asPerson }) => {
        await asPerson(requisites);
        await visitor.fill(t.requisites.apartment, '5');
        await visitor.press(t.requisites.save);
        await visitor.open('/history');
      },
    ],
    ['changes only', ({ asPerson }) => asPerson('/history?only=changes')],
  ],
};

/** Sends the form of the requisites during an outage. */
async function sendInto({ visitor, t, asPerson }: Look, begin: () => unknown, title: string): Promise<void> {
  await asPerson(requisites);
  await visitor.fill(t.requisites.apartment, '99');
  await begin();
  await visitor.press(t.requisites.save);
  expect(await visitor.heading()).toBe(title);
}

/** Pages of an outage, which belong to no route. */
export const outagePages: readonly Variant[] = [
  [
    'maintenance announced',
    async ({ visitor, plan }) => {
      await plan([49, 51]);
      await visitor.open('/');
    },
  ],
  [
    'a form during maintenance',
    (look) => sendInto(look, () => look.plan([-1, 1]), look.t.outages.maintenance.title),
  ],
  [
    'the database away',
    async ({ visitor, t, asPerson, loseDatabase }) => {
      await asPerson('/services');
      loseDatabase();
      await visitor.open('/services');
      expect(await visitor.heading()).toBe(t.outages.away.title);
    },
  ],
  [
    'a form while the database is away',
    (look) => sendInto(look, look.loseDatabase, look.t.outages.away.title),
  ],
];

/** Pages of a refused request, which belong to no route. */
export const problemPages: readonly Variant[] = [
  ['404', ({ visitor }) => visitor.open('/nowhere')],
  [
    '404, signed in',
    async ({ visitor, asPerson }) => {
      await asPerson('/services');
      await visitor.open('/nowhere');
    },
  ],
  [
    '403',
    async ({ visitor, t }) => {
      await visitor.open('/sign-in');
      await changeAndPress(
        visitor,
        'document.querySelector("#page-form [name=csrf]").value = "x"',
        t.signIn.submit,
      );
      expect(await visitor.status()).toBe(403);
    },
  ],
  [
    '400',
    async ({ visitor, t }) => {
      await visitor.open('/sign-in');
      await changeAndPress(visitor, 'document.querySelector("#iin").name = "unknown"', t.signIn.submit);
      expect(await visitor.status()).toBe(400);
    },
  ],
  [
    '413',
    async ({ visitor, t }) => {
      await visitor.open('/sign-in');
      await changeAndPress(
        visitor,
        'document.querySelector("#iin").value = "1".repeat(100000)',
        t.signIn.submit,
      );
      expect(await visitor.status()).toBe(413);
    },
  ],
];

/** Reaches states in a browser, against a service of their own. */
export interface Looks {
  readonly service: TestService;
  readonly browser: Browser;
  readonly origin: string;
  /** The visitor of a language. One browser profile serves a whole language. */
  visitorFor(language: Language): Promise<BrowserVisitor>;
  /** Reaches a state, beginning without cookies. `pause` is called at each state on the way. */
  reach(
    language: Language,
    variant: Variant,
    pause: (visitor: BrowserVisitor) => Promise<void>,
  ): Promise<BrowserVisitor>;
  /** Ends outages that a state began. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

export interface LooksOptions {
  readonly visit?: Partial<BrowserVisit>;
  /** A browser that is already running, and that the caller closes. */
  readonly browser?: Browser;
  /** Called before the service uses its database. */
  readonly prepare?: (connection: ConnectionFields) => Promise<void>;
  /** Invents the people of the states. */
  readonly invent?: (different: Partial<PersonLine>) => PersonLine;
}

/** Starts a service and a browser in which states can be reached. */
export async function openLooks(options: LooksOptions = {}): Promise<Looks> {
  let outage: Error | undefined;
  const service = await startService(
    {},
    {
      through: async (database, connection) => {
        await options.prepare?.(connection);
        return {
          ...database,
          first: (statement) => (outage ? Promise.reject(outage) : database.first(statement)),
          batch: (work) => (outage ? Promise.reject(outage) : database.batch(work)),
        };
      },
    },
  );
  // Passkeys are offered on a name alone.
  const origin = (await service.listen()).replace('127.0.0.1', 'localhost');
  const browser = options.browser ?? (await startBrowser());
  const visitors = new Map<Language, Promise<BrowserVisitor>>();
  const visitorFor = (language: Language): Promise<BrowserVisitor> => {
    const made =
      visitors.get(language) ?? browserVisitor(browser, origin, { javaScript: true, ...options.visit });
    visitors.set(language, made);
    return made;
  };
  const plan: Look['plan'] = async (hours) => {
    const { database, maintenance } = service;
    if (!hours && maintenance.state().kind === 'none') return;
    await database.run(sql`delete from cabinet.maintenance_window`);
    if (hours) {
      await database.run(sql`
        insert into cabinet.maintenance_window (starts_at, ends_at)
        values (now() + ${hours[0]} * interval '1 hour', now() + ${hours[1]} * interval '1 hour')`);
    }
    await maintenance.refresh();
  };
  return {
    service,
    browser,
    origin,
    visitorFor,
    async reach(language, [, reach], pause) {
      const visitor = await visitorFor(language);
      const context = visitor.page.context();
      await context.clearCookies();
      await context.addCookies([{ name: 'language', value: language, url: origin }]);
      const world = openWorld(service, async () => visitor, options.invent);
      await reach({
        visitor,
        world,
        t: textsOf(language),
        plan,
        async asByEds({ iin }) {
          await service.database.run(sql`
            update cabinet.session set method = 'eds'
            where holder_id = (select holder_id from cabinet.holder where iin = ${iin})`);
        },
        async asLongPassword({ iin }) {
          await service.database.run(sql`
            update cabinet.credential set suffices_alone = true
            where holder_id = (select holder_id from cabinet.holder where iin = ${iin})`);
        },
        async asKeyEnding({ iin }, days) {
          await service.database.run(sql`
            insert into cabinet.reminder (holder_id, kind, ends_on)
            select holder_id, 'key', ((now() at time zone 'UTC') + interval '5 hours')::date + ${days}::int
            from cabinet.holder where iin = ${iin}`);
        },
        async asUnreachable({ iin }) {
          await service.database.run(sql`
            insert into cabinet.contact_state (holder_id, channel, value_hash, marked_at, reason)
            select holder_id, channel, sha256(convert_to(value, 'UTF8')), now(), 'returned'
            from cabinet.requisites r join cabinet.holder using (holder_id), lateral (values
              ('mobile', mobile_phone), ('email', email), ('post', concat_ws(E'\n', address, apartment, postcode))
            ) as c (channel, value) where iin = ${iin}`);
          await service.database.run(sql`
            update cabinet.requisites set updated_at = now() - interval '1 day'
            where holder_id = (select holder_id from cabinet.holder where iin = ${iin})`);
        },
        async asRestricted({ iin }) {
          await service.database.run(sql`
            update cabinet.session set restricted = 'fresh-mobile'
            where holder_id = (select holder_id from cabinet.holder where iin = ${iin})`);
        },
        async asPhone(change) {
          await service.database.run(sql`
            update cabinet.phone_attempt set ${change}
            where started_at = (select max(started_at) from cabinet.phone_attempt)`);
        },
        async phoneReturn() {
          const row = await service.database.first<{ id: Buffer }>(sql`
            select attempt_id as id from cabinet.phone_attempt order by started_at desc limit 1`);
          return phoneReturnPath(createReturnSecret(service.keys, row?.id ?? Buffer.alloc(8)));
        },
        loseDatabase() {
          outage = new DatabaseAway('08006');
        },
        pause: () => pause(visitor),
        async asPerson(path, different) {
          const person = await world.person(different);
          // The journeys sign in by the page. Here that would only take time, a hundred times.
          const { cookies } = await signedIn(service, person, origin);
          await context.addCookies([...cookies].map(([name, value]) => ({ name, value, url: origin })));
          await visitor.open(path);
          expect(await visitor.path()).toBe(path);
          return person;
        },
      });
      expect(await visitor.language()).toBe(language);
      return visitor;
    },
    async restore() {
      outage = undefined;
      await plan(undefined);
    },
    async close() {
      if (options.browser === undefined) await browser.close();
      await service.close();
    },
  };
}

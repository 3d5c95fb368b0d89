import type { Identity } from 'nca-verify/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { type Client, type Fields, injectClient } from '../support/client.ts';
import { brokenResponder, openTestNca, signChallenge } from '../support/eds.ts';
import { readPage, visibleText } from '../support/page.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

/*
 * What the screen shows, in Kazakh and Russian, while a part of the service is down. The rest
 * works, nothing is claimed that did not happen, and another way is named. Further cases have their
 * own files: the fund (fund.inject.test.ts), the database (database-away.test.ts),
 * maintenance.test.ts, overload.test.ts, one node (test/processes/proxy.test.ts), and a permission
 * refused in a real browser (eds.test.ts).
 */

const person = inventPerson(9_430);
const path = '/services/requisites';
/** Nothing listens on the discard port. */
const nowhere = '127.0.0.1:9';
const inBoth = ['kk', 'ru'] as const;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(environment: Readonly<Record<string, string>>): Promise<TestService> {
  const service = await startService(environment);
  closers.push(() => service.close());
  await service.enrol(person);
  return service;
}

async function speak(client: Client, language: string): Promise<void> {
  const form = formOf((await client.get('/nowhere')).body, '/language');
  await client.post(
    '/language',
    form.map(([name, value]) => [name, name === 'language' ? language : value] as const),
  );
}

const text = (html: string) => visibleText(readPage(html));

test('Kazpost: suggestions come from the classifier and say so, and an address can be typed and saved', async () => {
  const service = await start({ KAZPOST_API: 'classic', KAZPOST_URL: `http://${nowhere}` });
  const holder = await signedIn(service, person);
  for (const language of inBoth) {
    await speak(holder, language);
    const form = formOf((await holder.get(path)).body, path, { address: 'Алматы Абая', kazpost: '1' });
    const searched = await holder.post(`${path}/addresses`, form);
    expect(searched.status).toBe(200);
    expect(text(searched.body)).toContain(textsOf(language).requisites.kazpostDown);
    const typed = `Алматы қ., Қолмен жазылған көшесі, ${language === 'kk' ? 1 : 2}-үй`;
    const saved = await holder.post(path, formOf(searched.body, path, { address: typed }));
    expect(saved.status).toBe(303);
  }
});

describe.each([
  {
    gateway: 'SMS',
    channel: 'mobile',
    environment: { SMPP_URL: `smpp://kabinet:secret@${nowhere}`, SMS_SENDER: 'ENPF', DEMO: '1' },
    contact: person.requisites.mobilePhone ?? '',
    warning: 'mobileDown',
    change: { mobilePhone: '+7 (701) 943-00-01' },
  },
  {
    gateway: 'e-mail',
    channel: 'email',
    environment: { SMTP_URL: `smtp://${nowhere}`, MAIL_FROM: 'no-reply@cabinet.example.kz', DEMO: '1' },
    contact: person.requisites.email ?? '',
    warning: 'emailDown',
    change: { email: 'zhana@example.kz' },
  },
] as const)('the $gateway gateway is down', ({ channel, environment, contact, warning, change }) => {
  test('registration and recovery say so and name other ways, and never claim that a code was sent', async () => {
    const service = await start(environment);
    await waitUntilDown(service, channel);
    for (const language of inBoth) {
      const t = textsOf(language).accountRequest;
      for (const start of ['/register', '/recover']) {
        const guest = injectClient(service.server);
        await speak(guest, language);
        const asked = await guest.get(start);
        expect(text(asked.body)).toContain(t[warning]);
        expect(text(asked.body)).toContain(t.downHelp);
        await guest.post(start, formOf(asked.body, start, { iin: person.iin, contact }));
        const code = text((await guest.get(`${start}/confirm`)).body);
        expect(code).toContain(t[warning]);
        expect(code).toContain(t.codeLeadLate);
        expect(code).not.toContain(t.codeLead.split('{')[0]);
        // A second request does not show "sent again" either.
        const again = await guest.post(`${start}/confirm`, [
          ...formOf((await guest.get(`${start}/confirm`)).body, `${start}/confirm`).filter(
            ([name]) => name !== 'action',
          ),
          ['action', 'resend'],
        ]);
        expect(text((await guest.get(again.headers['location'] as string)).body)).not.toContain(t.resent);
      }
    }
  });

  test('a change of that contact waits and says so, while signing in and other changes work', async () => {
    const service = await start(environment);
    await waitUntilDown(service, channel);
    const holder = await signedIn(service, person);
    await holder.get(path);
    await service.database.run(
      sql`update cabinet.requisites set mobile_since = to_timestamp(0), email_since = to_timestamp(0)`,
    );
    const proposed = await holder.post(path, formOf((await holder.get(path)).body, path, change));
    expect(proposed.headers['location']).toBe(`${path}/confirm`);
    for (const language of inBoth) {
      await speak(holder, language);
      const t = textsOf(language).confirm;
      const shown = text((await holder.get(`${path}/confirm`)).body);
      expect(shown).toContain(t.gatewayDown);
      expect(shown).toContain(t.gatewayDownHelp);
      const to = Object.values(change)[0] ?? '';
      expect(shown).toContain(t.waitsFor.replace('{to}', to));
      expect(shown).not.toContain(t.sentTo.split('{')[0] + to);
    }
    const other = formOf((await holder.get(path)).body, path, { apartment: '77' });
    expect((await holder.post(path, other)).status).toBe(303);
  });
});

/** Waits until the page of registration shows that the channel is down. */
async function waitUntilDown(service: TestService, channel: 'mobile' | 'email'): Promise<void> {
  const word = textsOf('kk').accountRequest[channel === 'mobile' ? 'mobileDown' : 'emailDown'];
  await vi.waitFor(async () => expect((await service.server.inject('/register')).body).toContain(word), {
    timeout: 10_000,
    interval: 50,
  });
}

describe('neither the responder nor the list of the certification authority is available', () => {
  /** The form has no submit button, because the page's script submits it. */
  const edsForm = (html: string, id = '', signature = ''): Fields => [
    ['csrf', readPage(html).querySelector('#eds-form input[name=csrf]')?.getAttribute('value') ?? ''],
    ['id', id],
    ['signature', signature],
  ];

  async function signIn(client: Client, key: Identity) {
    const page = await client.get('/sign-in/eds');
    const asked = await client.post('/sign-in/eds/challenge', edsForm(page.body).slice(0, 1));
    const { id, data } = JSON.parse(asked.body) as { id: string; data: string };
    return client.post('/sign-in/eds', edsForm(page.body, id, signChallenge(key, data)));
  }

  test('nobody is let in, the page shows since when and offers the password, and the breaker spares the responder', async () => {
    const nca = openTestNca();
    const responder = await brokenResponder('error');
    closers.push(() => nca.close(), responder.close);
    const service = await start({
      EDS_TRUST: nca.environment['EDS_TRUST'] ?? '',
      EDS_CRL_DIR: '/nonexistent',
      EDS_OCSP_URL: responder.url,
    });
    const key = nca.key(person);
    const guest = injectClient(service.server);
    let since: string | undefined;
    for (const language of [...inBoth, ...inBoth, ...inBoth]) {
      await speak(guest, language);
      const refused = await signIn(guest, key);
      expect(refused.status).toBe(503);
      const shown = text(refused.body);
      const [before = '', after = ''] = textsOf(language).eds.reasons.revocationUnknown.split('{since}');
      expect(shown).toContain(before);
      expect(shown).toContain(after);
      // The time of the first failure, also at the sixth.
      const time = shown.slice(shown.indexOf(before) + before.length).slice(0, 5);
      expect(time).toMatch(/^\d{2}:\d{2}$/);
      since ??= time;
      expect(time).toBe(since);
      expect(refused.body).toContain('href="/sign-in"');
    }
    expect(service.breakers.find(({ name }) => name === 'ocsp')?.state()).toBe('open');
    const sessions = await service.database.first<{ n: number }>(
      sql`select count(*)::int as n from cabinet.session`,
    );
    expect(sessions?.n).toBe(0);
    expect((await (await signedIn(service, person)).get('/services')).status).toBe(200);
  });
});

test('NCALayer is missing or forbidden by the browser: the page has the texts for that, and offers the password', async () => {
  const service = await start({});
  for (const language of inBoth) {
    const guest = injectClient(service.server);
    await speak(guest, language);
    const { body } = await guest.get('/sign-in/eds');
    const states = textsOf(language).eds.states;
    for (const state of ['notRunning', 'permission', 'broken'] as const) {
      const block = readPage(body).querySelector(`[data-state=${state}]`)?.textContent ?? '';
      expect(block).toContain(states[state].title);
      expect(block).toContain(states[state].text);
    }
    expect(body).toContain('href="/sign-in"');
  }
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Identity } from 'nca-verify/testing';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Fault } from '../../packages/nca-agent/src/agent.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { brokenResponder, openTestNca, type TestNca } from '../support/eds.ts';
import { type EdsBrowser, startEdsBrowser } from '../support/eds-browser.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';

// EDS in a real browser, with the demonstration agent in place of NCALayer.

const person = inventPerson(9_310);

let nca: TestNca;
let service: TestService;
let origin: string;
let browser: EdsBrowser;
let key: Identity;
let people = 9_340;

beforeAll(async () => {
  nca = openTestNca();
  service = await startService(nca.environment);
  await service.enrol(person);
  origin = await service.listen();
  browser = await startEdsBrowser();
  key = nca.key(person);
});

afterAll(async () => {
  await browser.close();
  await service.close();
  nca.close();
});

afterEach(() => {
  browser.agent.fault = 'none';
});

function use(identity: Identity | null): void {
  browser.agent.choose = async () => identity;
}

/** Presses the button of the start page. */
async function begin(page: Page, start = '/'): Promise<void> {
  await page.goto(start);
  await page.getByRole('button', { name: 'ЭЦҚ арқылы кіру', exact: true }).click();
}

/** Waits until the page shows the text of this state. */
async function sees(page: Page, words: string): Promise<void> {
  const found = page.locator('[role=status], [role=alert]').getByText(words);
  await found.waitFor({ state: 'visible' });
  expect(await found.isVisible()).toBe(true);
}

describe('signing in', () => {
  test.each([
    ['a GOST key', () => key],
    ['an AUTH_RSA key', () => nca.key(person, { rsa: true, profile: 'authentication' })],
  ])('by %s', async (_what, make) => {
    use(make());
    const page = await browser.visit(origin);
    await begin(page);
    await page.waitForURL(/\/services(\?replaced=1)?$/);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Қызметтер');
  });

  test('leads to the page that the person wanted', async () => {
    use(key);
    const page = await browser.visit(origin);
    await begin(page, '/history');
    await page.waitForURL(/\/history(\?replaced=1)?$/);
    expect(await page.getByText('Кіру', { exact: false }).count()).toBeGreaterThan(0);
  });

  test('the script is loaded only on the page of EDS', async () => {
    const page = await browser.freshVisit(origin);
    const scripts: string[] = [];
    page.on('request', (request) => scripts.push(request.url()));
    await page.goto('/');
    expect(scripts.filter((url) => /\/eds-/.test(url))).toEqual([]);
    await page.goto('/sign-in/eds');
    expect(scripts.filter((url) => /\/eds-/.test(url))).toHaveLength(1);
  });

  test('cancelled first, then completed', async () => {
    use(null);
    const page = await browser.visit(origin);
    await begin(page);
    await sees(page, 'Қол қою тоқтатылды');
    expect(page.url()).not.toContain('begin');
    use(key);
    await page.getByRole('button', { name: 'Сертификатты таңдау' }).click();
    await page.waitForURL(/\/services(\?replaced=1)?$/);
  });

  test('refused by the server: its text is shown, and another key works', async () => {
    use(nca.key(person, { profile: 'head' }));
    const page = await browser.visit(origin);
    await begin(page);
    await sees(page, 'ұйымның');
    expect(await page.title()).toMatch(/^Қате: /);
    use(nca.key(person, { notBefore: new Date('2024-01-01'), notAfter: new Date('2025-01-01') }));
    await page.getByRole('button', { name: 'Сертификатты таңдау' }).click();
    await sees(page, 'мерзімі өткен');
    use(key);
    await page.getByRole('button', { name: 'Сертификатты таңдау' }).click();
    await page.waitForURL(/\/services(\?replaced=1)?$/);
  });

  test('a revoked key gets its own message', async () => {
    const lost = nca.key(person);
    nca.revoke(lost);
    use(lost);
    const page = await browser.visit(origin);
    await begin(page);
    await sees(page, 'кері қайтарып алынған');
    expect(new URL(page.url()).pathname).toBe('/sign-in/eds');
  });

  test('a challenge that expired while the key was chosen, and then a new one', async () => {
    browser.agent.choose = async ({ documents }) => {
      // For the person, a spent challenge and an expired one are the same.
      const [, nonce = ''] = /^nonce: (.*)$/m.exec(Buffer.from(documents[0] ?? []).toString()) ?? [];
      await service.database.run(sql`
        insert into cabinet.eds_spent (nonce, expires_at) values (${Buffer.from(nonce, 'base64url')}, now())`);
      return key;
    };
    const page = await browser.visit(origin);
    await begin(page);
    await sees(page, 'Қайта қол қойыңыз');
    use(key);
    await page.getByRole('button', { name: 'Сертификатты таңдау' }).click();
    await page.waitForURL(/\/services(\?replaced=1)?$/);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Қызметтер');
  });

  test('a person unknown to the fund is told so', async () => {
    use(nca.key(inventPerson(9_399)));
    const page = await browser.visit(origin);
    await begin(page);
    await sees(page, '1418');
    expect(new URL(page.url()).pathname).toBe('/sign-in/eds');
  });

  test('while revocation cannot be checked, nobody is let in and the password is offered', async () => {
    const responder = await brokenResponder('error');
    const lists = mkdtempSync(join(tmpdir(), 'kabinet-no-lists-'));
    const other = await startService({ ...nca.environment, EDS_CRL_DIR: lists, EDS_OCSP_URL: responder.url });
    try {
      await other.enrol(person);
      use(key);
      const page = await browser.visit(await other.listen());
      await begin(page);
      await sees(page, 'құпиясөзбен кіріңіз');
      expect(await page.getByRole('link', { name: /құпиясөз/i }).count()).toBeGreaterThan(0);
    } finally {
      await other.close();
      await responder.close();
      rmSync(lists, { recursive: true });
    }
  });

  test('without a script, the card and its page say what is needed', async () => {
    const page = await browser.freshVisit(origin, { javaScriptEnabled: false });
    await page.goto('/');
    await page.getByText('JavaScript қосулы').waitFor({ state: 'visible' });
    await page.getByRole('button', { name: 'ЭЦҚ арқылы кіру', exact: true }).click();
    await page.getByText('JavaScript қосулы').waitFor({ state: 'visible' });
    expect(await page.getByRole('button', { name: 'Сертификатты таңдау' }).count()).toBe(0);
  });

  test('on a phone, the page says where it works', async () => {
    const page = await browser.freshVisit(origin, {
      viewport: { width: 360, height: 740 },
      userAgent: 'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/150.0.0.0 Mobile Safari/537.36',
    });
    await page.goto('/sign-in/eds');
    await sees(page, 'Телефонда NCALayer жоқ');
    expect(await page.getByRole('button', { name: 'Сертификатты таңдау' }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'ЖСН және құпиясөз арқылы кіру' }).count()).toBe(1);
  });
});

describe('signing a change', () => {
  /**
   * Signs in by password and proposes both channels at once, which only a signature can confirm.
   */
  async function propose(page: Page, mobile: string): Promise<void> {
    const changing = inventPerson(people);
    people += 1;
    await service.enrol(changing);
    use(nca.key(changing));
    await page.goto('/services/requisites');
    await page.getByLabel('ЖСН', { exact: true }).fill(changing.iin);
    await page.getByLabel('Құпиясөз', { exact: true }).fill(changing.password ?? '');
    await page.getByRole('button', { name: 'Кіру', exact: true }).click();
    await page.getByLabel('Ұялы телефон').fill(mobile);
    await page.getByLabel('Электрондық мекенжай').fill(`jana.${people}@example.kz`);
    await page.getByRole('button', { name: 'Сақтау', exact: true }).click();
    await page.getByRole('button', { name: 'ЭЦҚ арқылы растау' }).click();
    await page.waitForURL('**/services/requisites/confirm');
  }

  test('cancelled, tried with a wrong key, and completed, with the signature to download', async () => {
    const page = await browser.visit(origin);
    await propose(page, '+7 705 222 33 44');
    const right = browser.agent.choose;
    use(null);
    await page.getByRole('button', { name: 'ЭЦҚ арқылы қол қою' }).click();
    await sees(page, 'Қол қою тоқтатылды');
    use(key);
    await page.getByRole('button', { name: 'ЭЦҚ арқылы қол қою' }).click();
    await sees(page, 'Сертификаттағы ЖСН сәйкес келмейді');
    browser.agent.choose = right;
    await page.getByRole('button', { name: 'ЭЦҚ арқылы қол қою' }).click();
    await page.waitForURL('**/receipts/*');
    await page.getByText('+7 (705) 222-33-44').waitFor({ state: 'visible' });
    const link = page.getByRole('link', { name: 'Қол қойылған өзгерісті жүктеп алу (CMS)' });
    const answer = await page.request.get((await link.getAttribute('href')) ?? '');
    expect([answer.status(), answer.headers()['content-type']]).toEqual([200, 'application/pkcs7-mime']);
    expect((await answer.body()).includes('+77052223344')).toBe(true);
  });
});

describe('an agent that', () => {
  test.each<[Fault, string]>([
    ['garbage', 'түсініксіз жауап'],
    ['huge', 'түсініксіз жауап'],
    ['close', 'NCALayer жабылды'],
    ['refuse', 'қол қоя алмады'],
    ['cancel', 'Қол қою тоқтатылды'],
    ['cancel-code', 'Қол қою тоқтатылды'],
    ['no-modules', 'NCALayer нұсқасы тым ескі'],
  ])('answers with %s: "%s", and none of its scripts runs', async (fault, words) => {
    use(key);
    browser.agent.fault = fault;
    const page = await browser.visit(origin);
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await begin(page);
    await sees(page, words);
    expect(dialogs).toEqual([]);
    expect(await page.getByRole('button', { name: 'Сертификатты таңдау' }).isVisible()).toBe(true);
  });

  test.each<[Fault]>([['list'], ['alive'], ['no-basics']])(
    'answers in the manner "%s" can sign in',
    async (fault) => {
      use(key);
      browser.agent.fault = fault;
      const page = await browser.visit(origin);
      await begin(page);
      await page.waitForURL(/\/services(\?replaced=1)?$/);
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Қызметтер');
    },
  );

  test('goes away after its greeting, or while a key is chosen, is reported at once', async () => {
    use(key);
    browser.agent.fault = 'leave';
    const page = await browser.freshVisit(origin);
    await page.clock.install();
    await page.goto('/sign-in/eds');
    // Time stands still on this page.
    await page.clock.pauseAt(new Date(Date.now() + 3_600_000));
    await page.getByRole('button', { name: 'Сертификатты таңдау' }).click();
    await sees(page, 'NCALayer жабылды');
    browser.agent.fault = 'none';
    let leave: (() => void) | undefined;
    browser.agent.choose = () =>
      new Promise((_resolve, reject) => {
        leave = () => reject(new Error('closed'));
      });
    await page.getByRole('button', { name: 'Сертификатты таңдау' }).click();
    await sees(page, 'NCALayer терезесінде қол қойыңыз');
    await expect.poll(() => leave).toBeDefined();
    leave?.();
    await sees(page, 'NCALayer жабылды');
    expect(await page.getByRole('button', { name: 'Сертификатты таңдау' }).isVisible()).toBe(true);
  });

  test('hangs can be cancelled by the person, and the time is limited', async () => {
    use(key);
    browser.agent.fault = 'hang';
    const page = await browser.freshVisit(origin);
    await page.clock.install();
    await begin(page);
    await sees(page, 'NCALayer терезесінде қол қойыңыз');
    await page.getByRole('button', { name: 'Болдырмау' }).click();
    await sees(page, 'Қол қою тоқтатылды');
    await page.getByRole('button', { name: 'Сертификатты таңдау' }).click();
    await sees(page, 'NCALayer терезесінде қол қойыңыз');
    await page.clock.fastForward(121_000);
    await sees(page, 'Қол қою уақыты өтті');
  });

  test('never greets is not NCALayer', async () => {
    browser.agent.fault = 'mute';
    const page = await browser.freshVisit(origin);
    await page.clock.install();
    const opened = page.waitForEvent('websocket');
    await begin(page);
    await opened;
    await sees(page, 'NCALayer бағдарламасына қосылуда');
    await expect
      .poll(async () => {
        await page.clock.fastForward(11_000);
        return page.getByRole('status').getByText('түсініксіз жауап').isVisible();
      })
      .toBe(true);
  });

  test('does not run: the page shows the words and the link of the memo', async () => {
    const other = await startEdsBrowser();
    await other.agent.close();
    const page = await other.visit(origin);
    await begin(page);
    await sees(page, 'NCALayer бағдарламасы іске қосылмаған');
    const link = page.getByRole('status').getByRole('link', { name: 'NCALayer жүктеп алу' });
    expect(await link.first().getAttribute('href')).toBe('https://pki.gov.kz/ncalayer/');
    // The other cause, which the browser cannot tell apart.
    const trust = page.getByRole('status').getByRole('list').filter({ visible: true });
    expect(await trust.getByRole('listitem').allTextContents()).toEqual([
      expect.stringContaining('https://127.0.0.1:13579/ Ескерту шықса'),
      expect.stringContaining('Chrome'),
      expect.stringContaining('«Сертификаттау орталықтары»'),
    ]);
    await other.close().catch(() => undefined);
  });
});

describe("the browser's permission", () => {
  let browser: EdsBrowser;

  beforeAll(async () => {
    browser = await startEdsBrowser({ permissions: true });
    browser.agent.choose = async () => key;
  });

  afterAll(() => browser.close());

  /** Makes the browser treat the page as one from elsewhere. The service's own policy stays. */
  async function fromElsewhere(page: Page): Promise<void> {
    await page.route('**/sign-in/eds*', async (route) => {
      if (route.request().method() !== 'GET') return route.fallback();
      const response = await route.fetch();
      const policy = response.headers()['content-security-policy'];
      await route.fulfill({
        response,
        headers: { ...response.headers(), 'content-security-policy': `${policy}; treat-as-public-address` },
      });
    });
  }

  test('refused: the page says how to give it', async () => {
    const page = await browser.visit(origin);
    await fromElsewhere(page);
    await begin(page);
    await sees(page, 'Браузер NCALayer бағдарламасына қосылуға тыйым салды');
  });

  test('given: signing in works', async () => {
    const page = await browser.freshVisit(origin, { permissions: ['local-network-access'] });
    await fromElsewhere(page);
    await begin(page);
    await page.waitForURL(/\/services(\?replaced=1)?$/);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Қызметтер');
  });
});

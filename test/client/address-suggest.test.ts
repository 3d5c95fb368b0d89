import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../../src/platform/root.ts';
import { startBrowser } from '../support/browser-visitor.ts';

const page = `<!doctype html><html lang="kk"><title>Address</title><script type="module" src="/script.js"></script>
<form action="/submitted"><label><input type="checkbox" name="kazpost" value="1" checked> Kazpost</label>
<label for="address">Мекенжай</label>
<input id="address" name="address" data-address-suggest="/api/addresses" data-address-status="note"
  data-address-postcode="postcode" data-address-one="{count} мекенжай" data-address-many="{count} мекенжай"
  data-address-of="/" data-address-none="Ештеңе табылмады" data-address-write-on="Әрі қарай жазыңыз" data-address-searching="Ізделуде" data-address-degraded="Қазпочта жауап бермейді">
<p id="note" role="status"></p>
<label>Индекс <input name="postcode"></label><button>OK</button></form></html>`;

interface Line {
  readonly text: string;
  readonly postcode: string | null;
}

/** What the server answers to each question. */
type Answering = (
  q: string,
) => Promise<{ readonly suggestions: readonly Line[]; readonly degraded: boolean; readonly writeOn?: true }>;

const lines: readonly Line[] = [
  { text: 'Алматы қаласы', postcode: null },
  { text: 'Алматы қаласы, Абай даңғылы, 10', postcode: 'A11B0C1' },
  { text: 'Алматы облысы', postcode: null },
];

describe('suggestions under the address field', () => {
  let browser: Browser;
  let server: Server;
  let context: BrowserContext;
  let tab: Page;
  let complaints: string[];
  let questions: { q: string; language: string }[];
  let answering: Answering;

  beforeAll(async () => {
    const built = await build({
      entryPoints: [join(root, 'src/client/address-suggest.ts')],
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
    });
    const script = built.outputFiles[0]?.text ?? '';
    server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://test');
      response.setHeader(
        'content-security-policy',
        "default-src 'none'; script-src 'self'; connect-src 'self'; form-action 'self'",
      );
      if (url.pathname === '/script.js') {
        response.setHeader('content-type', 'text/javascript');
        response.end(script);
      } else if (url.pathname === '/api/addresses') {
        const q = url.searchParams.get('q') ?? '';
        questions.push({ q, language: url.searchParams.get('language') ?? '' });
        void answering(q).then((answer) => {
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify(answer));
        });
      } else {
        response.setHeader('content-type', 'text/html; charset=utf-8');
        response.end(page);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await startBrowser();
  });

  afterAll(async () => {
    await browser.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  async function visit(touch = false): Promise<void> {
    complaints = [];
    questions = [];
    answering = async () => ({ suggestions: lines, degraded: false });
    context = await browser.newContext(
      touch ? { hasTouch: true, viewport: { width: 390, height: 800 } } : {},
    );
    tab = await context.newPage();
    tab.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    tab.on('pageerror', (error) => complaints.push(error.message));
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await tab.waitForSelector('u-datalist', { state: 'attached' });
  }

  beforeEach(() => visit());

  afterEach(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });

  // By its id: the list bears the field's label too.
  const field = () => tab.locator('#address');
  const options = () => tab.getByRole('option');

  /** Everything the page has read out so far: it stands in the live region for a moment only. */
  const readOut = () => tab.evaluate(() => document.body.dataset['heard'] ?? '');

  async function listen(): Promise<void> {
    await tab.evaluate(() => {
      new MutationObserver(() => {
        const heard = document.querySelector('[aria-live]')?.textContent ?? '';
        document.body.dataset['heard'] = `${document.body.dataset['heard'] ?? ''} ${heard}`;
      }).observe(document.body, { childList: true, subtree: true });
    });
  }

  it('are chosen with the keyboard alone, and fill in the index', async () => {
    await listen();
    await tab.keyboard.press('Tab');
    await tab.keyboard.press('Tab');
    expect(await tab.getByRole('combobox', { name: 'Мекенжай' }).count()).toBe(1);
    await tab.keyboard.type('алм');
    await options().first().waitFor();
    expect(await options().allTextContents()).toEqual(lines.map(({ text }) => text));
    expect(await field().getAttribute('role')).toBe('combobox');
    expect(await field().getAttribute('aria-expanded')).toBe('true');
    await expect.poll(readOut).toContain('3 мекенжай');
    await tab.keyboard.press('ArrowDown');
    await tab.keyboard.press('ArrowDown');
    const active = await field().getAttribute('aria-activedescendant');
    expect(await tab.locator(`[id="${active}"]`).textContent()).toBe(lines[1]?.text);
    await tab.keyboard.press('Enter');
    expect(await field().inputValue()).toBe('Алматы қаласы, Абай даңғылы, 10');
    expect(await tab.getByLabel('Индекс').inputValue()).toBe('A11B0C1');
    expect(await field().evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await field().getAttribute('aria-expanded')).toBe('false');
    expect(new URL(tab.url()).pathname).toBe('/');
    expect(questions).toEqual([{ q: 'алм', language: 'kk' }]);
  });

  it('are chosen by touch', async () => {
    await context.close();
    await visit(true);
    await field().tap();
    await field().pressSequentially('алм');
    await options().nth(2).tap();
    expect(await field().inputValue()).toBe('Алматы облысы');
    expect(await tab.getByLabel('Индекс').inputValue()).toBe('');
  });

  it('keep Enter from sending the form while they are awaited, and let it when they are there or fail', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    answering = async () => {
      await held;
      return { suggestions: [], degraded: false };
    };
    await field().pressSequentially('алм');
    // Before the question is asked, and while the answer is on its way.
    await tab.keyboard.press('ArrowDown');
    await tab.keyboard.press('Enter');
    await expect.poll(() => questions.length).toBe(1);
    await tab.keyboard.press('ArrowDown');
    await tab.keyboard.press('Enter');
    expect(new URL(tab.url()).pathname).toBe('/');
    expect(await field().inputValue()).toBe('алм');
    release();
    await expect.poll(() => tab.locator('#note').textContent()).toBe('Ештеңе табылмады');
    await tab.keyboard.press('Enter');
    await expect.poll(() => new URL(tab.url()).pathname).toBe('/submitted');
  });

  it('come again after the field was left', async () => {
    for (const text of ['алм', 'алма']) {
      await field().fill('');
      await field().pressSequentially(text);
      await options().first().waitFor();
      await tab.getByRole('button', { name: 'OK' }).focus();
      await expect.poll(() => options().first().isVisible()).toBe(false);
      // A field with `list` may have no role.
      expect([await field().getAttribute('role'), await field().getAttribute('list')]).toEqual([
        'combobox',
        null,
      ]);
    }
    expect(questions.map(({ q }) => q)).toEqual(['алм', 'алма']);
  });

  it('go away with Escape and leave what was typed', async () => {
    await field().pressSequentially('алм');
    await options().first().waitFor();
    await tab.keyboard.press('Escape');
    expect(await options().first().isVisible()).toBe(false);
    expect(await field().inputValue()).toBe('алм');
  });

  it('mark what was typed, and show markup as text', async () => {
    const text = 'Алматы <img src=x onerror=alert(1)>';
    answering = async () => ({ suggestions: [{ text, postcode: null }], degraded: false });
    await field().pressSequentially('алм');
    await options().first().waitFor();
    expect(await options().first().textContent()).toBe(text);
    expect(await tab.locator('u-option mark').allTextContents()).toEqual(['Алм']);
    expect(await tab.locator('img').count()).toBe(0);
  });

  it('are asked for once when typing pauses, and not for one letter', async () => {
    await field().pressSequentially('а');
    await field().pressSequentially('лматы');
    await options().first().waitFor();
    expect(questions.map(({ q }) => q)).toEqual(['алматы']);
  });

  it('ignore an answer that comes after a newer one', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    answering = async (q) => {
      if (q === 'ал') await held;
      return { suggestions: [{ text: `Жауап: ${q}`, postcode: null }], degraded: false };
    };
    await field().pressSequentially('ал');
    await expect.poll(() => questions.length).toBe(1);
    await field().pressSequentially('ма');
    await options().first().waitFor();
    release();
    await expect.poll(() => options().allTextContents()).toEqual(['Жауап: алма']);
  });

  it('say when nothing is found and when Kazpost does not answer', async () => {
    answering = async () => ({ suggestions: [], degraded: true });
    await field().pressSequentially('ъъъ');
    await expect
      .poll(() => tab.getByRole('status').textContent())
      .toBe('Қазпочта жауап бермейді Ештеңе табылмады');
    expect(await options().count()).toBe(0);
  });

  it('say that the search goes on when the answer takes long, and no longer once it is there', async () => {
    let release = (): void => undefined;
    answering = () =>
      new Promise((resolve) => {
        release = () => resolve({ suggestions: lines, degraded: false });
      });
    await field().pressSequentially('алм');
    await expect.poll(() => tab.getByRole('status').textContent()).toBe('Ізделуде');
    release();
    await options().first().waitFor();
    expect(await tab.getByRole('status').textContent()).toBe('');
  });

  it('ask to write on when the place is known and its streets are not', async () => {
    answering = async () => ({ suggestions: [], degraded: false, writeOn: true });
    await field().pressSequentially('Алматы қаласы, Абай 1');
    await expect.poll(() => tab.getByRole('status').textContent()).toBe('Әрі қарай жазыңыз');
  });

  it('mark the typed letters also where the line has the Kazakh ones', async () => {
    answering = async () => ({ suggestions: [{ text: 'Достық даңғылы', postcode: null }], degraded: false });
    await field().pressSequentially('достык дан');
    await options().first().waitFor();
    expect(await options().locator('mark').allTextContents()).toEqual(['Достық', 'даң']);
  });

  it('ask nothing with the switch off, and again with it on', async () => {
    await field().pressSequentially('алм');
    await options().first().waitFor();
    await tab.getByLabel('Kazpost').uncheck();
    expect(await tab.locator('u-datalist').count()).toBe(0);
    expect(await field().getAttribute('role')).toBeNull();
    await field().press('End');
    await field().pressSequentially('аты');
    await tab.getByLabel('Kazpost').check();
    await field().press('End');
    await field().pressSequentially(' ');
    await field().pressSequentially('қ');
    await options().first().waitFor();
    expect(questions.map(({ q }) => q)).toEqual(['алм', 'алматы қ']);
  });

  it('are silent when the server answers nonsense or not at all', async () => {
    answering = async () => JSON.parse('[1]') as never;
    await field().pressSequentially('алм');
    await expect.poll(() => questions.length).toBe(1);
    server.closeAllConnections();
    expect(await options().count()).toBe(0);
    expect(await tab.getByRole('status').textContent()).not.toContain('Қазпочта');
    expect(await field().inputValue()).toBe('алм');
  });
});

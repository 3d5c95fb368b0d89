import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { findHeadlessShell, howToGetChromium } from '../../scripts/chromium.mjs';
import { button, control, link, radio, readPage, visibleText } from './page.ts';
import { readingOf } from './reading.ts';
import type { Visitor } from './visitor.ts';

/** Starts Chromium so that it can only reach this machine. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = findHeadlessShell();
  if (executablePath === undefined) throw new Error(howToGetChromium);
  return await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
    ],
  });
}

export interface BrowserVisit {
  readonly javaScript: boolean;
  /** CSS pixels. */
  readonly width?: number;
  readonly height?: number;
  /** Device pixels for each CSS pixel. */
  readonly scale?: number;
  /** A touch screen. */
  readonly touch?: boolean;
  /** Lets a test add a style of its own, which the content policy refuses. */
  readonly bypassPolicy?: boolean;
  /** Called with the path of every form that is posted. */
  readonly onPost?: (path: string) => void;
}

/** A visitor at a page in a real browser, with what the browser complained about. */
export interface BrowserVisitor extends Visitor {
  readonly page: Page;
  newTab(): Promise<BrowserVisitor>;
}

/**
 * Opens a fresh browser profile on the service at `origin`. Journeys use addresses relative to it.
 */
export async function browserVisitor(
  browser: Browser,
  origin: string,
  visit: BrowserVisit,
): Promise<BrowserVisitor> {
  const context = await browser.newContext({
    baseURL: origin,
    javaScriptEnabled: visit.javaScript,
    viewport: { width: visit.width ?? 1280, height: visit.height ?? 900 },
    deviceScaleFactor: visit.scale ?? 1,
    hasTouch: visit.touch ?? false,
    bypassCSP: visit.bypassPolicy ?? false,
    locale: 'kk-KZ',
    timezoneId: 'Asia/Almaty',
    // A look at colours in the middle of a fade finds too little contrast.
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  watch(context, origin, complaints);
  context.on('request', (request) => {
    if (request.method() === 'POST') visit.onPost?.(new URL(request.url()).pathname);
  });
  return await tab(context, origin, complaints);
}

/** Records everything that a correct page never causes. */
function watch(context: BrowserContext, origin: string, complaints: string[]): void {
  context.on('console', (message) => {
    // The console also reports a page that is answered with 422 or 404. The journey checks that
    // status itself.
    const failed = message.text().startsWith('Failed to load resource');
    const ownStatus = failed && message.location().url === message.page()?.url();
    // A request for suggestions just after the session has ended gets 401, and the script copes
    // with it.
    const sessionOver =
      failed && message.text().includes('401') && message.location().url.startsWith(`${origin}/api/`);
    if (message.type() === 'error' && !ownStatus && !sessionOver)
      complaints.push(`console: ${message.text()} ${message.location().url}`);
  });
  context.on('weberror', (error) => complaints.push(`page error: ${error.error().message}`));
  context.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) complaints.push(`a request elsewhere: ${request.url()}`);
  });
}

async function tab(context: BrowserContext, origin: string, complaints: string[]): Promise<BrowserVisitor> {
  const page = await context.newPage();
  let status = 0;
  page.on('response', (response) => {
    const request = response.request();
    const redirected = response.status() >= 300 && response.status() < 400;
    if (request.isNavigationRequest() && request.frame() === page.mainFrame() && !redirected)
      status = response.status();
  });
  // Accept "Unsaved changes. Leave the page?": a person who presses Cancel means it.
  page.on('dialog', (dialog) => void dialog.accept());

  const read = async () => readPage(await page.content());
  const byId = (id: string | undefined): Locator => page.locator(`[id="${id ?? ''}"]`);
  const field = async (label: string): Promise<Locator> => {
    const found = control(await read(), label);
    return found.tagName === 'FIELDSET'
      ? page.locator('fieldset', { has: page.locator('legend', { hasText: label }) })
      : byId(found.getAttribute('id'));
  };
  const pressable = async (name: string): Promise<Locator> => {
    button(await read(), name);
    return page.getByRole('button', { name, exact: true });
  };
  const arrives = async (act: () => Promise<void>): Promise<void> => {
    await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), act()]);
  };

  return {
    page,
    open: async (path) => {
      await page.goto(path, { waitUntil: 'load' });
    },
    fill: async (label, value) => (await field(label)).fill(value),
    async choose(label, option) {
      const dom = await read();
      const found = control(dom, label);
      if (found.tagName === 'FIELDSET') await byId(radio(dom, found, option).getAttribute('id')).check();
      else await byId(found.getAttribute('id')).selectOption({ label: option });
    },
    tick: async (label) => (await field(label)).check(),
    untick: async (label) => (await field(label)).uncheck(),
    async press(name) {
      const found = await pressable(name);
      await arrives(() => found.click());
    },
    async pressAtOnce(name, times) {
      const { action, fields } = await (await pressable(name)).evaluate((element) => {
        const button = element as HTMLButtonElement;
        const form = button.form as HTMLFormElement;
        const sent = [...new FormData(form, button)].map(([key, value]) => [key, String(value)] as const);
        // Read the attribute: `form.action` is a button if one has that name.
        const action = button.getAttribute('formaction') ?? form.getAttribute('action') ?? '';
        return { action: new URL(action, form.baseURI).href, fields: sent };
      });
      const answers = await Promise.all(
        Array.from({ length: times }, () =>
          context.request.post(action, {
            form: Object.fromEntries(fields),
            headers: { origin },
            maxRedirects: 0,
          }),
        ),
      );
      return answers.map((answer) => ({ status: answer.status(), location: answer.headers()['location'] }));
    },
    async follow(text) {
      link(await read(), text);
      await arrives(() => page.getByRole('link', { name: text, exact: true }).first().click());
    },
    async download(text) {
      const answer = await context.request.get(link(await read(), text));
      return {
        status: answer.status(),
        contentType: answer.headers()['content-type'] ?? '',
        bytes: await answer.body(),
      };
    },
    async back() {
      await page.goBack({ waitUntil: 'load' });
    },
    newTab: () => tab(context, origin, complaints),

    ...readingOf(read),
    async fieldValue(label) {
      const dom = await read();
      const found = control(dom, label);
      if (found.tagName === 'FIELDSET') {
        for (const one of found.querySelectorAll('input[type=radio]')) {
          const id = one.getAttribute('id');
          const named = found.querySelectorAll('label').find((label) => label.getAttribute('for') === id);
          if (named && (await byId(id).isChecked())) return visibleText(named);
        }
        return '';
      }
      const box = byId(found.getAttribute('id'));
      if (found.getAttribute('type') === 'checkbox') return (await box.isChecked()) ? 'on' : '';
      if (found.tagName !== 'SELECT') return await box.inputValue();
      return visibleText(readPage(await box.locator('option:checked').innerHTML()));
    },
    async path() {
      const url = new URL(page.url());
      return url.pathname + url.search;
    },
    status: async () => status,
    async leave() {
      await context.close();
      if (complaints.length > 0) throw new Error(`the browser complained:\n${complaints.join('\n')}`);
    },
  };
}

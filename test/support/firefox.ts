import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../../src/platform/root.ts';
import type { DrivenTab } from './driven-visitor.ts';

/** The part of puppeteer-core that is used here. Only `npm test -- --all` installs it. */
interface Puppeteer {
  launch(options: object): Promise<FirefoxBrowser>;
}

interface FirefoxBrowser {
  createBrowserContext(): Promise<FirefoxContext>;
  close(): Promise<void>;
}

interface FirefoxContext {
  newPage(): Promise<FirefoxPage>;
  close(): Promise<void>;
}

interface FirefoxPage {
  goto(url: string): Promise<unknown>;
  goBack(): Promise<unknown>;
  evaluate(script: string): Promise<unknown>;
  click(selector: string): Promise<void>;
  /** The element with this selector. */
  $(selector: string): Promise<{ uploadFile(path: string): Promise<void> } | null>;
  on(
    event: string,
    listener: (value: { readonly message?: string; accept?(): Promise<void>; url?(): string }) => void,
  ): void;
  readonly keyboard: { type(text: string): Promise<void>; press(key: string): Promise<void> };
}

/** A tab of Firefox, which also takes files and counts what its page asks for. */
export interface FirefoxTab extends DrivenTab {
  /** Chooses a file in the field with this selector. */
  upload(selector: string, path: string): Promise<void>;
  /** The addresses of all requests since the tab was opened. */
  requests(): readonly string[];
}

/** A running Firefox, driven over WebDriver BiDi. */
export interface Firefox {
  /** Opens a tab in a fresh profile. */
  profile(): Promise<FirefoxTab>;
  close(): Promise<void>;
}

/** Starts Firefox without a window. */
export async function startFirefox(executablePath: string): Promise<Firefox> {
  const puppeteer = createRequire(join(root, 'test/complete/browsers/package.json'))(
    'puppeteer-core',
  ) as Puppeteer;
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    extraPrefsFirefox: { 'intl.accept_languages': 'kk-KZ', 'network.captive-portal-service.enabled': false },
  });
  return {
    async profile() {
      const context = await browser.createBrowserContext();
      return tabOf(context, []);
    },
    close: () => browser.close(),
  };
}

async function tabOf(context: FirefoxContext, complaints: string[]): Promise<FirefoxTab> {
  const page = await context.newPage();
  page.on('pageerror', ({ message = '' }) => complaints.push(message));
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url?.() ?? ''));
  // Accept "Unsaved changes. Leave the page?": a person who presses Cancel means it.
  page.on('dialog', (dialog) => void dialog.accept?.());
  return {
    goto: async (url) => void (await page.goto(url)),
    evaluate: <Value>(body: string, ...args: readonly unknown[]) =>
      page.evaluate(`((...args) => { ${body} })(...${JSON.stringify(args)})`) as Promise<Value>,
    click: (selector) => page.click(selector),
    upload: async (selector, path) => (await page.$(selector))?.uploadFile(path),
    requests: () => requests,
    type: (text) => page.keyboard.type(text),
    press: (key) => page.keyboard.press(key),
    back: async () => void (await page.goBack()),
    newTab: () => tabOf(context, complaints),
    async leave() {
      await context.close();
      if (complaints.length > 0) throw new Error(`the browser complained:\n${complaints.join('\n')}`);
    },
  };
}

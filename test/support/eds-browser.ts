import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { type Agent, startAgent } from '../../packages/nca-agent/src/agent.ts';
import { findChromium, findHeadlessShell, howToGetChromium } from '../../scripts/chromium.mjs';

/** A browser for which an agent seems to listen on NCALayer's port. */
export interface EdsBrowser {
  readonly agent: Agent;
  /**
   * Opens a page without cookies in a profile that all visits to this site share.
   */
  visit(origin: string): Promise<Page>;
  /** Opens a page in a fresh profile, for what stays with a profile: settings, a clock, a cache. */
  freshVisit(origin: string, options?: Parameters<Browser['newContext']>[0]): Promise<Page>;
  close(): Promise<void>;
}

/**
 * Starts both. Connections to 13579 go to the agent's own port, so that several can run on one
 * machine. The headless shell asks for no permissions, and takes half the processor time of the
 * whole browser.
 */
export async function startEdsBrowser({ permissions = false } = {}): Promise<EdsBrowser> {
  const executablePath = permissions ? findChromium() : findHeadlessShell();
  if (executablePath === undefined) throw new Error(howToGetChromium);
  const agent = await startAgent({ choose: async () => null, port: 0 });
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--ignore-certificate-errors',
      `--host-resolver-rules=MAP 127.0.0.1:13579 127.0.0.1:${agent.port}, MAP 127.0.0.1 127.0.0.1, MAP * ~NOTFOUND`,
    ],
  });
  const contexts: BrowserContext[] = [];
  const open = async (origin: string, options: Parameters<Browser['newContext']>[0] = {}) => {
    const context = await browser.newContext({ baseURL: origin, locale: 'kk-KZ', ...options });
    context.setDefaultTimeout(15_000);
    contexts.push(context);
    return context;
  };
  const shared = new Map<string, BrowserContext>();
  return {
    agent,
    async visit(origin) {
      const context = shared.get(origin) ?? (await open(origin));
      shared.set(origin, context);
      const former = context.pages();
      await context.clearCookies();
      const page = await context.newPage();
      await Promise.all(former.map((one) => one.close()));
      return page;
    },
    freshVisit: async (origin, options) => (await open(origin, options)).newPage(),
    async close() {
      await Promise.all(contexts.map((context) => context.close()));
      await browser.close();
      await agent.close();
    },
  };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { vi } from 'vitest';
import { root } from '../../src/platform/root.ts';
import type { DrivenTab } from './driven-visitor.ts';

/** The part of selenium-webdriver that is used here. Only `npm test -- --all` installs it. */
interface Selenium {
  readonly Builder: new () => SeleniumBuilder;
  readonly Capabilities: new (capabilities: object) => unknown;
  readonly By: { css(selector: string): unknown };
  readonly Key: Readonly<Record<string, string>>;
}

interface SeleniumBuilder {
  disableEnvironmentOverrides(): SeleniumBuilder;
  usingServer(url: string): SeleniumBuilder;
  withCapabilities(capabilities: unknown): SeleniumBuilder;
  build(): Promise<SeleniumDriver>;
}

interface SeleniumDriver {
  get(url: string): Promise<void>;
  executeScript(script: string, ...args: readonly unknown[]): Promise<unknown>;
  findElement(by: unknown): { click(): Promise<void> };
  actions(): { sendKeys(...keys: string[]): { perform(): Promise<void> } };
  navigate(): { back(): Promise<void> };
  switchTo(): {
    newWindow(kind: 'tab'): Promise<void>;
    window(handle: string): Promise<void>;
    activeElement(): { sendKeys(...keys: string[]): Promise<void> };
  };
  getWindowHandle(): Promise<string>;
  quit(): Promise<void>;
}

/** Programs from Debian's packages `webkit2gtk-driver` and `xvfb`. */
export interface WebKitPrograms {
  readonly driver: string;
  readonly browser: string;
  readonly screen: string;
}

/** WebKitGTK, which has Safari's engine, driven by WebDriver on a virtual screen. */
export interface WebKit {
  /** Opens a tab in a fresh profile. */
  profile(): Promise<DrivenTab>;
  close(): Promise<void>;
}

/**
 * Starts the virtual screen. Each profile has its own driver, because a driver has one session at a
 * time.
 */
export async function startWebKit({ driver, browser, screen }: WebKitPrograms): Promise<WebKit> {
  const selenium = createRequire(join(root, 'test/complete/browsers/package.json'))(
    'selenium-webdriver',
  ) as Selenium;
  const { child: display, name } = await startScreen(screen);
  const drivers: ChildProcess[] = [];
  return {
    async profile() {
      const port = await freePort();
      const running = spawn(driver, [`--port=${port}`, '--host=127.0.0.1'], {
        stdio: 'ignore',
        env: {
          ...process.env,
          DISPLAY: name,
          LIBGL_ALWAYS_SOFTWARE: '1',
          // WebKit's sandbox needs user namespaces, which a container may lack. Only the service
          // under test is visited.
          WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
        },
      });
      drivers.push(running);
      await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/status`), { timeout: 15_000, interval: 50 });
      const session = await new selenium.Builder()
        .disableEnvironmentOverrides()
        .usingServer(`http://127.0.0.1:${port}`)
        .withCapabilities(
          new selenium.Capabilities({
            browserName: 'MiniBrowser',
            unhandledPromptBehavior: 'accept',
            'webkitgtk:browserOptions': { binary: browser, args: ['--automation'] },
          }),
        )
        .build();
      return tabOf(selenium, session, await session.getWindowHandle());
    },
    async close() {
      for (const running of drivers) await stop(running);
      await stop(display);
    },
  };
}

/** All tabs of a session share one driver, so each call first switches to its tab. */
function tabOf(selenium: Selenium, session: SeleniumDriver, handle: string): DrivenTab {
  const here = async () => {
    await session.switchTo().window(handle);
    return session;
  };
  return {
    goto: async (url) => (await here()).get(url),
    evaluate: async <Value>(body: string, ...args: readonly unknown[]) =>
      (await (await here()).executeScript(`const args = [...arguments]; ${body}`, ...args)) as Value,
    click: async (selector) => (await here()).findElement(selenium.By.css(selector)).click(),
    type: async (text) => (await here()).switchTo().activeElement().sendKeys(text),
    async press(key) {
      const named = { ArrowDown: 'ARROW_DOWN', Enter: 'ENTER', Tab: 'TAB', Backspace: 'BACK_SPACE' }[key];
      await (await here())
        .switchTo()
        .activeElement()
        .sendKeys(selenium.Key[named] ?? '');
    },
    back: async () => (await here()).navigate().back(),
    async newTab() {
      await (await here()).switchTo().newWindow('tab');
      return tabOf(selenium, session, await session.getWindowHandle());
    },
    leave: () => session.quit(),
  };
}

/** Xvfb chooses a free display number and reports it. */
async function startScreen(program: string): Promise<{ child: ChildProcess; name: string }> {
  const child = spawn(program, ['-displayfd', '3', '-screen', '0', '1280x1000x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const told = child.stdio[3];
  if (!told) throw new Error('the virtual screen has no pipe to tell its number');
  const [number] = (await once(told, 'data')) as [Buffer];
  return { child, name: `:${number.toString().trim()}` };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

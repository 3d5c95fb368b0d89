import { existsSync } from 'node:fs';
import { inPath, isProgram } from './programs.mjs';

/** Where Debian keeps WebKitGTK's own small browser, which its driver starts. */
const miniBrowsers = ['x86_64', 'aarch64'].map(
  (machine) => `/usr/lib/${machine}-linux-gnu/webkit2gtk-4.1/MiniBrowser`,
);

/** What a person is told when the journeys in one of these browsers are skipped. */
export const howToGetOthers = {
  firefox: 'The journeys in Firefox are skipped: "apt-get install firefox-esr" as root, or set FIREFOX_PATH.',
  webkit: 'The journeys in WebKitGTK are skipped: "apt-get install webkit2gtk-driver xvfb" as root.',
};

/** The path of Firefox: `FIREFOX_PATH`, else in PATH; undefined when there is none. */
export function findFirefox() {
  const named = process.env.FIREFOX_PATH;
  if (named) return isProgram(named) ? named : undefined;
  return inPath('firefox-esr') ?? inPath('firefox');
}

/**
 * WebKitGTK's driver, browser and the virtual screen it needs; undefined unless all three are
 * there.
 */
export function findWebKit() {
  const driver = inPath('WebKitWebDriver');
  const browser = miniBrowsers.find((path) => existsSync(path));
  const screen = inPath('Xvfb');
  return driver && browser && screen ? { driver, browser, screen } : undefined;
}

/** The packages of Debian that are missing for both. */
export function missingBrowsers() {
  return [...(findFirefox() ? [] : ['firefox-esr']), ...(findWebKit() ? [] : ['webkit2gtk-driver', 'xvfb'])];
}

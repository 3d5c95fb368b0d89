import { existsSync } from 'node:fs';
import { inPath, isProgram } from './programs.mjs';

/** Where Debian installs WebKitGTK's small browser, which its driver starts. */
const miniBrowsers = ['x86_64', 'aarch64'].map(
  (machine) => `/usr/lib/${machine}-linux-gnu/webkit2gtk-4.1/MiniBrowser`,
);

/** The messages for a person when the journeys in one of these browsers are skipped. */
export const howToGetOthers = {
  firefox: 'The journeys in Firefox are skipped: "apt-get install firefox-esr" as root, or set FIREFOX_PATH.',
  webkit: 'The journeys in WebKitGTK are skipped: "apt-get install webkit2gtk-driver xvfb" as root.',
};

/** The path of Firefox: `FIREFOX_PATH`, otherwise in PATH; undefined when there is none. */
export function findFirefox() {
  const named = process.env.FIREFOX_PATH;
  if (named) return isProgram(named) ? named : undefined;
  return inPath('firefox-esr') ?? inPath('firefox');
}

/**
 * WebKitGTK's driver, its browser and the virtual screen it needs; undefined unless all three
 * exist.
 */
export function findWebKit() {
  const driver = inPath('WebKitWebDriver');
  const browser = miniBrowsers.find((path) => existsSync(path));
  const screen = inPath('Xvfb');
  return driver && browser && screen ? { driver, browser, screen } : undefined;
}

/** The Debian packages that are missing for both. */
export function missingBrowsers() {
  return [...(findFirefox() ? [] : ['firefox-esr']), ...(findWebKit() ? [] : ['webkit2gtk-driver', 'xvfb'])];
}

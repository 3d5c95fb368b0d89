import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

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

/** WebKitGTK's driver, browser and the virtual screen it needs; undefined unless all three are there. */
export function findWebKit() {
  const driver = inPath('WebKitWebDriver');
  const browser = miniBrowsers.find((path) => existsSync(path));
  const screen = inPath('Xvfb');
  return driver && browser && screen ? { driver, browser, screen } : undefined;
}

/** Installs what is missing, where this process may: as root where apt-get is. */
export function installOtherBrowsers() {
  const missing = [
    ...(findFirefox() ? [] : ['firefox-esr']),
    ...(findWebKit() ? [] : ['webkit2gtk-driver', 'xvfb']),
  ];
  if (missing.length === 0 || process.getuid?.() !== 0 || !inPath('apt-get')) return;
  console.log(`Installing ${missing.join(', ')} with apt-get`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const parameters of [['update'], ['install', '-y', '--no-install-recommends', ...missing]]) {
    spawnSync('apt-get', ['-qq', ...parameters], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: environment,
    });
  }
}

function inPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isProgram);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

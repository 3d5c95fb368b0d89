import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const shells = ['chromium-headless-shell', 'chrome-headless-shell'];
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

const usualPlaces = [
  '/usr/bin',
  '/usr/local/bin',
  '/usr/lib/chromium',
  '/opt/google/chrome',
  '/snap/bin',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The message for a person when no browser can be found or installed. */
export const howToGetChromium =
  'Chromium is needed for the browser tests: "apt-get install chromium" as root, or "npx playwright-core install chromium", or set CHROMIUM_PATH.';

/**
 * The path of a Chromium that answers --version. Tries `CHROMIUM_PATH`, PATH, the usual places, and
 * Playwright's cache.
 */
export function findChromium() {
  const named = process.env.CHROMIUM_PATH;
  if (named) return works(named) ? named : undefined;
  return candidates().find(works);
}

/**
 * The path of Chromium's headless shell, if it is installed and `CHROMIUM_PATH` is not set. Making
 * a fresh profile takes it an eighth of the time. It has no permissions, so a test that needs one
 * must use the full browser.
 */
export function findHeadlessShell() {
  if (process.env.CHROMIUM_PATH) return findChromium();
  const found = inFolders(shells).concat(playwrightShells()).find(works);
  return found ?? findChromium();
}

/**
 * Installs Chromium if this process is root and apt-get exists, and reports what it does. Ubuntu's
 * package only points to a snap, which a container cannot run, so Playwright's build is tried next.
 */
export function installChromium() {
  if (process.getuid?.() !== 0 || !inPath('apt-get')) return undefined;
  console.log('No Chromium was found: installing it with apt-get');
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = (command, parameters) =>
    spawnSync(command, parameters, { stdio: ['ignore', 'inherit', 'inherit'], env: environment }).status ===
    0;
  const install = (...packages) => run('apt-get', ['install', '-y', '--no-install-recommends', ...packages]);
  if (run('apt-get', ['update']) && install('chromium', 'fonts-dejavu-core')) {
    const found = findChromium();
    if (found) {
      install('chromium-headless-shell');
      return found;
    }
  }
  console.log("apt-get gave no working Chromium: installing Playwright's build");
  run('npx', ['playwright-core', 'install', '--with-deps', 'chromium']);
  return findChromium();
}

function candidates() {
  return [...inFolders(names), ...usualPlaces, ...playwrightBrowsers()];
}

function inFolders(wanted) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...usualPlaces].filter(
    (folder) => folder !== '',
  );
  return folders.flatMap((folder) => wanted.map((name) => join(folder, name)));
}

function playwrightBrowsers() {
  return playwrightBuilds(/chromium-[0-9]+$/).flatMap((build) => [
    join(build, 'chrome-linux', 'chrome'),
    join(build, 'chrome-linux64', 'chrome'),
    join(build, 'chrome-mac', 'Chromium.app', 'Contents', 'MacOS', 'Chromium'),
  ]);
}

function playwrightShells() {
  return playwrightBuilds(/chromium_headless_shell-[0-9]+$/).flatMap((build) =>
    readdirSync(build).map((folder) => join(build, folder, 'chrome-headless-shell')),
  );
}

/** Playwright's builds, the newest first. */
function playwrightBuilds(name) {
  const caches = [
    process.env.PLAYWRIGHT_BROWSERS_PATH,
    join(homedir(), '.cache', 'ms-playwright'),
    join(homedir(), 'Library', 'Caches', 'ms-playwright'),
  ];
  return caches
    .filter((cache) => cache !== undefined && existsSync(cache))
    .flatMap((cache) => readdirSync(cache).map((build) => join(cache, build)))
    .filter((build) => name.test(build))
    .sort()
    .reverse();
}

function works(path) {
  return isProgram(path) && spawnSync(path, ['--version'], { stdio: 'ignore', timeout: 20_000 }).status === 0;
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function inPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => isProgram(join(folder, name)));
}

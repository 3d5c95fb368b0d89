#!/usr/bin/env node
// Runs all tests of the project: `npm test`. `npm test -- PATTERN` runs only the matching test
// files. `npm test -- --all` is the complete form. It adds test/complete, whose tools and programs
// a newcomer need not install. Each static check counts as one test. The last line is `N passed, N
// failed, N skipped`.
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium, findHeadlessShell, howToGetChromium, installChromium } from './chromium.mjs';
import { findFirefox, findWebKit, howToGetOthers, missingBrowsers } from './other-browsers.mjs';
import { inPath, installPackages } from './programs.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const complete = process.argv.includes('--all');
const patterns = process.argv.slice(2).filter((parameter) => parameter !== '--all');
const total = { passed: 0, failed: 0, skipped: 0 };

if (patterns.length === 0) for (const check of staticChecks()) await count(check);
await prepareBrowser();
if (complete) await prepareComplete();
await build();
await runTests();
finish();

/**
 * The checks that read the sources without running them. The checks of imports and texts are tests
 * in test/checks.
 */
function staticChecks() {
  const packages = readdirSync(join(root, 'packages')).map((name) => join('packages', name));
  const typed = ['.', join('src', 'client'), ...packages].filter((folder) =>
    existsSync(join(root, folder, 'tsconfig.json')),
  );
  return [
    ...typed.map((folder) => ({ name: `types of ${folder}`, program: 'tsc', parameters: ['-p', folder] })),
    { name: 'lint', program: 'biome', parameters: ['ci', '--colors=off'] },
    { name: 'dead code', program: 'knip', parameters: ['--no-progress'] },
    // Code that only tests use is also dead, unless it is tagged @internal.
    { name: 'dead code of production', program: 'knip', parameters: ['--production', '--no-progress'] },
  ];
}

async function count(check) {
  const code = await run(check.name, join(root, 'node_modules', '.bin', check.program), check.parameters);
  if (code === 0) total.passed += 1;
  else total.failed += 1;
}

async function prepareBrowser() {
  const found = findChromium() ?? installChromium();
  if (!found) {
    console.error(howToGetChromium);
    total.failed += 1;
  } else if (findHeadlessShell() === found) {
    console.log('The browser tests would take less time with "apt-get install chromium-headless-shell".');
  }
}

/**
 * Prepares what only the complete form needs: the tools in each folder of test/complete that has
 * its own lock file.
 */
async function prepareComplete() {
  // age opens a backup in test/cli/backup.test.ts.
  installPackages([...missingBrowsers(), ...(inPath('age') ? [] : ['age'])]);
  if (!findFirefox()) console.log(howToGetOthers.firefox);
  if (!findWebKit()) console.log(howToGetOthers.webkit);
  const tools = join(root, 'test', 'complete');
  const folders = readdirSync(tools).filter((name) => existsSync(join(tools, name, 'package-lock.json')));
  for (const name of folders) {
    const lock = join(tools, name, 'package-lock.json');
    const installed = join(tools, name, 'node_modules', '.installed-lock.json');
    if (existsSync(installed) && readFileSync(installed).equals(readFileSync(lock))) continue;
    const parameters = ['ci', '--prefix', join(tools, name), '--ignore-scripts', '--loglevel=error'];
    const code = await run(`tools of test/complete/${name}`, 'npm', parameters);
    if (code === 0) copyFileSync(lock, installed);
    else total.failed += 1;
  }
}

async function build() {
  const script = join(root, 'scripts', 'build.mjs');
  if (!existsSync(script)) return;
  const code = await run('build', process.execPath, [script]);
  if (code !== 0) total.failed += 1;
  else if (patterns.length === 0) total.passed += 1;
}

async function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'kabinet-tests-'));
  const report = join(folder, 'report.json');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await run('tests', process.execPath, [vitest, 'run', ...reporters, ...patterns]);
  const before = total.failed;
  if (existsSync(report)) add(JSON.parse(readFileSync(report, 'utf8')));
  rmSync(folder, { recursive: true, force: true });
  // After a crash, an error outside all tests, or a run without tests, no failed test was counted.
  if (code !== 0 && total.failed === before) total.failed += 1;
}

function add(report) {
  total.passed += report.numPassedTests;
  total.failed += report.numFailedTests;
  total.skipped += report.numPendingTests + report.numTodoTests;
  for (const file of report.testResults) {
    const brokenBeforeItsTests =
      file.status === 'failed' && !file.assertionResults.some((one) => one.status === 'failed');
    if (brokenBeforeItsTests) total.failed += 1;
  }
}

/** Runs one step in the checkout and shows its output. Returns the exit code. */
function run(name, command, parameters) {
  console.log(`\n== ${name}: ${[command, ...parameters].map(short).join(' ')}`);
  const begun = Date.now();
  return new Promise((resolve) => {
    const child = spawn(command, parameters, {
      cwd: root,
      // Read by vitest.config.ts.
      env: { ...process.env, ...(complete ? { TEST_COMPLETE: '1' } : {}) },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.on('exit', (code, signal) => {
      const seconds = ((Date.now() - begun) / 1000).toFixed(1);
      console.log(`== ${name}: ${code === 0 ? 'passed' : `FAILED (${signal ?? code})`} in ${seconds} s`);
      resolve(code ?? 1);
    });
  });
}

function short(part) {
  return part.startsWith(root) ? part.slice(root.length + 1) : part === process.execPath ? 'node' : part;
}

function finish() {
  const ran = total.passed + total.failed > 0;
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exitCode = ran && total.failed === 0 ? 0 : 1;
}

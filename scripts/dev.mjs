// `npm run dev`: builds whenever a source changes; Node starts the service again whenever the build
// has written.
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildService } from './build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
let timer;
let building = Promise.resolve();

/** esbuild says what is wrong with a source; the service goes on as it was. */
function build() {
  building = building.then(() => buildService().catch(() => undefined));
  return building;
}

await build();
for (const folder of ['src', 'scripts']) {
  watch(join(root, folder), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(build, 100);
  });
}
const service = spawn(
  process.execPath,
  ['--enable-source-maps', '--watch', '--watch-preserve-output', 'dist/main.js'],
  { cwd: root, stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => service.kill(signal));
service.once('exit', (code) => process.exit(code ?? 0));

// `npm run dev`: builds whenever a source changes. Node restarts the service after each build.
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildService } from './build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
let timer;
let building = Promise.resolve();

/** esbuild reports an error in a source. The service keeps running as it was. */
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

// `npm run dev`: builds, starts the service, and does both again whenever a source changes.
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildService } from './build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
let service;
let timer;
let turn = Promise.resolve();

function again() {
  turn = turn.then(async () => {
    try {
      await buildService();
    } catch {
      return; // esbuild has said what is wrong; the service goes on as it was
    }
    if (service?.exitCode === null) {
      const ended = new Promise((resolve) => service.once('exit', resolve));
      service.kill('SIGTERM');
      await ended;
    }
    service = spawn(process.execPath, ['--enable-source-maps', join(root, 'dist/main.js')], {
      cwd: root,
      stdio: 'inherit',
    });
  });
}

for (const folder of ['src', 'scripts']) {
  watch(join(root, folder), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(again, 100);
  });
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    service?.once('exit', () => process.exit());
    if (service?.exitCode === null) service.kill(signal);
    else process.exit();
  });
}
again();

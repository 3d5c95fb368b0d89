#!/usr/bin/env node
// Does with deploy/kabinet.service what systemd does, as far as the runbook needs it: starts its
// command with its settings and credentials, stops it, and has it reload. test/support/runbook.ts
// puts it into the folder `bin` of a machine, beside the folders `etc` and `opt`.

import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseEnv } from 'node:util';

const machine = dirname(dirname(process.argv[1]));
const pidFile = join(machine, 'service.pid');
const there = (path) => path.replaceAll(/(?<![\w.])\/(?=(?:opt|etc|var\/lib)\/kabinet)/g, `${machine}/`);
const pid = () => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : undefined);

const [verb, ...rest] = process.argv.slice(2);
if (verb === 'stop' || verb === 'restart') await stop();
if (verb === 'start' || verb === 'restart' || verb === 'enable') start();
if (verb === 'reload') process.kill(pid(), 'SIGHUP');
if (verb === 'kill') process.kill(pid(), rest.find((one) => one.startsWith('--signal=')).slice(9));
if (!['daemon-reload', 'enable', 'start', 'stop', 'restart', 'reload', 'kill'].includes(verb))
  process.exit(1);

function start() {
  const unit = there(readFileSync(join(machine, 'etc/systemd/system/kabinet.service'), 'utf8'));
  const all = (name) => [...unit.matchAll(new RegExp(`^${name}=(.+)$`, 'gm'))].map(([, value]) => value);
  const [program, ...parameters] = all('ExecStart')[0].split(' ');
  if (program !== '/usr/bin/node') throw new Error(`${program} is not there`);
  const credentials = Object.fromEntries(all('LoadCredential').map((one) => one.split(/:(.*)/)));
  const given = all('Environment')
    .join(' ')
    .replaceAll(/%d\/([\w-]+)/g, (_, name) => credentials[name]);
  const log = openSync(join(machine, 'service.log'), 'a');
  const child = spawn(process.execPath, parameters, {
    cwd: all('WorkingDirectory')[0],
    detached: true,
    stdio: ['ignore', log, log],
    env: {
      PATH: process.env.PATH,
      ...parseEnv(readFileSync(all('EnvironmentFile')[0], 'utf8')),
      ...parseEnv(given.replaceAll(' ', '\n')),
      // So that no port of this machine is in use.
      PORT: process.env.PORT,
      METRICS_PORT: process.env.METRICS_PORT,
    },
  });
  writeFileSync(pidFile, String(child.pid));
  child.unref();
}

async function stop() {
  const running = pid();
  if (running === undefined) return;
  if (isAlive(running)) process.kill(running, 'SIGTERM');
  while (isAlive(running)) await pause(20);
  rmSync(pidFile);
}

function isAlive(one) {
  try {
    process.kill(one, 0);
    return true;
  } catch {
    return false;
  }
}

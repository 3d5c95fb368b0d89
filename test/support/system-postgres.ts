import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Binaries } from 'local-postgres';

/** The oldest PostgreSQL that the service supports. */
const OLDEST = 15;

/**
 * The oldest supported PostgreSQL on this machine, because it differs most from the embedded one.
 */
export function systemPostgres(): Binaries | undefined {
  const found = folders().flatMap((bin) => {
    const version = versionIn(bin);
    return version !== undefined && Number.parseInt(version, 10) >= OLDEST ? [{ bin, version }] : [];
  });
  return found.sort((a, b) => Number.parseFloat(a.version) - Number.parseFloat(b.version))[0];
}

function folders(): readonly string[] {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const debian = '/usr/lib/postgresql';
  return [
    ...path,
    ...(existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : []),
  ];
}

function versionIn(bin: string): string | undefined {
  try {
    accessSync(join(bin, 'initdb'), constants.X_OK);
    const told = execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8', stdio: 'pipe' });
    return /\d+\.\d+/.exec(told)?.[0];
  } catch {
    return undefined;
  }
}

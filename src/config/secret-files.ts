import { readFileSync } from 'node:fs';
import { type Environment, type Setting, settings } from './settings.ts';

/** The largest secret file that is read, in bytes. A wrong path may lead to a large file. */
const mostBytes = 64 * 1024;

/** An environment whose secrets have been read from their files. */
export interface ResolvedEnvironment {
  readonly environment: Environment;
  /** The names of the secrets that were read from a file. */
  readonly fromFile: ReadonlySet<string>;
  /** What is wrong, without any part of a secret. */
  readonly faults: readonly string[];
}

/**
 * Reads each secret whose `NAME_FILE` is set, so that it need not be in the environment. Works with
 * systemd's `LoadCredential=` and with secrets of Docker and Kubernetes. One line break at the end
 * is ignored.
 */
export function readSecretFiles(environment: Environment): ResolvedEnvironment {
  const resolved: Record<string, string | undefined> = { ...environment };
  const fromFile = new Set<string>();
  const faults: string[] = [];
  for (const [name, setting] of Object.entries<Setting>(settings)) {
    const path = environment[`${name}_FILE`];
    if (!setting.secret || !path) continue;
    if (environment[name]) {
      faults.push(`${name}: set either ${name} or ${name}_FILE, not both`);
      continue;
    }
    const secret = readSecret(path);
    if (secret.ok) {
      resolved[name] = secret.text;
      fromFile.add(name);
    } else faults.push(`${name}_FILE: ${secret.fault} (it is "${path}")`);
  }
  return { environment: resolved, fromFile, faults };
}

function readSecret(path: string): { ok: true; text: string } | { ok: false; fault: string } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return { ok: false, fault: `cannot be read: ${(error as NodeJS.ErrnoException).code}` };
  }
  if (text.length > mostBytes) return { ok: false, fault: `has more than ${mostBytes} bytes` };
  const secret = text.replace(/\r?\n$/, '');
  return secret === '' ? { ok: false, fault: 'is empty' } : { ok: true, text: secret };
}

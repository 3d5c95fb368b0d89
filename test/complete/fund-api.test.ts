import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { root } from '../../src/root.ts';

const folder = join(root, 'test/complete/fund-api');
const description = join(root, 'docs/fund-api.yaml');

/** What a tool of the folder prints; rejects when it ends with another code than 0. */
async function output(tool: string, parameters: readonly string[]): Promise<string> {
  const program = join(folder, 'node_modules/.bin', tool);
  const { stdout } = await promisify(execFile)(program, parameters, {
    env: { ...process.env, REDOCLY_TELEMETRY: 'off' },
  });
  return stdout;
}

test('Redocly finds no error in docs/fund-api.yaml', async () => {
  const report = JSON.parse(await output('redocly', ['lint', description, '--format=json']));
  expect(report.totals.errors).toBe(0);
});

test('Spectral finds no error in docs/fund-api.yaml', async () => {
  const ruleset = join(folder, 'spectral.yaml');
  const found = JSON.parse(await output('spectral', ['lint', description, '-r', ruleset, '-f', 'json']));
  expect(found.filter(({ severity }: { severity: number }) => severity === 0)).toEqual([]);
});

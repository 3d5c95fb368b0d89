import { expect, test } from 'vitest';
import { readArguments } from './arguments.ts';

test('without options there is one process; --workers sets the number', () => {
  expect(readArguments([])).toEqual({ kind: 'run', workers: undefined });
  expect(readArguments(['--workers', '3'])).toEqual({ kind: 'run', workers: 3 });
  expect(readArguments(['--workers=64'])).toEqual({ kind: 'run', workers: 64 });
  expect(readArguments(['--help'])).toEqual({ kind: 'help' });
});

test.each([
  ['--workers', '0'],
  ['--workers', '65'],
  ['--workers', '2.5'],
  ['--workers'],
  ['--wrokers', '2'],
  ['3'],
])('%s %s is refused', (...given) => {
  const asked = readArguments(given);
  expect(asked.kind === 'wrong' && asked.message).toContain(given[0]);
});

import { describe, expect, test } from 'vitest';
import { root } from '../../src/platform/root.ts';
import { readSources } from './imports.ts';
import { checkNames, declarationsOf } from './names.ts';

test('no file or function is too long, no name uses a retired word, and no name is used twice', () => {
  expect(checkNames(readSources(root))).toEqual([]);
});

const lines = (count: number) => Array.from({ length: count }, (_, at) => `  f(${at});`).join('\n');

describe('a planted fault is found:', () => {
  test.each<[fault: string, file: string, text: string]>([
    ['a long file', 'src/features/x/rules.ts', '\n'.repeat(351)],
    ['a long function', 'src/features/x/rules.ts', `export function save() {\n${lines(79)}\n}`],
    ['a long arrow', 'src/features/x/rules.ts', `const save = () => {\n${lines(79)}\n};`],
    ['a long method', 'src/features/x/rules.ts', `class A {\n save() {\n${lines(79)}\n}\n}`],
    ['a long property', 'src/features/x/rules.ts', `const a = {\n save() {\n${lines(79)}\n},\n};`],
    ['a long handler', 'src/features/x/routes.tsx', `server.get('/', async () => {\n${lines(79)}\n});`],
    ['a retired word', 'src/features/x/rules.ts', 'export interface Parcel {}'],
    ['a retired word within a name', 'src/features/x/rules.ts', 'const fundLane = 1;'],
    ['a retired verb', 'src/features/x/rules.ts', 'function makeKeys() {}'],
    ['a retired suffix', 'src/features/x/rules.ts', 'export interface SignInParts {}'],
    ['a retired word of a class', 'src/features/x/rules.ts', 'class Band {}'],
  ])('%s', (_fault, file, text) => {
    expect(checkNames(new Map([[file, text]]))).toMatchObject([{ file }]);
  });

  test('two exports with the same name', () => {
    const sources = new Map([
      ['src/features/x/rules.ts', 'export interface Address {}'],
      ['src/features/y/rules.ts', 'export type Address = string;'],
    ]);
    expect(checkNames(sources)).toMatchObject([{ file: 'src/features/y/rules.ts', line: 1 }]);
  });
});

test('files and functions within the limits pass', () => {
  const text = `export function save() {\n${lines(78)}\n}\nconst planet = 1;\nconst bandage = 2;`;
  expect(checkNames(new Map([['src/features/x/rules.ts', text]]))).toEqual([]);
  expect(checkNames(new Map([['src/texts/kk.ts', '\n'.repeat(900)]]))).toEqual([]);
});

test('a tree without sources is refused', () => {
  expect(() => checkNames(new Map())).toThrow('no sources');
});

test('every function is measured, wherever it is written', () => {
  expect(declarationsOf('x.ts', '\nfunction one() {\n  return 1;\n}').functions).toEqual([
    { name: 'one', line: 2, lines: 3 },
  ]);
});

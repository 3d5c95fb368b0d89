import { describe, expect, test } from 'vitest';
import { root } from '../../src/platform/root.ts';
import {
  checkDocuments,
  checkGuides,
  checkReferences,
  type Documents,
  isThere,
  readDocuments,
} from './docs.ts';
import { readSources } from './imports.ts';

test('every decision record has its form and its row, and every path in the documents exists', () => {
  expect(checkDocuments(readDocuments(root), isThere(root))).toEqual([]);
});

test('every record that a source names exists', () => {
  expect(checkReferences(readSources(root), readDocuments(root))).toEqual([]);
});

test('every name and every test that the guides name exists, and every feature is drawn', () => {
  expect(checkGuides(readDocuments(root), readSources(root, ['src', 'packages', 'test']))).toEqual([]);
});

const record = (number: string) => `# ${number} · Which shape?

**Date** 2026-11-23 · **Status** accepted

## Context

One.

## Options

Two.

## Decision

It is in \`src/app.ts\`.

## Consequences

Four.
`;
const row = (number: string) => `| [${number}](${number}-shape.md) | Which shape? | 2026-11-23 | accepted |`;
const file = (number: string) => `docs/decisions/${number}-shape.md`;
const rows = `${row('001')}\n${row('002')}`;

/** Two records and their index, with the first occurrence of one text replaced. */
function planted(from: string, to: string): Documents {
  const texts: readonly [string, string][] = [
    [file('001'), record('001')],
    [file('002'), record('002')],
    ['docs/decisions/README.md', `# Decisions\n\n${rows}\n`],
  ];
  const at = texts.findIndex(([, text]) => text.includes(from));
  return new Map(texts.map(([name, text], each) => [name, each === at ? text.replace(from, to) : text]));
}

const there = new Set(['src/app.ts', file('001'), file('002')]);
const check = (documents: Documents) => checkDocuments(documents, (path) => there.has(path));

test('a good record passes', () => {
  expect(check(planted('', ''))).toEqual([]);
});

describe('a planted fault is found:', () => {
  test.each<[fault: string, from: string, to: string, why: string]>([
    ['a title that asks nothing', '# 001 · Which shape?', '# 001 · The shape', 'the title is a question'],
    ['another number', '# 001', '# 003', 'begins with "# 001'],
    ['no date', '**Date** 2026-11-23 · ', '', 'gives date and status'],
    ['no status', 'accepted\n', '\n', 'gives date and status'],
    ['no section', '## Options\n\nTwo.\n\n', '', 'has the sections'],
    ['sections in another order', '## Options', '## Decision', 'has the sections'],
    ['an empty section', 'Two.\n\n', '', 'is empty'],
    ['a long line', 'One.', 'word '.repeat(21), 'is longer'],
    ['no row', row('001'), '', 'lacks the row'],
    ['a row of another title', '| Which shape? |', '| Which form? |', 'lacks the row'],
    ['a row of another status', '| accepted |', '| superseded by 002 |', 'lacks the row'],
    ['a row twice', row('001'), `${row('001')}\n${row('001')}`, 'is the row of no record'],
    ['a row of no record', rows, `${rows}\n${row('003')}`, 'is the row of no record'],
    ['rows out of order', rows, `${row('002')}\n${row('001')}`, 'stands out of order'],
    ['a path that is not there', 'src/app.ts', 'src/gone.ts', 'names src/gone.ts'],
    ['a link that leads nowhere', 'One.', 'See [two](003-two.md).', 'names docs/decisions/003-two.md'],
  ])('%s', (_fault, from, to, why) => {
    expect(check(planted(from, to)).map((fault) => fault.why)).toContainEqual(expect.stringContaining(why));
  });
});

test('commands, patterns and addresses do not count as paths', () => {
  const text =
    'Run `npm test`, see `test/**/*.ts`, `migrations/NNN-title.sql` and [it](https://example.org/a).';
  expect(check(planted('One.', `${text.slice(0, 60)}\n${text.slice(60)}`))).toEqual([]);
});

test('a tree without records is refused', () => {
  expect(() => check(new Map())).toThrow('no decision records');
});

test('a source that names a missing record is found', () => {
  const named = (text: string) =>
    checkReferences(new Map([['src/x.ts', text]]), new Map([[file('001'), record('001')]]));
  expect(named('// docs/decisions/001-shape.md and docs/decisions/001')).toEqual([]);
  expect(named('\n// (docs/decisions/002)')).toMatchObject([{ file: 'src/x.ts', line: 2 }]);
  expect(named('// docs/decisions/001-form.md')).toMatchObject([{ file: 'src/x.ts', line: 1 }]);
});

test('what a guide names and no source has is found', () => {
  const sources = new Map([
    ['src/features/eds/store.ts', 'export const returnTargets = 1;'],
    ['test/checks/texts.test.ts', ''],
  ]);
  const found = (text: string, drawn = ' eds ') =>
    checkGuides(
      new Map([
        ['CONTRIBUTING.md', text],
        ['docs/architecture.md', `\`\`\`\n│ features/ │\n│ ${drawn} │\n\`\`\`\n`],
      ]),
      sources,
    ).map(({ file, line, why }) => `${file}:${line} ${why}`);
  expect(found('`returnTargets`, `showX`, `npm test -- checks/texts`, `npm test -- --all`')).toEqual([]);
  expect(found('\n`backTargets`')).toEqual(['CONTRIBUTING.md:2 names backTargets, which no source has']);
  expect(found('`npm test -- texts pages`')).toEqual([
    'CONTRIBUTING.md:1 runs the tests of pages, and there are none',
  ]);
  expect(found('', 'eds-more')).toEqual(['docs/architecture.md:1 does not draw eds']);
});

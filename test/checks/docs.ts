import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Sources, Violation } from './imports.ts';

/** Texts of the documentation by path from the root, e.g. `docs/decisions/006-the-safe-save.md`. */
export type Documents = ReadonlyMap<string, string>;

const folder = 'docs/decisions/';
const index = `${folder}README.md`;
const sections = ['## Context', '## Options', '## Decision', '## Consequences'];
const longestLine = 100;

/** Folders of the repository whose files the documentation may name. */
const namedPath = /^(?:src|test|packages|scripts|docs|migrations|data|deploy|bench)\/[\w./-]+$/;

/**
 * Finds what makes a decision record hard to read or find: a wrong form, a missing row in the
 * index, and paths in any document that lead nowhere.
 * @param exists tells whether a path from the root exists
 */
export function checkDocuments(documents: Documents, exists: (path: string) => boolean): Violation[] {
  const records = [...documents].filter(([file]) => /^docs\/decisions\/\d{3}-[a-z0-9-]+\.md$/.test(file));
  if (records.length === 0) throw new Error('no decision records were found to check');
  const rows = records.map(([file, text]) => rowOf(file, text)).filter((row) => row !== undefined);
  return [
    ...records.flatMap(([file, text]) => checkRecord(file, text)),
    ...checkIndex(rows, documents.get(index) ?? ''),
    ...[...documents].flatMap(([file, text]) => checkPaths(file, text, exists)),
  ];
}

function checkRecord(file: string, text: string): Violation[] {
  const lines = text.split('\n');
  const found: Violation[] = [];
  const fault = (line: number, why: string) => found.push({ file, line, why });
  const number = file.slice(folder.length, folder.length + 3);
  if (!new RegExp(`^# ${number} · \\S.*\\?$`).test(lines[0] ?? ''))
    fault(1, `begins with "# ${number} · ", and the title is a question`);
  if (
    !/^\*\*Date\*\* \d{4}-\d{2}-\d{2} · \*\*Status\*\* (?:accepted|superseded by \d{3})/.test(lines[2] ?? '')
  )
    fault(3, 'the third line gives date and status');
  const headings = lines.filter((line) => line.startsWith('## '));
  if (headings.join() !== sections.join()) fault(1, `has the sections ${sections.join(', ')}, in this order`);
  for (const [at, line] of lines.entries()) {
    if (line.length > longestLine && !line.startsWith('|'))
      fault(at + 1, `is longer than ${longestLine} columns`);
    const next = lines.slice(at + 1).find((other) => other !== '');
    if (line.startsWith('## ') && (next === undefined || next.startsWith('## '))) fault(at + 1, 'is empty');
  }
  return found;
}

/**
 * The row of a record in the index. Undefined when its head cannot be read, which is reported
 * separately.
 */
function rowOf(file: string, text: string): string | undefined {
  const head = /^# (\d{3}) · (.+)\n\n\*\*Date\*\* (\S+) · \*\*Status\*\* (.+)$/m.exec(text);
  if (!head) return undefined;
  const [, number, title, date, status] = head;
  return `| [${number}](${file.slice(folder.length)}) | ${title} | ${date} | ${status} |`;
}

function checkIndex(rows: readonly string[], text: string): Violation[] {
  const lines = text.split('\n');
  const listed = lines.filter((line) => line.startsWith('| ['));
  const wanted = [...rows].sort();
  return [
    ...wanted
      .filter((row) => !listed.includes(row))
      .map((row) => ({ file: index, line: 1, why: `lacks the row ${row}` })),
    ...listed
      .filter((row, at) => !wanted.includes(row) || listed.indexOf(row) !== at)
      .map((row) => ({ file: index, line: lines.indexOf(row) + 1, why: 'is the row of no record' })),
    ...listed
      .filter((row, at) => at > 0 && row < (listed[at - 1] ?? ''))
      .map((row) => ({ file: index, line: lines.indexOf(row) + 1, why: 'stands out of order' })),
  ];
}

/** Finds paths in backticks and targets of links that do not exist. */
function checkPaths(file: string, text: string, exists: (path: string) => boolean): Violation[] {
  return text.split('\n').flatMap((line, at) => {
    const named = [...line.matchAll(/`([^`]+)`/g)]
      .map(([, path = '']) => path)
      .filter((path) => namedPath.test(path) && !path.includes('NNN'));
    const linked = [...line.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, path = '']) =>
      posix.join(posix.dirname(file), path),
    );
    return [...named, ...linked]
      .filter((path) => !exists(path))
      .map((path) => ({ file, line: at + 1, why: `names ${path}, which is not there` }));
  });
}

/** The documents that a newcomer follows step by step. */
const guides = ['README.md', 'CONTRIBUTING.md', 'docs/architecture.md'];

/**
 * Finds names of code in the guides that no source has, patterns of `npm test -- …` that match no
 * test file, and features that the drawing of the architecture lacks.
 */
export function checkGuides(documents: Documents, sources: Sources): Violation[] {
  const files = [...sources.keys()];
  const tests = files.filter((file) => /\.test\.tsx?$/.test(file));
  const names = new Set([...sources.values()].flatMap((text) => text.match(/\w+/g) ?? []));
  const found = guides.flatMap((file) =>
    (documents.get(file) ?? '').split('\n').flatMap((line, at) => {
      const fault = (why: string): Violation => ({ file, line: at + 1, why });
      return [
        ...codeNamesIn(line)
          .filter((name) => !names.has(name))
          .map((name) => fault(`names ${name}, which no source has`)),
        ...testPatternsIn(line)
          .filter((pattern) => !tests.some((test) => test.includes(pattern)))
          .map((pattern) => fault(`runs the tests of ${pattern}, and there are none`)),
      ];
    }),
  );
  const drawing =
    /```\n([^`]*features\/[^`]*)```/.exec(documents.get('docs/architecture.md') ?? '')?.[1] ?? '';
  const features = new Set(files.flatMap((file) => /^src\/features\/([^/]+)\//.exec(file)?.[1] ?? []));
  return [
    ...found,
    ...[...features]
      .filter((feature) => !drawing.split(/[\s·│]+/).includes(feature))
      .map((feature) => ({ file: 'docs/architecture.md', line: 1, why: `does not draw ${feature}` })),
  ];
}

/** Names like `returnTargets`, but not patterns of names like `showX`. */
function codeNamesIn(line: string): string[] {
  return [...line.matchAll(/`(?:\w+\.)?([A-Za-z]+[a-z][A-Z][A-Za-z]+)`/g)].map(([, name = '']) => name);
}

function testPatternsIn(line: string): string[] {
  const [, given = ''] = /npm test -- ((?:[\w/-]+ ?)+)/.exec(line) ?? [];
  return given.split(' ').filter((pattern) => pattern !== '' && !pattern.startsWith('-'));
}

/**
 * Finds records that a source names, by number (`docs/decisions/145`) or by file, and that do not
 * exist.
 */
export function checkReferences(sources: Sources, documents: Documents): Violation[] {
  const records = [...documents.keys()].filter((file) => file.startsWith(folder));
  return [...sources].flatMap(([file, text]) =>
    text.split('\n').flatMap((line, at) =>
      [...line.matchAll(/docs\/decisions\/\d{3}(?:-[\w-]+\.md)?/g)]
        .map(([named]) => named)
        .filter((named) => !records.some((record) => record === named || record.startsWith(`${named}-`)))
        .map((named) => ({ file, line: at + 1, why: `names ${named}, which is not there` })),
    ),
  );
}

/** Reads the Markdown files in `docs` of a checkout, and those that lead to them. */
export function readDocuments(root: string): Documents {
  const files = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => posix.join('docs', file.replaceAll('\\', '/')));
  const entrances = ['README.md', 'CONTRIBUTING.md', 'data/README.md'];
  return new Map([...entrances, ...files].map((file) => [file, readFileSync(join(root, file), 'utf8')]));
}

/** Tells whether a path from the root exists. */
export function isThere(root: string): (path: string) => boolean {
  return (path) => existsSync(join(root, path));
}

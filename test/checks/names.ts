import { parseSync, Visitor } from 'oxc-parser';
import type { Sources, Violation } from './imports.ts';

/** The greatest length of a file in `src` and of a function, in lines. */
const longestFile = 350;
const longestFunction = 80;

/**
 * Tables of texts and of settings are looked up, not read from top to bottom, so they may be
 * longer.
 */
const tables = /^src\/(texts\/(kk|ru|en)|config\/settings)\.ts$/;

/**
 * Words that the code used before, each with the field's standard word (docs/glossary.md). They are
 * searched for as whole words in the names that a file declares: `fundLane` contains one, `planet`
 * does not. Columns and cookies keep their names.
 */
const retired: readonly { readonly word: string; readonly instead: string }[] = [
  { word: 'parcel', instead: 'outbox message' },
  { word: 'lane', instead: 'queue' },
  { word: 'bury', instead: 'dead letter' },
  { word: 'carrier', instead: 'dispatcher' },
  { word: 'allowance', instead: 'quota' },
  { word: 'turns', instead: 'semaphore' },
  { word: 'entry tables', instead: 'account request' },
  { word: 'examiner', instead: 'account-request worker' },
  { word: 'examine', instead: 'process' },
  { word: 'visit', instead: 'request context' },
  { word: 'band', instead: 'banner' },
  { word: 'tell', instead: 'notify' },
  { word: 'told', instead: 'notified' },
  { word: 'make', instead: 'create' },
];

/** The former suffix for the dependencies of a function. Other names may contain "parts". */
const suffix = { of: /[a-z]Parts$/, but: /^(Sms|Address)Parts$/, instead: 'deps' } as const;

/** What a file declares: its functions with their lengths, and its names. */
interface Declared {
  readonly names: readonly { readonly name: string; readonly line: number; readonly exported: boolean }[];
  readonly functions: readonly { readonly name: string; readonly line: number; readonly lines: number }[];
}

/**
 * Finds what is too long, what has a retired name, and what shares its name with something else.
 */
export function checkNames(sources: Sources): Violation[] {
  const own = [...sources].filter(([file]) => file.startsWith('src/') && !/\.test\.tsx?$/.test(file));
  if (own.length === 0) throw new Error('no sources were found to check');
  const declared = new Map(own.map(([file, text]) => [file, declarationsOf(file, text)]));
  return [
    ...own.flatMap(([file, text]) => tooLong(file, text)),
    ...[...declared].flatMap(([file, { functions }]) =>
      functions
        .filter(({ lines }) => lines > longestFunction)
        .map(({ name, line, lines }) => ({
          file,
          line,
          why: `the function ${name} has ${lines} lines, more than ${longestFunction}`,
        })),
    ),
    ...[...declared].flatMap(([file, { names }]) =>
      names.flatMap(({ name, line }) => {
        const found = retiredIn(name);
        return found ? [{ file, line, why: `${name}: the word is "${found.instead}" now` }] : [];
      }),
    ),
    ...shared(declared),
  ];
}

function tooLong(file: string, text: string): Violation[] {
  const lines = text.split('\n').length - 1;
  return lines > longestFile && !tables.test(file)
    ? [{ file, line: longestFile, why: `has ${lines} lines, more than ${longestFile}` }]
    : [];
}

function retiredIn(name: string): { readonly instead: string } | undefined {
  if (/^[A-Z]/.test(name) && suffix.of.test(name) && !suffix.but.test(name)) return suffix;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/_/g, ' ')
    .toLowerCase();
  return retired.find(({ word }) => ` ${words} `.includes(` ${word} `));
}

/**
 * Finds exports with the same name. A file that replaces another in a production build may share
 * its names.
 */
function shared(declared: ReadonlyMap<string, Declared>): Violation[] {
  const first = new Map<string, string>();
  const found: Violation[] = [];
  for (const [file, { names }] of declared) {
    if (file === 'src/no-demonstration.ts' || file.startsWith('src/client/')) continue;
    for (const { name, line, exported } of names) {
      if (!exported) continue;
      const other = first.get(name);
      if (other !== undefined && other !== file) {
        found.push({ file, line, why: `${name} is also the name of something in ${other}` });
      }
      first.set(name, file);
    }
  }
  return found;
}

/**
 * Reads the declarations of a file.
 * @throws when it cannot be parsed
 */
export function declarationsOf(file: string, text: string): Declared {
  const parsed = parseSync(file, text);
  const fault = parsed.errors[0];
  if (fault) throw new Error(`${file} does not parse: ${fault.message}`);
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  const names: { name: string; line: number; exported: boolean }[] = [];
  const functions: { name: string; line: number; lines: number }[] = [];
  const measure = (name: string, node: { start: number; end: number }): void => {
    const line = lineAt(node.start);
    functions.push({ name, line, lines: lineAt(node.end) - line + 1 });
  };
  const nameOf = (node: unknown): string | undefined => {
    const id = node as { type?: string; name?: string } | null | undefined;
    return id?.type === 'Identifier' ? id.name : undefined;
  };
  const exportedAt = new Set<number>();
  const add = (node: { id: unknown; start: number }): void => {
    const name = nameOf(node.id);
    if (name !== undefined)
      names.push({ name, line: lineAt(node.start), exported: exportedAt.has(node.start) });
  };
  new Visitor({
    ExportNamedDeclaration: ({ declaration }) => {
      if (!declaration) return;
      exportedAt.add(declaration.start);
      if (declaration.type === 'VariableDeclaration')
        for (const one of declaration.declarations) exportedAt.add(one.start);
    },
    FunctionDeclaration: (node) => {
      add(node);
      measure(nameOf(node.id) ?? 'without a name', node);
    },
    TSInterfaceDeclaration: add,
    TSTypeAliasDeclaration: add,
    ClassDeclaration: add,
    VariableDeclarator: (node) => {
      add(node);
      const made = node.init;
      if (made?.type === 'ArrowFunctionExpression' || made?.type === 'FunctionExpression')
        measure(nameOf(node.id) ?? 'without a name', node);
    },
    MethodDefinition: (node) => measure(nameOf(node.key) ?? 'a method', node),
    Property: (node) => {
      const made = node.value;
      if (made.type === 'ArrowFunctionExpression' || made.type === 'FunctionExpression')
        measure(nameOf(node.key) ?? 'a method', node);
    },
    CallExpression: (node) => {
      // A function that is passed without a name: a handler or a hook.
      for (const given of node.arguments)
        if (given.type === 'ArrowFunctionExpression') measure('that is handed over here', given);
    },
  }).visit(parsed.program);
  return { names, functions };
}

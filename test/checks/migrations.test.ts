import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../src/platform/root.ts';
import { checkMigrations, readMigrations } from './migrations.ts';

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const check = (text: string, at = '0.2.0') => checkMigrations(new Map([['900-planted.sql', text]]), at);

test('no migration breaks the version that is still running', () => {
  expect(checkMigrations(readMigrations(root), version)).toEqual([]);
});

describe('a migration is refused that', () => {
  test.each([
    ['drops a column', 'alter table cabinet.holder drop column iin;'],
    ['drops a table', 'drop table cabinet.draft;'],
    ['renames a column', 'alter table cabinet.holder rename column iin to number;'],
    ['renames a table', 'alter table cabinet.holder rename to person;'],
    ['changes a type', 'alter table cabinet.change alter column number type varchar(40);'],
    ['demands a value', 'alter table cabinet.holder alter iin set not null;'],
    [
      'adds a column that must be given',
      'alter table cabinet.holder add colour text, add size int not null;',
    ],
    ['takes a default away', 'alter table cabinet.change alter column made_at drop default;'],
    ['takes a right away', 'revoke select on cabinet.holder from public;'],
    [
      'drops an index that it does not build anew',
      'drop index concurrently if exists cabinet.code_by_time; create index concurrently other on cabinet.alert (kind);',
    ],
    [
      'takes a function away that it does not make',
      'revoke all on function cabinet.refuse_alteration() from public;',
    ],
    ['hides it in capitals and lines', 'ALTER TABLE cabinet.holder\n  -- here\n  DROP\n  COLUMN iin;'],
  ])('%s', (_what, text) => {
    expect(check(text)).toMatchObject([
      { file: '900-planted.sql', line: 1, why: expect.stringContaining('contract') },
    ]);
    expect(check(`-- looked at: nobody reads it\n${text}`)).toHaveLength(1);
  });

  test.each([
    ['builds an index', 'create index alert_by_kind on cabinet.alert (kind);'],
    ['builds a unique index', 'create unique index if not exists alert_by_kind on cabinet.alert (kind);'],
    ['adds a constraint', 'alter table cabinet.holder add constraint short check (length(iin) < 13);'],
    ['fills a table at once', "update cabinet.holder set iin = 'drop';"],
    ['writes a table anew', 'alter table cabinet.holder add n uuid not null default gen_random_uuid();'],
    [
      'puts a trigger on an old table',
      'create trigger t before update on cabinet.holder for each row execute function f();',
    ],
    ['cannot be read', 'do $$ begin drop table cabinet.holder; end $$;'],
  ])('%s, unless somebody says that it was looked at', (_what, text) => {
    expect(check(text)).toMatchObject([{ line: 1, why: expect.stringContaining('looked at') }]);
    expect(check(`-- looked at: some hundred rows\n${text}`)).toEqual([]);
  });
});

describe('an index of a table that can be large', () => {
  const right = `-- outside a transaction
drop index concurrently if exists cabinet.x; create index concurrently x on cabinet.holder (language);`;

  test('is built concurrently, outside a transaction, and again after an interruption', () => {
    expect(check(right)).toEqual([]);
  });

  test.each([
    ['without "concurrently"', right.replace('index concurrently x', 'index x'), 'can be large'],
    ['where it may be there', right.replace('index concurrently x', 'index if not exists x'), 'can be large'],
    ['in a transaction', right.replace('-- outside a transaction', ''), 'outside a transaction'],
    ['once only', right.replace(/drop index.*?; /, ''), 'drop index concurrently'],
    [
      'of a table that nobody has thought about',
      right.replace('holder', 'newcomer').replace('concurrently x', 'x'),
      'can be large',
    ],
  ])('is refused %s, whatever a comment says', (_what, text, why) => {
    expect(check(text)).toContainEqual(expect.objectContaining({ why: expect.stringContaining(why) }));
    const excused = text.replaceAll('create index', '-- looked at: some hundred rows\ncreate index');
    expect(check(excused)).toContainEqual(expect.objectContaining({ why: expect.stringContaining(why) }));
  });

  test('was looked at by hand before that rule', () => {
    const text = 'create index if not exists x on cabinet.holder (iin);';
    expect(checkMigrations(new Map([['183-old.sql', text]]), version)).toEqual([]);
  });
});

describe('a migration may', () => {
  test.each([
    [
      'add tables with all they need',
      'create table cabinet.x (a int not null); create unique index on cabinet.x (a); insert into cabinet.x values (1); update cabinet.x set a = 2; alter table cabinet.x alter a set not null;',
    ],
    [
      'add columns that may be left out',
      'alter table cabinet.holder add column a text, add b int not null default 0, add c timestamptz default now();',
    ],
    [
      'speak of anything in a text or a comment',
      "comment on table cabinet.holder is 'drop table; alter'; -- drop table x;\n/* drop table y; */",
    ],
    [
      'use an index that was built before',
      'create index if not exists alert_by_kind on cabinet.alert (kind);',
    ],
    [
      'build an index concurrently, and again after an interruption',
      'drop index concurrently if exists cabinet.alert_by_kind; create index concurrently alert_by_kind on cabinet.alert (kind);',
    ],
    [
      'keep a function that it makes from others',
      "create function cabinet.f(a bigint) returns bigint language sql as 'select 1'; revoke all on function cabinet.f(bigint) from public;",
    ],
    ['widen a constraint', 'alter table cabinet.change drop constraint c, add constraint c check (true);'],
  ])('%s', (_what, text) => {
    expect(check(text)).toEqual([]);
  });

  test('break what an older version used, when it says from which version on', () => {
    const text = '\n-- contract: not before 0.2.0\ndrop table cabinet.draft;\n\ndrop table cabinet.holder;';
    expect(check(text)).toMatchObject([{ line: 5 }]);
    expect(check(text, '0.1.9')).toMatchObject([{ line: 3 }, { line: 5 }]);
  });
});

test('two migrations with one number are refused', () => {
  const files = new Map([
    ['900-one.sql', 'create table cabinet.one (a int);'],
    ['900-two.sql', 'create table cabinet.two (a int);'],
    ['901-three.sql', 'create table cabinet.three (a int);'],
  ]);
  expect(checkMigrations(files, version)).toMatchObject([{ file: '900-two.sql', line: 1 }]);
});

test('numbers before the first release are ignored; a check of nothing does not pass', () => {
  expect(checkMigrations(new Map([['029-old.sql', 'drop table cabinet.draft;']]), version)).toEqual([]);
  expect(() => checkMigrations(new Map(), version)).toThrow('no migrations');
});

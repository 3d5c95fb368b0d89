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
      'drop index concurrently if exists cabinet.code_by_time; create index concurrently other on cabinet.code (used_at);',
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
    ['builds an index', 'create index holder_by_iin on cabinet.holder (iin);'],
    ['builds a unique index', 'create unique index if not exists holder_by_iin on cabinet.holder (iin);'],
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
      'create index if not exists holder_by_iin on cabinet.holder (iin);',
    ],
    [
      'build an index concurrently, and again after an interruption',
      'drop index concurrently if exists cabinet.holder_by_iin; create index concurrently holder_by_iin on cabinet.holder (iin);',
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

test('numbers before the first release are ignored; a check of nothing does not pass', () => {
  expect(checkMigrations(new Map([['029-old.sql', 'drop table cabinet.draft;']]), version)).toEqual([]);
  expect(() => checkMigrations(new Map(), version)).toThrow('no migrations');
});

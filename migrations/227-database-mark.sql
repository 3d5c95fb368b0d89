-- A number that only rises. Whoever has read it knows, by a lower one later, that the database has
-- lost what was acknowledged.
create table cabinet.database_mark (
  only_row boolean primary key default true check (only_row),
  mark     bigint not null
);
insert into cabinet.database_mark (mark) values (0);

-- How far a file of people was loaded, so that an import which was interrupted goes on where it stopped.
create table fund.people_import (
  file       bytea primary key,
  lines      bigint not null,
  updated_at timestamptz not null default now()
);

comment on column fund.people_import.file is 'SHA-256 of its lines';
comment on column fund.people_import.lines is 'How many of them are loaded; the row goes with the last portion';

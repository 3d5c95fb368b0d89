-- When each kind of background work last did what it is there for, whichever process did it: work that stops in silence is
-- told by the age of its row.
create table cabinet.job_success (
  job          text primary key,
  succeeded_at timestamptz not null default now()
);

comment on column cabinet.job_success.succeeded_at is 'Of work that never succeeded: since when it is waited for';

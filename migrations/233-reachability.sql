-- How many holders can be reached: the last count, and how far the next one is.
create table cabinet.reachability (
  only_row   boolean primary key default true check (only_row),
  after      uuid,
  partial    jsonb not null default '{}',
  counted    jsonb,
  counted_at timestamptz
);
comment on column cabinet.reachability.after is 'Up to which holder the next count is. Null: it has not begun';
insert into cabinet.reachability default values;

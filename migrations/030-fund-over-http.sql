-- The fund's system over HTTP: what it said last, how far its list of changes elsewhere was read, and the order of changes.

-- The fund's last answer about a holder, shown with its time while the fund does not answer.
create table cabinet.fund_copy (
  holder_id uuid primary key references cabinet.holder,
  person    jsonb not null,
  read_at   timestamptz not null default now()
);
create index fund_copy_by_age on cabinet.fund_copy (read_at);

-- How far changes made at branches were followed. One worker at a time looks.
create table cabinet.fund_feed (
  feed         text primary key check (feed = 'elsewhere'),
  cursor       text,
  leased_until timestamptz
);
insert into cabinet.fund_feed (feed) values ('elsewhere');

-- The last change of a holder on its way to the fund, for their page.
create index outbox_last_of_holder on cabinet.outbox (holder_id, outbox_id desc) where lane = 'fund';

-- The embedded fund keeps the same order as one over HTTP must.
alter table fund.person add column last_sequence bigint not null default 0;
alter table fund.applied_change add column sequence bigint;
alter table fund.change_elsewhere add column change_no bigint generated always as identity;
create unique index change_elsewhere_in_order on fund.change_elsewhere (change_no);

-- What processes that deliver know of their gateways, for those that only answer people. Lost with a crash, told anew within half a minute.
create unlogged table cabinet.channel_state (
  node      uuid not null,
  channel   text not null check (channel in ('mobile', 'email')),
  available boolean not null,
  told_at   timestamptz not null default now(),
  primary key (node, channel)
);

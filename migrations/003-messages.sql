-- Messages on their way out: found by lane and channel whatever else is queued, and what became of them.

-- Codes and notices are handed over in the order in which they are due, each channel by itself: 100,000 waiting notices,
-- or a gateway that is down, are never walked through to find a code.
create index outbox_message_due on cabinet.outbox (lane, (payload ->> 'channel'), next_attempt_at)
  where delivered_at is null and dead_at is null;
create index outbox_dead on cabinet.outbox (dead_at) where dead_at is not null;
-- Delivered messages hold a number or an address, so they are removed after a while.
create index outbox_message_delivered on cabinet.outbox (delivered_at)
  where delivered_at is not null and lane in ('code', 'notice');

alter table cabinet.outbox add column forgiven integer not null default 0;
comment on column cabinet.outbox.forgiven is 'Attempts before an operator put it back: they no longer count against it';

-- The demonstration inbox: what would have been sent. Filled only where DEMO is on.
create table cabinet.inbox (
  message_id text primary key,
  inbox_id   bigint generated always as identity,
  channel    text not null check (channel in ('mobile', 'email')),
  recipient  text not null,
  language   text not null check (language in ('kk', 'ru', 'en')),
  subject    text,
  body       text not null,
  sent_at    timestamptz not null default clock_timestamp()
);

create unique index inbox_newest on cabinet.inbox (inbox_id);

-- What the SMS gateway says of each part it took over. For the operator only: nothing is decided by it.
create table cabinet.sms_part (
  gateway_id     text primary key,
  message_id     text,
  part           integer,
  state          text,
  handed_over_at timestamptz not null default now(),
  state_at       timestamptz
);

create index sms_part_by_message on cabinet.sms_part (message_id);
create index sms_part_by_age on cabinet.sms_part (handed_over_at);

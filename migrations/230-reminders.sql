-- What a holder has that ends: the key that they signed with, and their last identity document. A
-- message is due at certain days before the end, and `next_on` is the next of these days.
create table cabinet.reminder (
  holder_id uuid not null references cabinet.holder,
  kind      text not null check (kind in ('key', 'document')),
  ends_on   date not null,
  next_on   date,
  primary key (holder_id, kind)
);
comment on column cabinet.reminder.ends_on is 'The last day, in Astana';
comment on column cabinet.reminder.next_on is 'When the next message is due. Null: none is';
create index reminder_due on cabinet.reminder (next_on, holder_id) where next_on is not null;

-- Which reminders a holder has switched off.
create table cabinet.reminder_off (
  holder_id uuid not null references cabinet.holder,
  kind      text not null check (kind in ('key', 'document')),
  off_at    timestamptz not null default now(),
  primary key (holder_id, kind)
);

alter table cabinet.outbox add column idempotency_key text;
comment on column cabinet.outbox.idempotency_key is 'What may be queued only once. Null: nothing prevents another one';

-- Keys that were used before.
insert into cabinet.reminder (holder_id, kind, ends_on, next_on)
select holder_id, 'key', ends_on, case
    when ends_on - 30 > today then ends_on - 30
    when ends_on - 7 > today then ends_on - 7 end
from (
  select holder_id, ((now() at time zone 'UTC') + interval '5 hours')::date as today,
    (max(certificate_until at time zone 'UTC') + interval '5 hours')::date as ends_on
  from cabinet.eds_evidence where certificate_until > now() group by holder_id) as keys;

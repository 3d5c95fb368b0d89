-- outside a transaction
-- A message with a key is queued once. And delivered reminders are found by an index when their term is over. Each statement
-- may be run again, as in 170.
drop index concurrently if exists cabinet.outbox_once;
-- looked at: the former version writes no keys, and rows without one are not in the index
create unique index concurrently outbox_once on cabinet.outbox (idempotency_key) where idempotency_key is not null;
drop index concurrently if exists cabinet.outbox_reminder_delivered;
create index concurrently outbox_reminder_delivered on cabinet.outbox (delivered_at)
  where delivered_at is not null and lane = 'reminder';

-- Which request queued a message, and in which trace: the delivery names both to the fund.
alter table cabinet.outbox
  add column request_id text,
  add column traceparent text;

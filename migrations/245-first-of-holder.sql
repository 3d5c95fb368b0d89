-- outside a transaction
-- Whether an earlier change of the same person still waits is answered here by one look, however
-- many of their changes were ever delivered. Its condition fits no other index, whatever the
-- planner's statistics say. It may be run again, as in 170.
drop index concurrently if exists cabinet.outbox_first_of_holder;
create index concurrently outbox_first_of_holder on cabinet.outbox (lane, holder_id, outbox_id)
  where coalesce(delivered_at, dead_at) is null;

-- outside a transaction
-- The metrics count dead letters by lane from the index alone, however many wait for an operator or for their term. It may be
-- run again, as in 170.
drop index concurrently if exists cabinet.outbox_dead_by_lane;
create index concurrently outbox_dead_by_lane on cabinet.outbox (lane) where dead_at is not null;

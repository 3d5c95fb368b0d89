-- outside a transaction
-- The embedded fund lists what it has applied on a day, for reconciliation. It may be run again, as
-- in 170.
drop index concurrently if exists fund.applied_change_by_time;
create index concurrently applied_change_by_time on fund.applied_change (applied_at, change_id);

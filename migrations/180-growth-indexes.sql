-- outside a transaction
-- What background work and single pages look for is found by an index however many years of rows a table holds. Each
-- statement may be run again, as in 170.
-- The next seals whose events are due to go: those that sealed nothing are passed over.
drop index concurrently if exists cabinet.audit_seal_with_rows;
create index concurrently audit_seal_with_rows on cabinet.audit_seal (source, seal_id) where rows > 0;
-- Up to where the events of a source are gone.
drop index concurrently if exists cabinet.audit_retention_by_source;
create index concurrently audit_retention_by_source on cabinet.audit_retention (source, last_seal);
-- What is sealed is found by its time.
drop index concurrently if exists cabinet.audit_retention_by_time;
create index concurrently audit_retention_by_time on cabinet.audit_retention (made_at);
-- Lifting a freeze ends the links of one person.
drop index concurrently if exists cabinet.disavowal_by_holder;
create index concurrently disavowal_by_holder on cabinet.disavowal (holder_id) where ended_at is null;

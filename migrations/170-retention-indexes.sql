-- outside a transaction
-- Housekeeping finds what is past its term by an index, however large the table is. A build that was interrupted leaves an
-- invalid index behind, so each statement may be run again: the index is dropped and built anew.
drop index concurrently if exists cabinet.failure_by_end;
create index concurrently failure_by_end on cabinet.failure (expires_at);
drop index concurrently if exists cabinet.allowance_by_end;
create index concurrently allowance_by_end on cabinet.allowance (ends_at);
drop index concurrently if exists cabinet.draft_by_end;
create index concurrently draft_by_end on cabinet.draft (expires_at);
drop index concurrently if exists cabinet.pending_change_by_end;
create index concurrently pending_change_by_end on cabinet.pending_change (expires_at);
drop index concurrently if exists cabinet.entry_by_end;
create index concurrently entry_by_end on cabinet.entry (expires_at);
-- A code that goes asks whether an entry still refers to it.
drop index concurrently if exists cabinet.entry_by_code;
create index concurrently entry_by_code on cabinet.entry (code_id) where code_id is not null;
drop index concurrently if exists cabinet.code_by_end;
create index concurrently code_by_end on cabinet.code (expires_at);
-- By the start, which never changes: an index on the time last seen would make each page a costlier update.
drop index concurrently if exists cabinet.session_by_start;
create index concurrently session_by_start on cabinet.session (started_at);
drop index concurrently if exists cabinet.disavowal_by_time;
create index concurrently disavowal_by_time on cabinet.disavowal (created_at);
drop index concurrently if exists cabinet.recovery_contact_by_end;
create index concurrently recovery_contact_by_end on cabinet.recovery_contact (usable_until) where usable_until is not null;
drop index concurrently if exists cabinet.known_device_by_time;
create index concurrently known_device_by_time on cabinet.known_device (seen_at);
drop index concurrently if exists cabinet.inbox_by_time;
create index concurrently inbox_by_time on cabinet.inbox (sent_at);

-- Registration and recovery before sign-in: a code belongs to one entry, and what a visitor is told follows from the entry alone.

alter table cabinet.entry add column entry_id uuid not null unique default gen_random_uuid();
alter table cabinet.entry add column code_until timestamptz;
comment on column cabinet.entry.entry_id is 'What a code of this entry is bound to (cabinet.code.change_id)';
comment on column cabinet.entry.code_until is 'Until when a code typed here is compared, whether one was sent or not; null before the entry is examined';

create index entry_by_holder on cabinet.entry (holder_id) where done_at is null;

alter table cabinet.credential add column failures_told_at timestamptz;
comment on column cabinet.credential.failures_told_at is 'When the holder was last told of many failed sign-ins';

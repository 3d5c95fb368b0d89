-- When a passkey stood for the code to a contact on file. It is the proof of the change only while
-- both moments are the same: the former release writes `current_proved_at` alone, after a code.
alter table cabinet.pending_change add column current_passkey_at timestamptz;
comment on column cabinet.pending_change.current_passkey_at is
  'When a passkey agreed in place of a contact on file. Counts while it equals current_proved_at';

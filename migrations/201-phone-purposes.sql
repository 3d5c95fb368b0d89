-- What an attempt to sign with the phone is for, and whose signature it needs.
alter table cabinet.phone_attempt
  add column purpose text not null default 'sign-in' check (purpose in ('sign-in', 'change', 'step')),
  add column signer_id uuid references cabinet.holder,
  add column asked_in bytea,
  add column change_id uuid,
  add column change_mark bytea,
  add column number text;
comment on column cabinet.phone_attempt.signer_id is 'Who must sign. Null: anybody whom the fund lets in';
comment on column cabinet.phone_attempt.asked_in is 'The session that asks for a change, or the sign-in that waits for its second step, as the hash of its cookie';
comment on column cabinet.phone_attempt.change_mark is 'SHA-256 of what the change was when its text was written';
comment on column cabinet.phone_attempt.number is 'The receipt of the change that was signed';

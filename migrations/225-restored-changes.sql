-- Changes that the fund had and the database had lost, recorded again on an operator's word.
create table cabinet.restored_change (
  change_id  uuid primary key references cabinet.change,
  holder_id  uuid not null references cabinet.holder,
  made_at    timestamptz not null,
  applied_at timestamptz not null
);
comment on column cabinet.restored_change.made_at is 'When its holder had made it. cabinet.change says when it was recorded again';
comment on column cabinet.restored_change.applied_at is 'When the fund had applied it';
create index restored_change_by_holder on cabinet.restored_change (holder_id);

-- looked at: the former release writes none of the new words, and shows such a change without one.
-- Its rows are few at a time, and "not valid" reads none of them.
alter table cabinet.change
  drop constraint change_proof_check,
  add constraint change_proof_check
    check (proof in ('password-session', 'passkey-session', 'eds-session', 'phone-session', 'codes', 'passkey', 'eds', 'branch', 'restored')) not valid;

alter table fund.applied_change add column made_at timestamptz;
comment on column fund.applied_change.made_at is 'When its holder made it, as the cabinet said';

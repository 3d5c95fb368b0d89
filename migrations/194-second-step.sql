-- How a holder came in beside the password, and what a session may do for that reason. The checks
-- only widen, so what the former release writes still fits.
alter table cabinet.session
  add column step text,
  add column restricted text,
  add column proved_at timestamptz,
  add column proved_by text,
  drop constraint session_method_check,
  add constraint session_method_check check (method in ('password', 'passkey', 'eds', 'phone')) not valid;
comment on column cabinet.session.step is 'The second step after the password. Null: none was asked';
comment on column cabinet.session.restricted is 'Why the session only reads. Null: it does not';
comment on column cabinet.session.proved_at is 'When its holder last proved in this session who they are';
comment on column cabinet.session.proved_by is 'By what';

alter table cabinet.change
  drop constraint change_proof_check,
  add constraint change_proof_check
    check (proof in ('password-session', 'passkey-session', 'eds-session', 'phone-session', 'codes', 'passkey', 'eds', 'branch')) not valid;

alter table cabinet.code
  drop constraint code_purpose_check,
  add constraint code_purpose_check
    check (purpose in ('register', 'recover', 'prove-new', 'confirm-current', 'sign-in-step')) not valid;

alter table cabinet.eds_evidence
  drop constraint eds_evidence_purpose_check,
  add constraint eds_evidence_purpose_check check (purpose in ('sign-in', 'prove', 'change')) not valid;

alter table cabinet.credential
  add column recovered_via text,
  add column suffices_alone boolean;
comment on column cabinet.credential.recovered_via is 'The channel that restored the password at recovered_at';
comment on column cabinet.credential.suffices_alone is
  'Whether the password is long enough without a second step. Null: a former release stored it, so nobody knows';

alter table cabinet.known_device
  add column trusted_until timestamptz,
  add column device text;
comment on column cabinet.known_device.device is 'The browser and system. Null: a former release stored the mark';
comment on column cabinet.known_device.trusted_until is 'Until when no second step is asked in this browser';

-- Somebody has given the right password and now takes the second step. Not a session: it opens nothing.
create table cabinet.sign_in_step (
  step_hash  bytea primary key,
  step_id    uuid not null unique default gen_random_uuid(),
  holder_id  uuid not null references cabinet.holder,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
comment on column cabinet.sign_in_step.step_hash is 'SHA-256 of the secret in the browser''s cookie';
comment on column cabinet.sign_in_step.step_id is 'What a code by SMS is bound to';
create index sign_in_step_by_age on cabinet.sign_in_step (expires_at);
create index sign_in_step_by_holder on cabinet.sign_in_step (holder_id);

-- What a holder has decided about the second step.
create table cabinet.second_step (
  holder_id      uuid primary key references cabinet.holder,
  sms_allowed_at timestamptz,
  dismissed_at   timestamptz
);
comment on column cabinet.second_step.sms_allowed_at is 'When the holder accepted the risk of a code by SMS';
comment on column cabinet.second_step.dismissed_at is 'When the holder closed the suggestion to set one up';

-- The authenticator app of a holder. One that was not confirmed by a code is no step yet.
create table cabinet.authenticator (
  holder_id    uuid primary key references cabinet.holder,
  secret       bytea not null,
  sealed_by    bytea not null,
  last_counter bigint,
  by_eds       boolean not null,
  created_at   timestamptz not null default now(),
  confirmed_at timestamptz
);
comment on column cabinet.authenticator.secret is 'Sealed with the service''s key, bound to the holder';
comment on column cabinet.authenticator.sealed_by is 'Which key sealed it, so that rows of a former key are found';
comment on column cabinet.authenticator.last_counter is 'The 30 seconds of the last code that was used (RFC 6238)';
comment on column cabinet.authenticator.by_eds is 'Whether a signature by EDS proved the holder who added it';
create index authenticator_by_key on cabinet.authenticator (sealed_by);

create table cabinet.backup_code (
  holder_id  uuid not null references cabinet.holder,
  label      text not null,
  code_hash  text not null,
  created_at timestamptz not null default now(),
  used_at    timestamptz,
  primary key (holder_id, label)
);
comment on column cabinet.backup_code.label is 'Its first two characters, by which the row is found';
comment on column cabinet.backup_code.code_hash is 'Argon2id of the rest';

-- The random handle by which a passkey names its holder. Never the IIN.
create table cabinet.passkey_user (
  holder_id   uuid primary key references cabinet.holder,
  user_handle bytea not null unique
);

create table cabinet.passkey (
  credential_id bytea primary key,
  holder_id     uuid not null references cabinet.holder,
  public_key    bytea not null,
  counter       bigint not null,
  transports    text[] not null default '{}',
  backed_up     boolean not null,
  name          text not null,
  by_eds        boolean not null,
  created_at    timestamptz not null default now(),
  used_at       timestamptz
);
comment on column cabinet.passkey.counter is 'The authenticator''s count of signatures; 0 where it keeps none';
comment on column cabinet.passkey.by_eds is 'Whether a signature by EDS proved the holder who added it';
create index passkey_by_holder on cabinet.passkey (holder_id);

-- Challenges whose answer came, kept until they would have expired anyway.
create table cabinet.passkey_spent (
  nonce      bytea primary key,
  expires_at timestamptz not null
);
create index passkey_spent_by_age on cabinet.passkey_spent (expires_at);

-- The keys to the account: codes, the channels that may restore it, changes waiting for proof, what froze it.

-- A code that was sent. The code itself is an HMAC of this row's id under the service's key: it is stored nowhere.
create table cabinet.code (
  code_id     uuid primary key default gen_random_uuid(),
  holder_id   uuid not null references cabinet.holder,
  purpose     text not null check (purpose in ('register', 'recover', 'prove-new', 'confirm-current')),
  channel     text not null check (channel in ('mobile', 'email')),
  destination text not null,
  change_id   uuid,
  attempts    integer not null default 0,
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null,
  used_at     timestamptz,
  dead_at     timestamptz
);

create index code_by_holder on cabinet.code (holder_id, purpose, created_at desc);

-- Which channels may restore a password, and from when until when: a new one after a wait, the former one until then.
create table cabinet.recovery_contact (
  holder_id    uuid not null references cabinet.holder,
  channel      text not null check (channel in ('mobile', 'email')),
  value        text not null,
  usable_from  timestamptz not null,
  usable_until timestamptz,
  primary key (holder_id, channel, value)
);

-- A change that waits for its proofs; one per person, a newer one replaces it.
create table cabinet.pending_change (
  holder_id         uuid primary key references cabinet.holder,
  change_id         uuid not null unique default gen_random_uuid(),
  form_id           uuid not null,
  form_hash         bytea not null,
  revision          integer not null,
  document          jsonb not null,
  entries           jsonb not null,
  via               text check (via in ('mobile', 'email')),
  current_proved_at timestamptz,
  new_proved_at     timestamptz,
  created_at        timestamptz not null default now(),
  expires_at        timestamptz not null
);

-- Someone asks for a password before sign-in. What was typed is sealed; the answer is worked out behind the request.
create table cabinet.entry (
  entry_hash  bytea primary key,
  kind        text not null check (kind in ('register', 'recover')),
  asked       bytea not null,
  language    text not null check (language in ('kk', 'ru', 'en')),
  network     bytea not null,
  holder_id   uuid references cabinet.holder,
  code_id     uuid references cabinet.code,
  examined_at timestamptz,
  leased_until timestamptz,
  proved_at   timestamptz,
  done_at     timestamptz,
  tries       integer not null default 0,
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null
);

create index entry_unexamined on cabinet.entry (created_at) where examined_at is null;

-- How often something was done in a window that began with the first time. Keys are keyed hashes.
create unlogged table cabinet.allowance (
  key     bytea primary key,
  used    integer not null,
  ends_at timestamptz not null
);

-- Codes compared, by minute: the breaker looks at the last ten.
create table cabinet.code_outcome (
  minute   timestamptz primary key,
  compared integer not null default 0,
  failed   integer not null default 0
);

-- For the operator: what the service noticed by itself.
create table cabinet.alert (
  alert_id  bigint generated always as identity primary key,
  kind      text not null,
  detail    jsonb not null default '{}',
  raised_at timestamptz not null default now(),
  ended_at  timestamptz
);

create unique index alert_open on cabinet.alert (kind) where ended_at is null;

-- "This wasn't me": one link in a notice, used once. Its secret is an HMAC of the id.
create table cabinet.disavowal (
  disavowal_id uuid primary key default gen_random_uuid(),
  holder_id    uuid not null references cabinet.holder,
  created_at   timestamptz not null default now(),
  used_at      timestamptz,
  ended_at     timestamptz
);

-- While a row stands here, nothing restores the password or changes mobile or e-mail.
create table cabinet.freeze (
  holder_id uuid primary key references cabinet.holder,
  frozen_at timestamptz not null default now()
);

alter table cabinet.credential add column recovered_at timestamptz;
alter table cabinet.requisites add column contact_changed text check (contact_changed in ('mobile', 'email'));
alter table cabinet.requisites add column contact_changed_at timestamptz;
comment on column cabinet.requisites.contact_changed_at is 'When mobile or e-mail was last changed here without EDS';

-- The service's own data (schema cabinet) and the embedded fund's information system (schema fund).
-- Every table of a person's data is keyed by the holder. SQL is kept to PostgreSQL 15.

create schema cabinet;
create schema fund;

comment on schema cabinet is 'What the service itself knows and answers for';
comment on schema fund is 'The embedded stand-in for the fund''s information system, reached only through its port';

-- A person who has, or may get, a cabinet.
create table cabinet.holder (
  holder_id  uuid primary key default gen_random_uuid(),
  iin        text not null unique check (iin ~ '^[0-9]{12}$'),
  language   text not null default 'kk' check (language in ('kk', 'ru', 'en')),
  created_at timestamptz not null default now()
);

create table cabinet.credential (
  holder_id     uuid primary key references cabinet.holder,
  password_hash text not null,
  set_at        timestamptz not null default now()
);

-- Our copy of the requisites; revision rises with each change, whoever made it.
create table cabinet.requisites (
  holder_id         uuid primary key references cabinet.holder,
  revision          integer not null default 1,
  address           text,
  apartment         text,
  postcode          text,
  home_phone        text,
  contact_phone     text,
  mobile_phone      text,
  email             text,
  mobile_since      timestamptz not null default now(),
  email_since       timestamptz not null default now(),
  elsewhere_version integer not null default 0,
  updated_at        timestamptz not null default now()
);

comment on column cabinet.requisites.elsewhere_version is 'The last of fund.change_elsewhere taken over';

-- One saved change and its receipt. A form is saved once: (holder_id, form_id) is unique.
create table cabinet.change (
  change_id  uuid primary key default gen_random_uuid(),
  holder_id  uuid not null references cabinet.holder,
  number     text not null unique,
  form_id    uuid,
  form_hash  bytea,
  revision   integer not null,
  made_by    text not null check (made_by in ('holder', 'fund')),
  proof      text not null check (proof in ('password-session', 'eds-session', 'codes', 'eds', 'branch')),
  document   jsonb,
  entries    jsonb not null,
  request_id text not null,
  made_at    timestamptz not null default now(),
  unique (holder_id, form_id)
);

comment on column cabinet.change.entries is '[{"field", "old", "new"}] in the order of the form';

create index change_by_holder on cabinet.change (holder_id, made_at desc, change_id);

create table cabinet.security_event (
  event_id   bigint generated always as identity primary key,
  holder_id  uuid not null references cabinet.holder,
  kind       text not null,
  detail     jsonb not null default '{}',
  request_id text,
  made_at    timestamptz not null default now()
);

create index security_event_by_holder on cabinet.security_event (holder_id, made_at desc, event_id);

-- What must reach another system. Written in the transaction of the change it tells of.
create table cabinet.outbox (
  outbox_id       bigint generated always as identity primary key,
  holder_id       uuid not null references cabinet.holder,
  lane            text not null,
  change_id       uuid references cabinet.change,
  payload         jsonb not null,
  attempts        integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  leased_until    timestamptz,
  delivered_at    timestamptz,
  dead_at         timestamptz,
  last_error      text,
  created_at      timestamptz not null default now()
);

create index outbox_pending on cabinet.outbox (lane, holder_id, outbox_id) where delivered_at is null and dead_at is null;
create index outbox_due on cabinet.outbox (lane, outbox_id) where delivered_at is null and dead_at is null;
create index outbox_by_change on cabinet.outbox (change_id);

-- Only the SHA-256 of the cookie's 256 bits is stored.
create table cabinet.session (
  session_hash bytea primary key,
  holder_id    uuid not null references cabinet.holder,
  method       text not null check (method in ('password', 'eds')),
  short_name   text not null,
  device       text not null,
  started_at   timestamptz not null default now(),
  seen_at      timestamptz not null default now(),
  ended_at     timestamptz,
  end_reason   text
);

create index session_by_holder on cabinet.session (holder_id, started_at);

-- A browser that has signed this holder in before.
create table cabinet.known_device (
  holder_id   uuid not null references cabinet.holder,
  device_hash bytea not null,
  first_at    timestamptz not null default now(),
  seen_at     timestamptz not null default now(),
  primary key (holder_id, device_hash)
);

-- What was typed when a session ran out, sealed with the service's key.
create table cabinet.draft (
  holder_id  uuid not null references cabinet.holder,
  form       text not null,
  sealed     bytea not null,
  expires_at timestamptz not null,
  primary key (holder_id, form)
);

-- Failures by a keyed hash of what was tried. Unlogged: losing it in a crash costs a few free tries.
create unlogged table cabinet.failure (
  key           bytea primary key,
  failures      integer not null default 0,
  blocked_until timestamptz,
  allowed       boolean not null default true,
  expires_at    timestamptz not null
);

-- The embedded fund: what `people import` fills.
create table fund.person (
  iin               text primary key check (iin ~ '^[0-9]{12}$'),
  surname           text not null,
  name              text not null,
  patronymic        text,
  language          text not null default 'kk' check (language in ('kk', 'ru', 'en')),
  status            text not null default 'active' check (status in ('active', 'blocked', 'deceased')),
  documents         jsonb not null,
  accounts          jsonb not null,
  requisites        jsonb not null,
  mobile_since      timestamptz,
  email_since       timestamptz,
  elsewhere_version integer not null default 0,
  imported          jsonb not null,
  import_hash       bytea not null,
  updated_at        timestamptz not null default now()
);

comment on column fund.person.requisites is 'As the fund holds them now: imports and applied changes together';
comment on column fund.person.imported is 'The requisites of the last import, to tell what a branch changed since';

-- A change made at a branch: only the fields that changed.
create table fund.change_elsewhere (
  iin     text not null references fund.person,
  version integer not null,
  fields  jsonb not null,
  made_at timestamptz not null default now(),
  primary key (iin, version)
);

-- The effect log of changes that came from the cabinet: each is applied once.
create table fund.applied_change (
  change_id  uuid primary key,
  iin        text not null references fund.person,
  fields     jsonb not null,
  applied_at timestamptz not null default now()
);

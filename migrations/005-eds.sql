-- EDS: what was given out to be signed, and what came back as proof.

-- Bytes given out to be signed, once, for one purpose, to one browser or session. Unlogged: after a crash none is good any more.
create unlogged table cabinet.eds_challenge (
  challenge_id uuid primary key,
  purpose      text not null check (purpose in ('sign-in', 'change')),
  binding      bytea not null,
  content      bytea not null,
  change_id    uuid,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz not null,
  used_at      timestamptz
);

comment on column cabinet.eds_challenge.binding is 'SHA-256 of the cookie of the browser (sign-in) or the session (change) it was given to';
comment on column cabinet.eds_challenge.content is 'Exactly what must have been signed, compared byte for byte';
create index eds_challenge_by_age on cabinet.eds_challenge (expires_at);

-- A verified signature with everything needed to verify it again: what a court would ask for. Never swept.
create table cabinet.eds_evidence (
  evidence_id         bigint generated always as identity primary key,
  holder_id           uuid not null references cabinet.holder,
  purpose             text not null check (purpose in ('sign-in', 'change')),
  number              text references cabinet.change (number),
  content             bytea not null,
  cms                 bytea not null,
  certificate_sha256  text not null,
  certificate_serial  text not null,
  certificate_until   timestamptz not null,
  revocation_source   text not null check (revocation_source in ('ocsp', 'crl')),
  revocation_as_of    timestamptz,
  ocsp_response       bytea,
  request_id          text not null,
  challenged_at       timestamptz not null,
  verified_at         timestamptz not null default now(),
  check ((purpose = 'change') = (number is not null))
);

comment on column cabinet.eds_evidence.cms is 'The message as DER, with the content and the certificate in it';
-- A change that only a signature may make: codes would be refused now.
alter table cabinet.pending_change add column by_eds boolean not null default false;

-- How long a channel waits that was signed for; null where the usual time applies.
alter table cabinet.requisites add column mobile_wait_hours integer;
alter table cabinet.requisites add column email_wait_hours integer;

create index eds_evidence_by_holder on cabinet.eds_evidence (holder_id, certificate_sha256);
create unique index eds_evidence_by_change on cabinet.eds_evidence (number) where number is not null;

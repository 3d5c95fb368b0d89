-- What outlives the certificate of a signature: more proof beside it, and seals that cover both.

-- Issuers and revocation lists, each once: many signatures use the same.
create table cabinet.eds_shared (
  sha256  text primary key,
  content bytea not null check (octet_length(content) <= 65536)
);

create table cabinet.eds_proof (
  proof_id    bigint generated always as identity primary key,
  evidence_id bigint not null references cabinet.eds_evidence,
  kind        text not null check (kind in ('issuer', 'list', 'time-stamp', 'ocsp')),
  shared      text references cabinet.eds_shared,
  content     bytea check (octet_length(content) <= 65536),
  about       timestamptz,
  made_at     timestamptz not null default now(),
  check ((shared is null) <> (content is null))
);
comment on table cabinet.eds_proof is 'What else shows that a signature was right. Rows are added, also later';
comment on column cabinet.eds_proof.about is 'The time in a time-stamp';
create index eds_proof_by_evidence on cabinet.eds_proof (evidence_id);
create index eds_proof_by_time on cabinet.eds_proof (made_at);

-- Signatures of changes that still need a time-stamp. The change itself does not wait for it.
create table cabinet.eds_stamp_wait (
  evidence_id bigint primary key references cabinet.eds_evidence,
  since       timestamptz not null default now(),
  next_at     timestamptz not null default now(),
  attempts    integer not null default 0,
  failure     text
);
comment on column cabinet.eds_stamp_wait.failure is 'Why the last attempt gave none, as a code';
create index eds_stamp_wait_by_time on cabinet.eds_stamp_wait (next_at);

-- A seal over many signatures with all their proof and earlier seals.
create table cabinet.evidence_seal (
  seal_id   bigint generated always as identity primary key,
  kind      text not null check (kind in ('time-stamp', 'key')),
  hash      text not null,
  size      integer not null check (size between 1 and 1000),
  root      bytea not null,
  seal      bytea not null check (octet_length(seal) <= 65536),
  until     timestamptz,
  made_at   timestamptz not null default now()
);
comment on column cabinet.evidence_seal.seal is 'A time-stamp about the root, or a JWS of our own';
comment on column cabinet.evidence_seal.until is 'When the authority of the time-stamp ends. A new seal is due before';

create index evidence_seal_by_time on cabinet.evidence_seal (made_at);

create table cabinet.evidence_leaf (
  evidence_id bigint not null references cabinet.eds_evidence,
  ordinal     integer not null check (ordinal between 1 and 100),
  seal_id     bigint not null references cabinet.evidence_seal,
  place       integer not null,
  leaf        bytea not null,
  primary key (evidence_id, ordinal)
);
comment on column cabinet.evidence_leaf.ordinal is 'Which seal of this signature it is';
create unique index evidence_leaf_by_seal on cabinet.evidence_leaf (seal_id, place);

create trigger append_only before update or delete on cabinet.eds_shared for each row execute function cabinet.refuse_alteration();
create trigger append_only before update or delete on cabinet.eds_proof for each row execute function cabinet.refuse_alteration();
create trigger append_only before update or delete on cabinet.evidence_seal for each row execute function cabinet.refuse_alteration();
create trigger append_only before update or delete on cabinet.evidence_leaf for each row execute function cabinet.refuse_alteration();
create trigger keep_whole before truncate on cabinet.eds_shared execute function cabinet.refuse_alteration();
create trigger keep_whole before truncate on cabinet.eds_proof execute function cabinet.refuse_alteration();
create trigger keep_whole before truncate on cabinet.evidence_seal execute function cabinet.refuse_alteration();
create trigger keep_whole before truncate on cabinet.evidence_leaf execute function cabinet.refuse_alteration();

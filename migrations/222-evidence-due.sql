-- When the signature of each change needs its next seal. The background work looks here, and so need not read all signatures.
create table cabinet.evidence_due (
  evidence_id bigint primary key references cabinet.eds_evidence,
  due_at      timestamptz not null default now()
);
create index evidence_due_by_time on cabinet.evidence_due (due_at);

-- What happened stays as it was written: changes, security events and signatures take no UPDATE, and a DELETE only past
-- their term. Seals chain them, so that who gets round the refusal is found out (npx kabinet audit verify).

create function cabinet.refuse_alteration() returns trigger language plpgsql as $$
begin
  -- The retention job, and only security events older than three years (requirements 832, point on journals).
  if tg_op = 'DELETE' and tg_table_name = 'security_event' and current_setting('cabinet.retention', true) = 'on' then
    if old.made_at < now() - interval '3 years' then return old; end if;
  end if;
  raise exception '% refuses %: it is append-only', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end
$$;

-- One batch of one table, chained to the seal before it whatever table that was of.
create table cabinet.audit_seal (
  seal_id        bigint primary key,
  source         text not null,
  form           smallint not null,
  rows           integer not null,
  complete_until timestamptz not null,
  sealed_at      timestamptz not null,
  entries_hash   bytea not null,
  key_mark       bytea not null,
  head           bytea not null
);

comment on column cabinet.audit_seal.form is 'Which columns of the table were read';
comment on column cabinet.audit_seal.complete_until is 'No row older than this, less a quarter of an hour, comes later';
comment on column cabinet.audit_seal.key_mark is 'Tells which of SECRET_KEYS sealed, and nothing of it';
comment on column cabinet.audit_seal.head is 'HMAC of this seal and of the head before it';

create index audit_seal_by_source on cabinet.audit_seal (source, seal_id);

create table cabinet.audit_entry (
  source  text not null,
  row_id  text collate "C" not null,
  seal_id bigint not null references cabinet.audit_seal,
  digest  bytea not null,
  primary key (source, row_id)
);

comment on column cabinet.audit_entry.digest is 'HMAC of the whole row';

create index audit_entry_by_seal on cabinet.audit_entry (seal_id);

-- What the retention job removed. Sealed like the rest.
create table cabinet.audit_retention (
  retention_id bigint generated always as identity primary key,
  source       text not null,
  last_seal    bigint not null,
  rows         bigint not null,
  made_at      timestamptz not null default now()
);

comment on column cabinet.audit_retention.last_seal is 'The rows of the seals of this source up to here are gone';

create index change_by_time on cabinet.change (made_at);
create index security_event_by_time on cabinet.security_event (made_at);
create index eds_evidence_by_time on cabinet.eds_evidence (verified_at);

create trigger append_only before update or delete on cabinet.change for each row execute function cabinet.refuse_alteration();
create trigger append_only before update or delete on cabinet.security_event for each row execute function cabinet.refuse_alteration();
create trigger append_only before update or delete on cabinet.eds_evidence for each row execute function cabinet.refuse_alteration();
create trigger append_only before update or delete on cabinet.audit_retention for each row execute function cabinet.refuse_alteration();
create trigger keep_whole before truncate on cabinet.change execute function cabinet.refuse_alteration();
create trigger keep_whole before truncate on cabinet.security_event execute function cabinet.refuse_alteration();
create trigger keep_whole before truncate on cabinet.eds_evidence execute function cabinet.refuse_alteration();
create trigger keep_whole before truncate on cabinet.audit_retention execute function cabinet.refuse_alteration();

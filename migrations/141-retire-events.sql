-- Removes the security events of seals that closed more than three years ago, and records it. It runs with the rights of the
-- tables' owner, so that the service's own role needs no DELETE on the log (kabinet database grant).
create function cabinet.retire_security_events(seals bigint[]) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  removed bigint;
begin
  if exists (
    select from unnest(seals) as wanted (seal_id) left join cabinet.audit_seal s using (seal_id)
    where s.source is distinct from 'security_event' or s.complete_until >= now() - interval '3 years')
  then
    raise exception 'only security events older than three years are retired' using errcode = 'insufficient_privilege';
  end if;
  perform set_config('cabinet.retention', 'on', true);
  delete from cabinet.security_event t using cabinet.audit_entry e
  where e.source = 'security_event' and e.seal_id = any (seals)
    and t.event_id = case when e.row_id ~ '^[0-9]{1,18}$' then e.row_id::bigint end;
  get diagnostics removed = row_count;
  delete from cabinet.audit_entry where source = 'security_event' and seal_id = any (seals);
  insert into cabinet.audit_retention (source, last_seal, rows)
  select 'security_event', max(seal_id), removed from unnest(seals) as gone (seal_id);
  perform set_config('cabinet.retention', 'off', true);
  return removed;
end
$$;

revoke all on function cabinet.retire_security_events(bigint[]) from public;

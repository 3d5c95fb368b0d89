-- Who signed in before, and never opened the form, has no requisites here: their channels are asked for once, so that
-- notices find them. The former version knows no such lane and leaves the rows alone.
insert into cabinet.outbox (holder_id, lane, payload)
select h.holder_id, 'unaddressed', jsonb_build_object('iin', h.iin)
from cabinet.holder h
where exists (select from cabinet.known_device d where d.holder_id = h.holder_id)
  and not exists (select from cabinet.requisites r where r.holder_id = h.holder_id);

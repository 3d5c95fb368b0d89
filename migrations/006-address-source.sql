-- Where an address comes from: a source's id and parts, or "as-entered" when it was typed or changed by hand.
alter table cabinet.requisites add column address_source jsonb;
alter table cabinet.pending_change add column address_source jsonb;

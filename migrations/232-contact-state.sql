-- What is known of a mobile, an e-mail or a postal address on file: that its holder has proved it,
-- and that something sent there did not arrive. A row is about a value and counts only while that
-- value is on file, so a change needs to clear nothing.
create table cabinet.contact_state (
  holder_id  uuid not null references cabinet.holder,
  channel    text not null check (channel in ('mobile', 'email', 'post')),
  value_hash bytea not null,
  proved_at  timestamptz,
  marked_at  timestamptz,
  reason     text check (reason in ('refused', 'undelivered', 'returned')),
  primary key (holder_id, channel, value_hash)
);
comment on column cabinet.contact_state.value_hash is 'SHA-256 of the number, the e-mail address, or the lines of the postal address';
comment on column cabinet.contact_state.proved_at is 'When a code that was sent there was last entered';
comment on column cabinet.contact_state.marked_at is 'Since when something sent there is known not to have arrived. Null: it is not';
comment on column cabinet.contact_state.reason is 'refused: the gateway knows no such recipient; undelivered: the network said so later; returned: a letter came back';

alter table cabinet.requisites add column confirmed_at timestamptz;
comment on column cabinet.requisites.confirmed_at is 'When the holder last said that everything on file is right';
alter table cabinet.session add column asked_at timestamptz;
comment on column cabinet.session.asked_at is 'When its holder was asked whether everything is right';

-- Whose message a part is, so that a late report can mark the number.
alter table cabinet.sms_part add column holder_id uuid, add column recipient_hash bytea;
comment on column cabinet.sms_part.recipient_hash is 'SHA-256 of the number';

alter table fund.person add column confirmed_at timestamptz;

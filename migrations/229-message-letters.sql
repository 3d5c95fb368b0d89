-- The six letters at the end of each SMS and e-mail, by which anybody can compare a message with
-- what the service wrote. The tables do not say whose message it was.
create table cabinet.message_letters (
  letters_mac    bytea not null,
  wording_id     bytea not null,
  day            date not null,
  recipient      text not null,
  handed_over_at timestamptz not null default now(),
  primary key (letters_mac, wording_id, day, recipient)
);
comment on column cabinet.message_letters.letters_mac is 'HMAC of the letters. The letters themselves are stored nowhere';
comment on column cabinet.message_letters.day is 'The day in Astana on which the message was queued';
comment on column cabinet.message_letters.recipient is 'The last two digits of the number, or an e-mail address of which three characters and the ending are left';
create index message_letters_by_age on cabinet.message_letters (handed_over_at);

create table cabinet.message_wording (
  wording_id bytea primary key,
  channel    text not null check (channel in ('mobile', 'email')),
  language   text not null,
  subject    text,
  body       text not null
);
comment on table cabinet.message_wording is 'What messages say, without codes and values of a person. There are a few hundred for each release';

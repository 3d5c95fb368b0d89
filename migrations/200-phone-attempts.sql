-- Signing with the phone (eGov Mobile): what was asked for, and what the phone has done with it. An
-- attempt lives for minutes and opens nothing by itself.
create table cabinet.phone_attempt (
  attempt_id     bytea primary key,
  browser        bytea not null,
  language       text not null,
  target         text,
  device         text not null,
  network        text not null,
  digits         smallint not null,
  starts         smallint not null default 1,
  started_at     timestamptz not null default now(),
  expires_at     timestamptz not null,
  state          text not null default 'waiting'
                 check (state in ('waiting', 'scanned', 'checking', 'done', 'refused', 'entered')),
  trouble        text,
  token_hash     bytea,
  nonce          bytea,
  content        bytea,
  given_at       timestamptz,
  checking_since timestamptz,
  answer_hash    bytea,
  reason         text,
  holder_id      uuid references cabinet.holder,
  known_key      boolean,
  wrong_digits   smallint not null default 0,
  returned_at    timestamptz,
  session_hash   bytea
);
comment on column cabinet.phone_attempt.attempt_id is '8 random bytes. The addresses that the phone calls add a code of the service''s key';
comment on column cabinet.phone_attempt.browser is 'SHA-256 of the cookie of the browser that asks';
comment on column cabinet.phone_attempt.digits is 'The two digits that the browser and the signed text show';
comment on column cabinet.phone_attempt.starts is 'How many attempts this browser has started one after another';
comment on column cabinet.phone_attempt.trouble is 'What a phone did that was not accepted, and that ended nothing';
comment on column cabinet.phone_attempt.token_hash is 'SHA-256 of the token of the phone that read the document first. No other may sign it';
comment on column cabinet.phone_attempt.content is 'Exactly what was given out to be signed, compared byte for byte';
comment on column cabinet.phone_attempt.answer_hash is 'SHA-256 of the signature that was judged. The same one gets the same answer again';
comment on column cabinet.phone_attempt.returned_at is 'When the signing phone led back: the secret that only it knows has arrived';
comment on column cabinet.phone_attempt.session_hash is 'The session that it opened, so that the signing phone can still end it';
create index phone_attempt_by_age on cabinet.phone_attempt (expires_at);
create index phone_attempt_by_browser on cabinet.phone_attempt (browser);

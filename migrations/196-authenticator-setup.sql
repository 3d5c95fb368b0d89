-- An authenticator app that a holder is about to add. It is no step until a code has confirmed it.
-- It stands beside the one in use, which another phone may replace without a gap.
create table cabinet.authenticator_setup (
  holder_id  uuid primary key references cabinet.holder,
  secret     bytea not null,
  expires_at timestamptz not null
);
comment on column cabinet.authenticator_setup.secret is 'Sealed with the service''s key, bound to the holder';
create index authenticator_setup_by_age on cabinet.authenticator_setup (expires_at);

-- A challenge costs no row until a signature comes back over it: its id carries all that is needed to know it again. Logged: a
-- crash must not make a spent one good again.
create table cabinet.eds_spent (
  nonce      bytea primary key,
  expires_at timestamptz not null
);

comment on table cabinet.eds_spent is 'Challenges whose signature came, kept until they would have expired anyway';
create index eds_spent_by_age on cabinet.eds_spent (expires_at);

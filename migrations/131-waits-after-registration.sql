-- The waits of a recovery begin at a first registration, too.

comment on column cabinet.credential.recovered_at is
  'When a code to one channel last set the password: a recovery, or a first registration';

-- A browser's mark is made anew at each sign-in. The former one is good for a few minutes more, since an answer may be lost.

alter table cabinet.known_device add column ends_at timestamptz;

comment on column cabinet.known_device.ends_at is 'When a mark ends that a newer one has replaced';

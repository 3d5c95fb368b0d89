alter table cabinet.freeze add column locked_at timestamptz;
comment on column cabinet.freeze.locked_at is 'When the holder locked the cabinet: a password opens it no more. Null: "this wasn''t me" froze it';

-- Planned windows, in which everything can be read and nothing changed. Two of them never overlap.

create table cabinet.maintenance_window (
  window_id int generated always as identity primary key,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  message_kk text,
  message_ru text,
  message_en text,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  check (starts_at < ends_at),
  constraint maintenance_windows_apart exclude using gist (tstzrange(starts_at, ends_at) with &&) where (ended_at is null)
);

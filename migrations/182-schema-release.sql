-- Which releases have brought the tables to their level, so that a command can say which one the database wants.
create table cabinet.schema_release (
  release    text primary key,
  brought_at timestamptz not null default now()
);

-- Every change of a holder is a leaf of a tree, a tree for each day. The head of a day is signed and
-- published, so that a receipt can be proved against it (RFC 9162, section 2.1).
create table cabinet.receipt_leaf (
  change_id uuid primary key references cabinet.change,
  salt      bytea not null,
  leaf      bytea not null,
  day       date not null,
  place     integer
);
comment on column cabinet.receipt_leaf.salt is '128 random bits: whoever sees a neighbour of a leaf learns nothing from it';
comment on column cabinet.receipt_leaf.leaf is 'SHA-256 of the salt and of what the receipt says';
comment on column cabinet.receipt_leaf.day is 'The day of the change in UTC';
comment on column cabinet.receipt_leaf.place is 'Its place in the tree of that day, from 0. Null: the day is not closed yet';
create index receipt_leaf_by_day on cabinet.receipt_leaf (day, place);

create table cabinet.receipt_day (
  day    date primary key,
  size   integer not null,
  root   bytea not null,
  head   text not null,
  made_at timestamptz not null default now()
);
comment on column cabinet.receipt_day.head is 'The signed head as a JWS. It names the head of the day before';

#!/bin/sh
# PostgreSQL's image runs this once, on an empty folder. It creates two roles beside the superuser:
# `kabinet_owner` owns the tables and runs migrations; `kabinet` is the service, which owns nothing.
# `kabinet database grant kabinet` gives the service its rights.
set -eu
psql --username "$POSTGRES_USER" --set ON_ERROR_STOP=1 \
  --set owner="$KABINET_OWNER_PASSWORD" --set service="$KABINET_PASSWORD" <<'SQL'
create role kabinet_owner login password :'owner';
create role kabinet login password :'service';
create database kabinet owner kabinet_owner;
revoke all on database kabinet from public;
grant connect, temporary on database kabinet to kabinet;
SQL

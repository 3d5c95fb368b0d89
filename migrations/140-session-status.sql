-- When the fund was last asked whether a session's holder may still come in; null: at sign-in.
alter table cabinet.session add column status_asked_at timestamptz;

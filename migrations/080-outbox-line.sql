-- Where the changes that wait for the fund are looked for, oldest first. Its condition says what "delivered_at is null and dead_at is null"
-- says, in words that no other index answers and that the planner takes for a third of all rows whatever its statistics say.
-- Where many millions were ever delivered: build it by hand before, with "create index concurrently".
create index if not exists outbox_line on cabinet.outbox (lane, outbox_id) where num_nulls(delivered_at, dead_at) > 1;

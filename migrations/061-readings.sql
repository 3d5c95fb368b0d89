-- What the metrics read at each scrape is found without walking through thirty days of rows.

create index code_by_time on cabinet.code (created_at);
create index session_in_force on cabinet.session (started_at) where ended_at is null;

-- db_open.c: migrate: version 10, by what an event is found in other systems'
-- traces and logs; what was queued before has none
ALTER TABLE decision ADD COLUMN trace_id TEXT;
ALTER TABLE decision ADD COLUMN parent_span TEXT;
ALTER TABLE decision ADD COLUMN request_id TEXT;

ALTER TABLE outbox ADD COLUMN traceparent TEXT;
ALTER TABLE outbox ADD COLUMN tracestate TEXT;
ALTER TABLE outbox ADD COLUMN request_id TEXT;

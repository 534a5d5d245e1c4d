-- db_open.c: migrate: version 16, what the story of an event is told from
-- sku_rule: what made the SKU. waits: see include/waits.h. queue_history:
-- the attempts from when the event was in the queue, as JSON: newest
-- first, a list of [attempt, ended_us, status, http, error, waits].
ALTER TABLE decision ADD COLUMN sku_rule TEXT;
ALTER TABLE decision ADD COLUMN waits TEXT;
ALTER TABLE decision ADD COLUMN queue_history TEXT;

ALTER TABLE attempt ADD COLUMN waits TEXT;

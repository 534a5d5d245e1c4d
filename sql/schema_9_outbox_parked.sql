-- db_open.c: migrate: version 9, to find an interaction's parked events
CREATE INDEX outbox_parked ON outbox (interaction_id) WHERE state = 'parked';

-- db_open.c: migrate: version 12, the oldest claims at hand to be forgotten
-- Keys follow the events' own times, so that new ones share a page; when a
-- claim was made only this tells.
CREATE INDEX claim_created ON claim (created_us);

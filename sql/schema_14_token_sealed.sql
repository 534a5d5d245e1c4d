-- db_open.c: migrate: version 14, the token sealed, and who fetched it
-- The tokens that stood in the clear are gone, see token_forget_plain.sql.
ALTER TABLE token DROP COLUMN access_token;
-- As seal.h has it; bound to table, column, token_url and client_id.
ALTER TABLE token ADD COLUMN sealed_token BLOB;
ALTER TABLE token ADD COLUMN obtained_by TEXT;

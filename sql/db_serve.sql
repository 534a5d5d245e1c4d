-- db_open.c: open_handle: what holds for connections that write
-- No file in /tmp: a confined process may make none there.
PRAGMA temp_store = MEMORY;

-- db_open.c: open_handle: what holds for every connection
PRAGMA foreign_keys = ON;
PRAGMA trusted_schema = OFF;
-- Checkpoints run under the write gate only; see db_commit.
PRAGMA wal_autocheckpoint = 0;
PRAGMA journal_size_limit = 67108864;
-- Mapped pages shared by several processes make a damaged file likelier.
PRAGMA mmap_size = 0;
PRAGMA synchronous = NORMAL;

-- db_open.c: use_wal: readers and a writer side by side
PRAGMA journal_mode = WAL;

-- db.c: db_begin: a commit is on disk before it returns
PRAGMA synchronous = FULL;

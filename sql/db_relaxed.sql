-- db.c: db_begin: a commit outlives the process, not a loss of power
PRAGMA synchronous = NORMAL;

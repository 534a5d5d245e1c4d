-- db.c: db_commit: the end of a write transaction
COMMIT;

-- db.c: db_begin_read: one unchanging view
BEGIN DEFERRED;

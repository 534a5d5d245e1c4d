-- db.c: db_begin: a write transaction, under the gate
BEGIN IMMEDIATE;

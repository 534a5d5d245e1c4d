-- db.c: undo: as if nothing had been begun
ROLLBACK;

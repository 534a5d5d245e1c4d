#ifndef DB_INSIDE_H
#define DB_INSIDE_H

#include <sqlite3.h>

#include "db.h"
#include "writegate.h"

/*
 * What db.c and db_open.c share and nobody else sees.
 *
 * A statement is NULL until its first use, then kept. status is what went
 * wrong first in the use at hand; bind_next the parameter that a caller who
 * binds in order will name next.
 */
struct db_row {
	struct db *db;
	sqlite3_stmt *statement; /* NULL before its first use */
	const char **names;      /* of its parameters; copied once, since
				    SQLite walks a list for each */
	int names_count;
	enum sql sql;
	enum status status;
	int bind_next;
	bool in_use;
};

struct db {
	sqlite3 *handle;
	struct writegate *gate; /* NULL in mode DB_READ */
	int64_t wait_us;
	struct tally *tally; /* NULL: nobody asks */
	bool durable;        /* synchronous=FULL is set */
	int wal;             /* its descriptor, for db_hurry_wal; -1 */
	int wal_pages;       /* after the newest commit */
	int hurried;         /* those of them that were sent off */
	int checkpoint_from; /* wal_pages at the newest checkpoint */
	int unfinished;      /* checkpoints in a row that left pages */
	struct db_row rows[SQL_COUNT];
};

#define DB_BUSY_MS 1000 /* for SQLite's own locks, within the gate */

/* An SQLite result code, extended or not, as our status. */
enum status db_status(int rc);

/* Runs a whole file, without parameters; logs what went wrong. */
enum status db_run(struct db *db, enum sql sql);

/* --- db_wal.c --- */

/* Has db_wal_pages told after each commit. */
void db_watch_wal(struct db *db);

/*
 * To be called within the gate, after a commit. Copies the WAL into the file
 * when it has grown enough. What fails loses nothing: the commit stands in
 * the WAL.
 */
void db_checkpoint_when_due(struct db *db);

/* To be called outside the gate: has the kernel begin to write the WAL. */
void db_hurry_wal(struct db *db);

#endif

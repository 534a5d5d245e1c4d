#ifndef DB_H
#define DB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql.h"
#include "status.h"
#include "tally.h"

/*
 * One connection to the SQLite file that all processes share, for one
 * thread. Every write transaction and every checkpoint, in every process,
 * holds an exclusive flock on "<file>-gate": writers queue fairly in the
 * kernel, and no checkpoint can race a commit, which on SQLite before
 * 3.51.3 (but 3.50.7 and 3.44.6) can lose committed transactions. The lock
 * dies with its process.
 *
 * Each statement is a file in sql/, known by its name in enum sql, is
 * prepared once per connection and kept.
 */
struct db;
struct db_row; /* a running statement */

enum db_mode {
	DB_SERVE, /* create and migrate when needed, read and write */
	DB_READ   /* must exist with today's schema; never written */
};

/*
 * For a process's first moments, before any thread: SQLite counts what all
 * connections allocate, under one lock, which is 6 % of the store's work.
 * From here on it does not. Without this call all works, slower.
 */
void db_begin_process(void);

/*
 * Opens path. DB_SERVE creates it with mode 0600 and carries an older
 * schema forward, one version per transaction.
 * STATUS_STORE_NETWORK_FS: on NFS, SMB or the like, where WAL's shared
 * memory does not work. STATUS_STORE_NEWER: made by a newer program.
 * Others: _UNAVAILABLE, _CORRUPT, _FULL, _BUSY. The reason, with the path
 * and the remedy, is written to problem; *db is untouched.
 */
#define DB_PROBLEM_BYTES 320
enum status db_open(const char *path, enum db_mode mode, struct db **db,
    char problem[DB_PROBLEM_BYTES]);

/*
 * Closes under the gate: the last connection of all processes empties the
 * WAL into the file. NULL is allowed.
 */
void db_close(struct db *db);

/*
 * Which SQLite this runs on ("3.40.1"), and one sentence on what protects
 * the file from its WAL-reset bug, for the log and `stockroute version`.
 * Static. Fixed are 3.51.3, 3.50.7 and 3.44.6 and what follows in their
 * lines; number is as SQLITE_VERSION_NUMBER counts.
 */
const char *db_sqlite_version(void);
int db_sqlite_number(void);
const char *db_engine(void);
bool db_engine_is_fixed(int number);

/*
 * A file system, by its magic number (statfs(2) f_type), that is not simply
 * a local disk: its name, static; *network tells that db_open refuses it.
 * NULL for all others.
 */
const char *db_filesystem(int64_t magic, bool *network);

/* How long a transaction may wait for the gate; at the start 5 s. */
void db_set_wait(struct db *db, int64_t wait_us);

/*
 * From now on commits, waits for the gate and checkpoints are counted in
 * tally, which may be NULL; borrowed.
 */
void db_count_into(struct db *db, struct tally *tally);

/*
 * Begins a write transaction: takes the gate, then BEGIN IMMEDIATE.
 * durable: the commit is on disk before it returns (synchronous=FULL);
 * otherwise power loss may undo the newest commits, a crash of the process
 * or its killing does not (NORMAL). STATUS_STORE_BUSY: the gate was not
 * free in time, or another program, which does not know the gate, keeps the
 * file locked. After any status but OK no transaction is open, and the gate
 * is free.
 */
enum status db_begin(struct db *db, bool durable);

/*
 * Commits and frees the gate; on failure everything since db_begin is
 * undone. Checkpoints first when the WAL has grown past its mark.
 */
enum status db_commit(struct db *db);

/* Undoes and frees the gate. */
void db_rollback(struct db *db);

/*
 * From now on a statement under way, and each that is begun, ends soon with
 * STATUS_STOPPING once *stop is true, which another thread may set. Borrowed
 * until db_close.
 */
void db_heed(struct db *db, const atomic_bool *stop);

/* Begins and ends a read transaction: one unchanging view of the file. */
enum status db_begin_read(struct db *db);
void db_end_read(struct db *db);

/*
 * Takes a statement in hand, unbound. Never NULL: when it cannot be
 * prepared, binds and steps do nothing and db_done tells. Every use ends
 * with db_done, before the same statement is used again.
 */
struct db_row *db_use(struct db *db, enum sql sql);

/*
 * Binds a named parameter (":event_id"). In the order of the statement's
 * text this costs no search. Texts and blobs are borrowed until db_done;
 * NULL binds NULL.
 */
void db_bind_text(struct db_row *row, const char *name, const char *value);
void db_bind_int(struct db_row *row, const char *name, int64_t value);
void db_bind_blob(
    struct db_row *row, const char *name, const void *bytes, size_t length);
void db_bind_null(struct db_row *row, const char *name);

/*
 * Steps to the next row: true while there is one. A statement with RETURNING
 * has written all it writes before its first row comes.
 */
bool db_next(struct db_row *row);

/* Columns of the row in hand. Texts are never NULL; borrowed till next. */
const char *db_text(struct db_row *row, int column);
/* NULL, and a length of 0, when there are no bytes. */
const void *db_blob(struct db_row *row, int column, size_t *length);
int64_t db_int(struct db_row *row, int column);
double db_real(struct db_row *row, int column);
bool db_is_null(struct db_row *row, int column);
int db_columns(struct db_row *row);
const char *db_column_name(struct db_row *row, int column);

/*
 * Ends the use: resets and unbinds. STATUS_OK, or what went wrong first,
 * in preparing, a bind or a step since db_use (already logged).
 */
enum status db_done(struct db_row *row);

/* The rowid of the last row that was inserted into a table with rowids. */
int64_t db_inserted_id(struct db *db);

/* Rows changed by the last statement that finished. */
int64_t db_changed(struct db *db);

/* Pages in the WAL after the last commit seen by this connection. */
int64_t db_wal_pages(const struct db *db);

/*
 * False when the path no longer names the file that is open: it was moved or
 * deleted, and what is written to it is lost with its last reader.
 */
bool db_is_in_place(const struct db *db);

#endif

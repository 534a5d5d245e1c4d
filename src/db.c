/* db.c: SQL files and values -> rows and transactions of the shared file */
#include "db.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "db_inside.h"
#include "log.h"

/* Of SQLite's machine: far below 1 ms, and some rows of a cold disk. */
#define STEPS_BETWEEN 1000

enum status db_status(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return STATUS_OK;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return STATUS_STORE_BUSY;
	case SQLITE_FULL:
		return STATUS_STORE_FULL;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return STATUS_STORE_CORRUPT;
	case SQLITE_NOMEM:
		return STATUS_MEMORY;
	case SQLITE_INTERRUPT:
		return STATUS_STOPPING;
	default:
		/* It cannot be read or written, or our SQL is wrong. */
		return STATUS_STORE_UNAVAILABLE;
	}
}

static enum status failed(struct db *db, int rc, enum sql sql)
{
	/* Who stopped it knows. */
	if (db_status(rc) != STATUS_STOPPING)
		log_line(LOG_ERROR, NULL, "store: %s: %s (SQLite %d)",
		    sql_name[sql], sqlite3_errmsg(db->handle), rc);
	return db_status(rc);
}

enum status db_run(struct db *db, enum sql sql)
{
	int rc = sqlite3_exec(db->handle, sql_text[sql], NULL, NULL, NULL);

	return rc == SQLITE_OK ? STATUS_OK : failed(db, rc, sql);
}

void db_set_wait(struct db *db, int64_t wait_us)
{
	db->wait_us = wait_us;
}

static int shall_stop(void *arg)
{
	return atomic_load_explicit(
	    (const atomic_bool *)arg, memory_order_relaxed);
}

/* sqlite3_interrupt would miss a statement that is about to begin. */
void db_heed(struct db *db, const atomic_bool *stop)
{
	sqlite3_progress_handler(
	    db->handle, STEPS_BETWEEN, shall_stop, (void *)(uintptr_t)stop);
}

void db_count_into(struct db *db, struct tally *tally)
{
	db->tally = tally;
}

bool db_is_in_place(const struct db *db)
{
	int moved = 0;

	sqlite3_file_control(
	    db->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	return !moved;
}

static enum status take_gate(struct db *db)
{
	int64_t from_us = clock_mono_us();
	enum status status;

	assert(db->gate != NULL); /* not opened with DB_READ */
	status = writegate_take(db->gate, db->wait_us);
	tally_add(db->tally, TALLY_GATE_WAITS, 1);
	tally_add(db->tally, TALLY_GATE_WAIT_US, clock_mono_us() - from_us);
	if (status != STATUS_OK)
		log_line(LOG_WARN, NULL, "store: write gate: %s",
		    status_name(status));
	return status;
}

/* Without parsing it each time: of a small group's cost that is a tenth. */
static enum status run_kept(struct db *db, enum sql sql)
{
	struct db_row *row = db_use(db, sql);

	db_next(row);
	return db_done(row);
}

enum status db_begin(struct db *db, bool durable)
{
	enum status status = take_gate(db);

	if (status != STATUS_OK)
		return status;
	/* Between transactions only: SQLite ignores it within one. */
	if (durable != db->durable)
		status = db_run(db, durable ? SQL_db_durable : SQL_db_relaxed);
	if (status == STATUS_OK) {
		db->durable = durable;
		status = run_kept(db, SQL_db_begin);
	}
	if (status != STATUS_OK)
		writegate_leave(db->gate);
	return status;
}

/* A full disk or a read error may already have undone the transaction. */
static void undo(struct db *db)
{
	if (!sqlite3_get_autocommit(db->handle))
		db_run(db, SQL_db_rollback);
}

enum status db_commit(struct db *db)
{
	int64_t from_us = clock_mono_us();
	enum status status = run_kept(db, SQL_db_commit);

	if (status == STATUS_OK) {
		tally_add(db->tally, TALLY_COMMITS, 1);
		tally_add(
		    db->tally, TALLY_COMMIT_US, clock_mono_us() - from_us);
		db_checkpoint_when_due(db);
	} else {
		undo(db);
	}
	writegate_leave(db->gate);
	db_hurry_wal(db);
	return status;
}

void db_rollback(struct db *db)
{
	undo(db);
	writegate_leave(db->gate);
}

enum status db_begin_read(struct db *db)
{
	return db_run(db, SQL_db_begin_read);
}

void db_end_read(struct db *db)
{
	undo(db);
}

/* Only the first failure counts: what follows is its consequence. */
static void note(struct db_row *row, int rc)
{
	if (row->status == STATUS_OK && db_status(rc) != STATUS_OK)
		row->status = failed(row->db, rc, row->sql);
}

/* "" for a parameter without a name. */
static const char *parameter_name(const struct db_row *row, int index)
{
	const char *name = sqlite3_bind_parameter_name(row->statement, index);

	return name == NULL ? "" : name;
}

/*
 * Copies them: SQLite's own move when it prepares the statement again after
 * another process changed the schema. Without memory for them each parameter
 * is searched for by its name.
 */
static void keep_names(struct db_row *row)
{
	int count = sqlite3_bind_parameter_count(row->statement);
	size_t used = 0;
	char *text;

	for (int i = 1; i <= count; i++)
		used += strlen(parameter_name(row, i)) + 1;
	row->names = malloc((size_t)count * sizeof *row->names + used + 1);
	if (row->names == NULL)
		return;
	text = (char *)(row->names + count);
	for (int i = 0; i < count; i++) {
		row->names[i] = text;
		text = stpcpy(text, parameter_name(row, i + 1)) + 1;
	}
	row->names_count = count;
}

static void prepare(struct db_row *row)
{
	note(row, sqlite3_prepare_v3(row->db->handle, sql_text[row->sql], -1,
		      SQLITE_PREPARE_PERSISTENT, &row->statement, NULL));
	if (row->statement != NULL)
		keep_names(row);
}

struct db_row *db_use(struct db *db, enum sql sql)
{
	struct db_row *row = &db->rows[sql];

	assert(!row->in_use);
	row->db = db;
	row->sql = sql;
	row->status = STATUS_OK;
	row->bind_next = 1;
	row->in_use = true;
	if (row->statement == NULL)
		prepare(row);
	return row;
}

/* A name the statement does not have gives 0, which no bind accepts. */
static int find_parameter(struct db_row *row, const char *name)
{
	int next = row->bind_next;

	if (next > row->names_count || strcmp(row->names[next - 1], name) != 0)
		next = sqlite3_bind_parameter_index(row->statement, name);
	row->bind_next = next + 1;
	return next;
}

void db_bind_text(struct db_row *row, const char *name, const char *value)
{
	if (row->status == STATUS_OK)
		note(row,
		    sqlite3_bind_text(row->statement, find_parameter(row, name),
			value, -1, SQLITE_STATIC));
}

void db_bind_int(struct db_row *row, const char *name, int64_t value)
{
	if (row->status == STATUS_OK)
		note(row, sqlite3_bind_int64(row->statement,
			      find_parameter(row, name), value));
}

void db_bind_blob(
    struct db_row *row, const char *name, const void *bytes, size_t length)
{
	if (row->status == STATUS_OK)
		note(row, sqlite3_bind_blob64(row->statement,
			      find_parameter(row, name), bytes, length,
			      SQLITE_STATIC));
}

void db_bind_null(struct db_row *row, const char *name)
{
	if (row->status == STATUS_OK)
		note(row, sqlite3_bind_null(
			      row->statement, find_parameter(row, name)));
}

bool db_next(struct db_row *row)
{
	int rc;

	if (row->status != STATUS_OK)
		return false;
	rc = sqlite3_step(row->statement);
	note(row, rc);
	return rc == SQLITE_ROW;
}

const char *db_text(struct db_row *row, int column)
{
	const unsigned char *text;

	text = sqlite3_column_text(row->statement, column);
	return text == NULL ? "" : (const char *)text;
}

const void *db_blob(struct db_row *row, int column, size_t *length)
{
	const void *bytes = sqlite3_column_blob(row->statement, column);

	*length = (size_t)sqlite3_column_bytes(row->statement, column);
	return bytes;
}

int64_t db_int(struct db_row *row, int column)
{
	return sqlite3_column_int64(row->statement, column);
}

double db_real(struct db_row *row, int column)
{
	return sqlite3_column_double(row->statement, column);
}

bool db_is_null(struct db_row *row, int column)
{
	return sqlite3_column_type(row->statement, column) == SQLITE_NULL;
}

int db_columns(struct db_row *row)
{
	return sqlite3_column_count(row->statement);
}

const char *db_column_name(struct db_row *row, int column)
{
	const char *name = sqlite3_column_name(row->statement, column);

	return name == NULL ? "" : name;
}

enum status db_done(struct db_row *row)
{
	/* What these return repeats the step's code, which was noted. */
	if (row->statement != NULL) {
		sqlite3_reset(row->statement);
		sqlite3_clear_bindings(row->statement);
	}
	row->in_use = false;
	return row->status;
}

int64_t db_inserted_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

int64_t db_changed(struct db *db)
{
	return sqlite3_changes64(db->handle);
}

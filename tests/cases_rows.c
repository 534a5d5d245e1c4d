/* cases_rows.c: a database of the program -> its newest decision as JSON */
#include "cases.h"

#include <sqlite3.h>
#include <unistd.h>

static json_t *column_value(sqlite3_stmt *row, int column)
{
	switch (sqlite3_column_type(row, column)) {
	case SQLITE_INTEGER:
		return json_integer(sqlite3_column_int64(row, column));
	case SQLITE_FLOAT:
		return json_real(sqlite3_column_double(row, column));
	default:
		return json_string(
		    (const char *)sqlite3_column_text(row, column));
	}
}

static json_t *row_object(sqlite3_stmt *row)
{
	json_t *object = json_object();
	int i;

	for (i = 0; i < sqlite3_column_count(row); i++) {
		if (sqlite3_column_type(row, i) != SQLITE_NULL)
			json_object_set_new(object, sqlite3_column_name(row, i),
			    column_value(row, i));
	}
	return object;
}

/* The newest row, and in *count how many there are. */
static json_t *read_newest(sqlite3 *db, size_t *count)
{
	static const char query[] =
	    "SELECT count(*) OVER () AS rows, * FROM decision"
	    " ORDER BY decision.rowid DESC LIMIT 1";
	sqlite3_stmt *row = NULL;
	json_t *newest = NULL;

	if (sqlite3_prepare_v2(db, query, -1, &row, NULL) != SQLITE_OK)
		return NULL;
	if (sqlite3_step(row) == SQLITE_ROW) {
		*count = (size_t)sqlite3_column_int64(row, 0);
		newest = row_object(row);
	}
	sqlite3_finalize(row);
	return newest;
}

size_t rows_newest(const char *db_path, json_t **newest)
{
	sqlite3 *db = NULL;
	size_t count = 0;

	*newest = NULL;
	if (access(db_path, F_OK) != 0)
		return 0;
	/* Not read-only: the last reader of a WAL must be able to end it. */
	if (sqlite3_open_v2(db_path, &db, SQLITE_OPEN_READWRITE, NULL) ==
	    SQLITE_OK) {
		sqlite3_busy_timeout(db, CASE_WAIT_MS);
		/* A reader that closes last would checkpoint without the
		 * program's gate. */
		sqlite3_db_config(
		    db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		*newest = read_newest(db, &count);
	}
	sqlite3_close(db);
	return count;
}

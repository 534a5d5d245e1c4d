#ifndef DB_PLACE_H
#define DB_PLACE_H

/*
 * A directory with a database of its own for each test that needs one, and
 * ways to look at the file that are not ours. Each test program is one
 * file, so the functions stand here.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "db.h"

/* A directory of its own for each test; the file is not made. */
struct place {
	char dir[64];
	char path[96];
	char problem[DB_PROBLEM_BYTES];
};

static inline int make_place(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	assert_non_null(place);
	snprintf(place->dir, sizeof place->dir, "/tmp/stockroute_test_XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	snprintf(place->path, sizeof place->path, "%s/s.db", place->dir);
	*state = place;
	return 0;
}

static inline int remove_place(void **state)
{
	struct place *place = *state;
	char command[96];

	snprintf(command, sizeof command, "rm -rf %s", place->dir);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

static inline struct db *must_open(struct place *place, enum db_mode mode)
{
	struct db *db = NULL;
	enum status status = db_open(place->path, mode, &db, place->problem);

	if (status != STATUS_OK)
		fail_msg("%s: %s", status_name(status), place->problem);
	assert_string_equal(place->problem, "");
	return db;
}

/* A connection that knows nothing of ours. */
static inline sqlite3 *raw_open(const struct place *place)
{
	sqlite3 *raw = NULL;

	assert_int_equal(sqlite3_open(place->path, &raw), SQLITE_OK);
	sqlite3_busy_timeout(raw, 5000);
	return raw;
}

static inline void raw_run(sqlite3 *raw, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(raw, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
}

static inline int64_t raw_int(const struct place *place, const char *sql)
{
	sqlite3 *raw = raw_open(place);
	sqlite3_stmt *statement = NULL;
	int64_t value;

	assert_int_equal(
	    sqlite3_prepare_v2(raw, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(raw);
	return value;
}

static inline void is_sound(const struct place *place)
{
	assert_int_equal(
	    raw_int(place,
		"SELECT count(*) = 1 AND max(integrity_check) = 'ok' "
		"FROM pragma_integrity_check"),
	    1);
}

/* As many as there are files sql/schema_N_... */
static inline int newest_schema(void)
{
	int count = 0;

	for (int sql = 0; sql < SQL_COUNT; sql++)
		count += strncmp(sql_name[sql], "schema_", 7) == 0;
	return count;
}

static inline enum status add_row(struct db *db, const char *id)
{
	struct db_row *row = db_use(db, SQL_decision_insert);

	db_bind_int(row, ":received_us", 1);
	db_bind_text(row, ":interaction_id", id);
	db_bind_text(row, ":outcome", "routed");
	db_bind_text(row, ":status", "ok");
	db_bind_int(row, ":http", 200);
	db_bind_int(row, ":inventory_attempts", 1);
	db_bind_int(row, ":cxone_attempts", 1);
	db_bind_int(row, ":token_refreshes", 0);
	db_bind_int(row, ":queue_attempts", 0);
	db_bind_int(row, ":total_us", 12340);
	db_next(row);
	return db_done(row);
}

static inline enum status add_committed(struct db *db, const char *id)
{
	enum status status = db_begin(db, false);

	if (status != STATUS_OK)
		return status;
	status = add_row(db, id);
	if (status == STATUS_OK)
		return db_commit(db);
	db_rollback(db);
	return status;
}

/* -1 when there is no such file. */
static inline off_t size_of(const struct place *place, const char *suffix)
{
	char path[128];
	struct stat about;

	snprintf(path, sizeof path, "%s%s", place->path, suffix);
	return stat(path, &about) == 0 ? about.st_size : -1;
}

static inline void ends_well(pid_t child)
{
	int how = 0;

	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFEXITED(how));
	assert_int_equal(WEXITSTATUS(how), 0);
}

/* A process that holds the gate until it is killed. */
static inline pid_t hold_gate(const struct place *place)
{
	char path[128];
	int ready_pipe[2];
	char byte;
	pid_t child;

	snprintf(path, sizeof path, "%s-gate", place->path);
	assert_int_equal(pipe(ready_pipe), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int fd = open(path, O_RDWR);

		alarm(60);
		if (fd < 0 || flock(fd, LOCK_EX) != 0)
			_exit(1);
		if (write(ready_pipe[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready_pipe[1]);
	assert_int_equal(read(ready_pipe[0], &byte, 1), 1);
	close(ready_pipe[0]);
	return child;
}

static inline void kill_child(pid_t child)
{
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

/* How many decisions db sees, by a statement of its own: without any it
 * gives no row. */
static inline int64_t count_rows(struct db *db)
{
	struct db_row *row = db_use(db, SQL_reports_exact);
	int64_t count = 0;

	if (db_next(row)) {
		assert_string_equal(db_column_name(row, 1), "count");
		count = db_int(row, 1);
	}
	assert_int_equal(db_done(row), STATUS_OK);
	return count;
}

#define WITH_PLACE(test)                                                       \
	cmocka_unit_test_setup_teardown(test, make_place, remove_place)

#endif

/* test_db.c: the shared file through db.h, with real files and processes */
#include "db.h"

#include "db_place.h"

static void refuses(struct place *place, enum db_mode mode,
    enum status expected, const char *words)
{
	struct db *db = NULL;
	enum status status = db_open(place->path, mode, &db, place->problem);

	assert_string_equal(status_name(status), status_name(expected));
	assert_null(db);
	if (strstr(place->problem, words) == NULL)
		fail_msg("'%s' is not in '%s'", words, place->problem);
}

static mode_t mode_of(const struct place *place, const char *suffix)
{
	char path[128];
	struct stat about;

	snprintf(path, sizeof path, "%s%s", place->path, suffix);
	assert_int_equal(stat(path, &about), 0);
	return about.st_mode & 07777;
}

static void a_new_file_is_private_with_todays_schema(void **state)
{
	struct place *place = *state;
	struct db *db;
	mode_t before = umask(0);

	db = must_open(place, DB_SERVE);
	umask(before);
	assert_int_equal(add_committed(db, "a"), STATUS_OK);
	assert_int_equal(mode_of(place, ""), 0600);
	assert_int_equal(mode_of(place, "-wal"), 0600);
	assert_int_equal(mode_of(place, "-shm"), 0600);
	assert_int_equal(mode_of(place, "-gate"), 0600);
	db_close(db);
	assert_int_equal(
	    raw_int(place, "PRAGMA user_version"), newest_schema());
	assert_int_not_equal(raw_int(place, "PRAGMA application_id"), 0);
	assert_int_equal(raw_int(place, "SELECT journal_mode = 'wal' FROM "
					"pragma_journal_mode"),
	    1);
	assert_int_equal(raw_int(place, "SELECT count(*) FROM token"), 0);
}

static void a_file_others_could_read_is_made_private(void **state)
{
	struct place *place = *state;

	db_close(must_open(place, DB_SERVE));
	assert_int_equal(chmod(place->path, 0644), 0);
	db_close(must_open(place, DB_SERVE));
	assert_int_equal(mode_of(place, ""), 0600);
}

/* The file as an older program left it, and a connection to fill it. */
static sqlite3 *make_version(struct place *place, int version)
{
	static const enum sql migrations[] = {SQL_schema_1_decision,
	    SQL_schema_2_token, SQL_schema_3_claim, SQL_schema_4_throttle,
	    SQL_schema_5_breaker, SQL_schema_6_outbox, SQL_schema_7_attempt,
	    SQL_schema_8_size, SQL_schema_9_outbox_parked, SQL_schema_10_trace};
	char marks[96];
	sqlite3 *raw;
	int64_t id;
	int i;

	db_close(must_open(place, DB_SERVE));
	id = raw_int(place, "PRAGMA application_id");
	assert_int_equal(unlink(place->path), 0);
	raw = raw_open(place);
	for (i = 0; i < version; i++)
		raw_run(raw, sql_text[migrations[i]]);
	snprintf(marks, sizeof marks,
	    "PRAGMA application_id = %d; PRAGMA user_version = %d", (int)id,
	    version);
	raw_run(raw, marks);
	return raw;
}

static void a_version_1_file_keeps_its_rows(void **state)
{
	struct place *place = *state;
	sqlite3 *raw = make_version(place, 1);

	raw_run(raw,
	    "INSERT INTO decision (received_us, outcome, status, "
	    "http, inventory_attempts, cxone_attempts, token_refreshes, "
	    "total_us) VALUES (1, 'routed', 'ok', 200, 1, 1, 0, 77)");
	sqlite3_close(raw);

	refuses(place, DB_READ, STATUS_STORE_UNAVAILABLE, "schema 1");
	db_close(must_open(place, DB_SERVE));
	assert_int_equal(
	    raw_int(place, "PRAGMA user_version"), newest_schema());
	assert_int_equal(raw_int(place, "SELECT total_us FROM decision"), 77);
	assert_int_equal(raw_int(place, "SELECT count(*) FROM token"), 0);
}

static void old_decisions_that_came_twice_become_one_and_its_history(
    void **state)
{
	struct place *place = *state;
	sqlite3 *raw = make_version(place, 10);

	raw_run(raw,
	    "INSERT INTO decision (received_us, interaction_id, outcome, "
	    "status, http, inventory_attempts, cxone_attempts, "
	    "token_refreshes, queue_attempts, total_us) VALUES "
	    "(1, 'call', 'failed', 'timeout', 200, 1, 1, 0, 8, 77), "
	    "(2, 'call', 'failed', 'timeout', 200, 1, 1, 0, 8, 77), "
	    "(1, 'call', 'routed', 'ok', 200, 1, 1, 0, 1, 77), "
	    "(3, 'call', 'failed', 'timeout', 500, 1, 1, 0, 0, 77), "
	    "(3, 'call', 'routed', 'ok', 200, 1, 1, 0, 0, 77)");
	sqlite3_close(raw);
	db_close(must_open(place, DB_SERVE));
	assert_int_equal(raw_int(place, "SELECT count(*) FROM decision "
					"WHERE replaced_by IS NULL"),
	    4);
	assert_int_equal(
	    raw_int(place, "SELECT replaced_by FROM decision WHERE id = 1"), 3);
}

static void a_newer_schema_is_refused_and_left_alone(void **state)
{
	struct place *place = *state;
	sqlite3 *raw;

	db_close(must_open(place, DB_SERVE));
	raw = raw_open(place);
	raw_run(raw, "PRAGMA user_version = 99");
	sqlite3_close(raw);
	refuses(place, DB_SERVE, STATUS_STORE_NEWER, "schema 99");
	refuses(place, DB_READ, STATUS_STORE_NEWER, "schema 99");
	assert_int_equal(raw_int(place, "PRAGMA user_version"), 99);
}

static void another_programs_database_is_left_alone(void **state)
{
	struct place *place = *state;
	sqlite3 *raw = raw_open(place);

	raw_run(raw, "CREATE TABLE theirs (x)");
	sqlite3_close(raw);
	refuses(place, DB_SERVE, STATUS_STORE_UNAVAILABLE, "another program");
	assert_int_equal(
	    raw_int(place, "SELECT count(*) FROM sqlite_schema"), 1);
}

static void a_file_of_garbage_is_called_corrupt(void **state)
{
	struct place *place = *state;
	FILE *file = fopen(place->path, "w");

	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fputs("this is no database ", file);
	fclose(file);
	refuses(place, DB_SERVE, STATUS_STORE_CORRUPT, "backup");
}

static void a_missing_directory_is_told_with_a_remedy(void **state)
{
	struct place *place = *state;

	snprintf(place->path, sizeof place->path, "%s/no/s.db", place->dir);
	refuses(place, DB_SERVE, STATUS_STORE_UNAVAILABLE, "STOCKROUTE_DB");
	place->path[0] = '\0';
	refuses(place, DB_SERVE, STATUS_STORE_UNAVAILABLE, "STOCKROUTE_DB");
}

static void reading_never_makes_a_file(void **state)
{
	struct place *place = *state;

	refuses(place, DB_READ, STATUS_STORE_UNAVAILABLE, "STOCKROUTE_DB");
	assert_int_equal(access(place->path, F_OK), -1);
}

static void a_read_transaction_sees_one_unchanging_view(void **state)
{
	struct place *place = *state;
	struct db *writer = must_open(place, DB_SERVE);
	struct db *reader = must_open(place, DB_READ);

	assert_int_equal(add_committed(writer, "a"), STATUS_OK);
	assert_int_equal(db_begin_read(reader), STATUS_OK);
	assert_int_equal(count_rows(reader), 1);
	assert_int_equal(add_committed(writer, "b"), STATUS_OK);
	assert_int_equal(count_rows(reader), 1);
	db_end_read(reader);
	assert_int_equal(count_rows(reader), 2);
	db_close(reader);
	db_close(writer);
}

static void a_rollback_leaves_nothing(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);

	assert_int_equal(db_begin(db, true), STATUS_OK);
	assert_int_equal(add_row(db, "a"), STATUS_OK);
	assert_int_equal(db_changed(db), 1);
	db_rollback(db);
	assert_int_equal(count_rows(db), 0);
	assert_int_equal(add_committed(db, "b"), STATUS_OK);
	assert_int_equal(count_rows(db), 1);
	db_close(db);
}

static void what_returns_a_row_has_written_before_it_comes(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);
	struct db_row *row;

	assert_int_equal(db_begin(db, false), STATUS_OK);
	row = db_use(db, SQL_token_lease);
	db_bind_text(row, ":token_url", "u");
	db_bind_text(row, ":client_id", "c");
	db_bind_text(row, ":owner", "o");
	db_bind_int(row, ":until_us", 7);
	assert_true(db_next(row));
	assert_int_equal(db_done(row), STATUS_OK);
	assert_int_equal(db_changed(db), 1);
	assert_int_equal(db_commit(db), STATUS_OK);
	row = db_use(db, SQL_token_read);
	db_bind_text(row, ":token_url", "u");
	db_bind_text(row, ":client_id", "c");
	assert_true(db_next(row));
	assert_int_equal(db_int(row, 6), 7);
	assert_int_equal(db_done(row), STATUS_OK);
	db_close(db);
}

static void a_misspelt_parameter_is_an_error(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);
	struct db_row *row = db_use(db, SQL_reports_exact);

	db_bind_int(row, ":sinec_us", 1);
	assert_false(db_next(row));
	assert_int_equal(db_done(row), STATUS_STORE_UNAVAILABLE);
	assert_int_equal(count_rows(db), 0);
	db_close(db);
}

static void values_come_back_as_they_were_bound(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);
	struct db_row *row;

	assert_int_equal(add_committed(db, "it's \"x\""), STATUS_OK);
	row = db_use(db, SQL_reports_event);
	db_bind_text(row, ":id", "it's \"x\"");
	assert_true(db_next(row));
	assert_int_equal(db_int(row, 0), 1);
	assert_string_equal(db_text(row, 3), "it's \"x\"");
	assert_true(db_is_null(row, 4));
	assert_string_equal(db_text(row, 4), "");
	assert_true(db_real(row, db_columns(row) - 1) > 12339.9);
	assert_false(db_next(row));
	assert_int_equal(db_done(row), STATUS_OK);
	db_close(db);
}

/* SQLite prepares it again, and the names it gave before are gone. */
static void a_statement_survives_a_schema_change_by_another(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);
	sqlite3 *raw;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(add_committed(db, "a"), STATUS_OK);
		raw = raw_open(place);
		raw_run(raw, "DROP TABLE IF EXISTS other");
		raw_run(raw, "CREATE TABLE other (x INTEGER) STRICT");
		sqlite3_close(raw);
	}
	assert_int_equal(add_committed(db, "b"), STATUS_OK);
	assert_int_equal(count_rows(db), 4);
	db_close(db);
}

static void network_file_systems_are_known_by_their_magic(void **state)
{
	static const int64_t refused[] = {0x6969, 0x517b, 0xff534d42,
	    0xfe534d42, 0x5346414f, 0x6b414653, 0x73757245, 0x00c36400,
	    0x01021997, -11317950 /* CIFS where f_type is 32 bits */};
	bool network;

	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		network = false;
		assert_non_null(db_filesystem(refused[i], &network));
		assert_true(network);
	}
	assert_string_equal(db_filesystem(0x65735546, &network), "FUSE");
	assert_false(network);
	assert_null(db_filesystem(0xef53, &network));
	assert_null(db_filesystem(0x01021994, &network));
}

static void fixed_sqlite_versions_are_told_from_others(void **state)
{
	static const int fixed[] = {
	    3044006, 3044009, 3050007, 3051003, 3052000, 4000000};
	static const int broken[] = {
	    3007000, 3040001, 3044005, 3045000, 3050006, 3051000, 3051002};

	(void)state;
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		assert_true(db_engine_is_fixed(fixed[i]));
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		assert_false(db_engine_is_fixed(broken[i]));
	assert_non_null(strstr(db_engine(), "write gate"));
	assert_string_equal(db_sqlite_version(), sqlite3_libversion());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(a_new_file_is_private_with_todays_schema),
	    WITH_PLACE(a_file_others_could_read_is_made_private),
	    WITH_PLACE(a_version_1_file_keeps_its_rows),
	    WITH_PLACE(
		old_decisions_that_came_twice_become_one_and_its_history),
	    WITH_PLACE(a_newer_schema_is_refused_and_left_alone),
	    WITH_PLACE(another_programs_database_is_left_alone),
	    WITH_PLACE(a_file_of_garbage_is_called_corrupt),
	    WITH_PLACE(a_missing_directory_is_told_with_a_remedy),
	    WITH_PLACE(reading_never_makes_a_file),
	    WITH_PLACE(a_read_transaction_sees_one_unchanging_view),
	    WITH_PLACE(a_rollback_leaves_nothing),
	    WITH_PLACE(what_returns_a_row_has_written_before_it_comes),
	    WITH_PLACE(a_misspelt_parameter_is_an_error),
	    WITH_PLACE(values_come_back_as_they_were_bound),
	    WITH_PLACE(a_statement_survives_a_schema_change_by_another),
	    cmocka_unit_test(network_file_systems_are_known_by_their_magic),
	    cmocka_unit_test(fixed_sqlite_versions_are_told_from_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_report.c: known decisions through report.h -> the right answers */
#include "report.h"

#include "clock.h"
#include "db_place.h"

#define HOUR_US (3600 * CLOCK_SECOND)
#define MAY_US  INT64_C(1715767200000000) /* 2024-05-15T10:00:00Z */

static const struct period ever = {0, INT64_MAX};
static const struct period later = {MAY_US + 100 * HOUR_US, INT64_MAX};

/* Adds count rows; i runs from 1 in the SQL that makes their values. */
static void add_rows(struct place *place, int count, const char *values)
{
	sqlite3 *raw;
	char sql[2048];

	db_close(must_open(place, DB_SERVE));
	raw = raw_open(place);
	snprintf(sql, sizeof sql,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < %d) INSERT INTO decision (received_us, interaction_id, "
	    "media_type, inventory_status, outcome, status, http, "
	    "inventory_attempts, cxone_attempts, token_refreshes, "
	    "sku_us, inventory_us, total_us) SELECT %s FROM n",
	    count, values);
	raw_run(raw, sql);
	sqlite3_close(raw);
}

static const char *cell(
    const struct table *table, size_t row, const char *column)
{
	for (size_t i = 0; i < table_columns(table); i++)
		if (strcmp(table_name(table, i), column) == 0)
			return table_text(table, row, i);
	fail_msg("no column %s", column);
	return NULL;
}

static void cell_is(const struct table *table, size_t row, const char *column,
    const char *expected)
{
	assert_true(row < table_rows(table));
	assert_string_equal(cell(table, row, column), expected);
}

static const char mixed[] =
    "1715767200000000 + (i - 1) * 1800000000, 'call-' || i, "
    "iif(i % 2, 'voice', NULL), iif(i < 3, 'in_stock', 'timeout'), "
    "CASE i WHEN 1 THEN 'routed' WHEN 2 THEN 'routed' "
    "WHEN 3 THEN 'fallback' WHEN 4 THEN 'skipped' "
    "WHEN 5 THEN 'refused' ELSE 'failed' END, "
    "iif(i = 6, 'rate_limited', 'ok'), 200, 1, 1, 0, 1, 2, i * 1000";

static void the_summary_has_totals_and_the_fallback_share(void **state)
{
	struct table *table = NULL;
	struct db *db;

	add_rows(*state, 6, mixed);
	db = must_open(*state, DB_READ);
	assert_int_equal(report_summary(db, &ever, &table), STATUS_OK);
	assert_int_equal(table_rows(table), 1);
	cell_is(table, 0, "events", "6");
	cell_is(table, 0, "routed", "2");
	cell_is(table, 0, "failed", "1");
	cell_is(table, 0, "fallback_percent", "33.3");
	cell_is(table, 0, "first", "2024-05-15T10:00:00Z");
	cell_is(table, 0, "last", "2024-05-15T12:30:00Z");
	table_free(table);
	assert_int_equal(report_summary(db, &later, &table), STATUS_OK);
	cell_is(table, 0, "events", "0");
	assert_null(cell(table, 0, "fallback_percent"));
	assert_null(cell(table, 0, "first"));
	table_free(table);
	db_close(db);
}

static void replaced_decisions_are_history_and_are_not_counted(void **state)
{
	struct db *db;
	struct table *table;
	sqlite3 *raw;

	add_rows(*state, 3,
	    "7, 'call', 'voice', 'in_stock', "
	    "iif(i < 3, 'failed', 'routed'), 'ok', 200, 1, 1, 0, 5, 6, i");
	raw = raw_open(*state);
	raw_run(raw, "UPDATE decision SET replaced_by = 3 WHERE id < 3");
	sqlite3_close(raw);
	db = must_open(*state, DB_READ);
	assert_int_equal(report_summary(db, &ever, &table), STATUS_OK);
	cell_is(table, 0, "events", "1");
	table_free(table);
	db_close(db);
}

/* As an operator would: the file as it is, no parameter set. */
static void the_files_run_in_the_sqlite3_shell(void **state)
{
	static const char *const files[] = {"exact", "first", "summary",
	    "events", "events_of", "events_newer", "events_page", "events_span",
	    "events_newest", "event", "event_others", "event_queued",
	    "event_attempts"};
	struct place *place = *state;
	char command[256];

	if (system("command -v sqlite3 > /dev/null") != 0 ||
	    access("sql", R_OK) != 0)
		skip();
	add_rows(place, 6, mixed);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(command, sizeof command,
		    "sqlite3 -bail -readonly %s < sql/reports_%s.sql "
		    "> %s/out 2>&1",
		    place->path, files[i], place->dir);
		assert_int_equal(system(command), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(the_summary_has_totals_and_the_fallback_share),
	    WITH_PLACE(replaced_decisions_are_history_and_are_not_counted),
	    WITH_PLACE(the_files_run_in_the_sqlite3_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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

static struct table *latency(
    struct place *place, enum report_by by, int64_t since_us)
{
	struct db *db = must_open(place, DB_READ);
	struct period period = {since_us, INT64_MAX};
	struct table *table = NULL;

	assert_int_equal(report_latency(db, by, &period, &table), STATUS_OK);
	db_close(db);
	return table;
}

/* 1,000 times of 1 to 1,000 us in a mixed order: rank n is n us. */
static void percentiles_are_the_nearest_ranks(void **state)
{
	struct table *table;

	add_rows(*state, 1000,
	    "i, i, 'voice', 'in_stock', 'routed', 'ok', 200, 1, 1, 0, "
	    "5, 1 + i * 377 % 1000, 2000");
	table = latency(*state, REPORT_BY_STEP, 0);
	assert_int_equal(table_rows(table), 3);
	cell_is(table, 1, "step", "inventory");
	cell_is(table, 1, "count", "1000");
	cell_is(table, 1, "p50_ms", "0.500");
	cell_is(table, 1, "p90_ms", "0.900");
	cell_is(table, 1, "p95_ms", "0.950");
	cell_is(table, 1, "p99_ms", "0.990");
	cell_is(table, 1, "max_ms", "1.000");
	cell_is(table, 0, "step", "sku");
	cell_is(table, 0, "p50_ms", "0.005");
	cell_is(table, 0, "max_ms", "0.005");
	table_free(table);
}

/* ceil(0.5 * 3) = 2nd, ceil(0.9 * 3) = 3rd. */
static void percentiles_of_few_values_are_right_too(void **state)
{
	struct table *table;

	add_rows(*state, 3,
	    "i, i, 'voice', 'in_stock', 'routed', 'ok', 200, 1, 1, 0, "
	    "NULL, iif(i = 1, NULL, i * 1000), i * 10000");
	table = latency(*state, REPORT_BY_STEP, 0);
	assert_int_equal(table_rows(table), 2);
	cell_is(table, 0, "step", "inventory");
	cell_is(table, 0, "count", "2");
	cell_is(table, 0, "p50_ms", "2.000");
	cell_is(table, 0, "p90_ms", "3.000");
	cell_is(table, 1, "step", "total");
	cell_is(table, 1, "count", "3");
	cell_is(table, 1, "p50_ms", "20.000");
	cell_is(table, 1, "p90_ms", "30.000");
	table_free(table);
}

static const char mixed[] =
    "1715767200000000 + (i - 1) * 1800000000, 'call-' || i, "
    "iif(i % 2, 'voice', NULL), iif(i < 3, 'in_stock', 'timeout'), "
    "CASE i WHEN 1 THEN 'routed' WHEN 2 THEN 'routed' "
    "WHEN 3 THEN 'fallback' WHEN 4 THEN 'skipped' "
    "WHEN 5 THEN 'refused' ELSE 'failed' END, "
    "iif(i = 6, 'rate_limited', 'ok'), 200, 1, 1, 0, 1, 2, i * 1000";

static void groups_count_their_outcomes(void **state)
{
	struct table *table;

	add_rows(*state, 6, mixed);
	table = latency(*state, REPORT_BY_HOUR, 0);
	assert_int_equal(table_rows(table), 3);
	cell_is(table, 0, "group", "2024-05-15T10:00Z");
	cell_is(table, 0, "routed", "2");
	cell_is(table, 0, "max_ms", "2.000");
	cell_is(table, 1, "group", "2024-05-15T11:00Z");
	cell_is(table, 1, "fallback", "1");
	cell_is(table, 1, "skipped", "1");
	cell_is(table, 2, "other", "1");
	cell_is(table, 2, "failed", "1");
	table_free(table);
}

static void each_grouping_has_its_groups(void **state)
{
	static const struct {
		enum report_by by;
		size_t rows;
		const char *first;
	} expected[] = {
	    {REPORT_BY_STATUS, 2, "ok"},
	    {REPORT_BY_INVENTORY, 2, "in_stock"},
	    {REPORT_BY_MEDIA, 2, "-"},
	    {REPORT_BY_OUTCOME, 5, "failed"},
	};

	add_rows(*state, 6, mixed);
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		struct table *table = latency(*state, expected[i].by, 0);

		assert_int_equal(table_rows(table), expected[i].rows);
		cell_is(table, 0, "group", expected[i].first);
		table_free(table);
	}
}

static void older_and_later_decisions_are_left_out(void **state)
{
	const struct period hour = {MAY_US + HOUR_US, MAY_US + 2 * HOUR_US};
	struct table *table;
	struct db *db;

	add_rows(*state, 6, mixed);
	table = latency(*state, REPORT_BY_HOUR, MAY_US + HOUR_US);
	assert_int_equal(table_rows(table), 2);
	table_free(table);
	table = latency(*state, REPORT_BY_STEP, MAY_US + 100 * HOUR_US);
	assert_int_equal(table_rows(table), 0);
	table_free(table);
	db = must_open(*state, DB_READ);
	assert_int_equal(
	    report_latency(db, REPORT_BY_HOUR, &hour, &table), STATUS_OK);
	assert_int_equal(table_rows(table), 1);
	cell_is(table, 0, "group", "2024-05-15T11:00Z");
	table_free(table);
	db_close(db);
}

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
	table = latency(*state, REPORT_BY_OUTCOME, 0);
	assert_int_equal(table_rows(table), 1);
	table_free(table);
	table = latency(*state, REPORT_BY_STEP, 0);
	cell_is(table, 0, "count", "1");
	table_free(table);
}

/* As an operator would: the file as it is, no parameter set. */
static void the_files_run_in_the_sqlite3_shell(void **state)
{
	static const char *const files[] = {"by_step", "by_group", "summary",
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

/* A plan that compares each row with each would take hours. */
static void a_hundred_thousand_decisions_take_seconds(void **state)
{
	struct table *table;
	int64_t from_us;

	add_rows(*state, 100000,
	    "i, i, 'voice', 'in_stock', 'routed', 'ok', 200, 1, 1, 0, "
	    "i % 7, abs(random() % 100000), abs(random() % 200000)");
	from_us = clock_mono_us();
	table = latency(*state, REPORT_BY_STEP, 0);
	assert_int_equal(table_rows(table), 3);
	table_free(table);
	table = latency(*state, REPORT_BY_HOUR, 0);
	assert_int_equal(table_rows(table), 1);
	table_free(table);
	assert_in_range(clock_mono_us() - from_us, 0, 20 * CLOCK_SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(percentiles_are_the_nearest_ranks),
	    WITH_PLACE(percentiles_of_few_values_are_right_too),
	    WITH_PLACE(groups_count_their_outcomes),
	    WITH_PLACE(each_grouping_has_its_groups),
	    WITH_PLACE(older_and_later_decisions_are_left_out),
	    WITH_PLACE(the_summary_has_totals_and_the_fallback_share),
	    WITH_PLACE(replaced_decisions_are_history_and_are_not_counted),
	    WITH_PLACE(the_files_run_in_the_sqlite3_shell),
	    WITH_PLACE(a_hundred_thousand_decisions_take_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

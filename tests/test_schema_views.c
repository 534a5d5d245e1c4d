/* test_schema_views.c: views and reports in the sqlite3 shell */
#include <math.h>

#include "clock.h"
#include "db_place.h"
#include "figures.h"
#include "rollup_fold.h"

#define SEED   20261122
#define HOUR_S INT64_C(3600)
#define DAY_S  (24 * HOUR_S)
#define DAYS   2
#define EVENTS 3000
#define LINE   1000

/* The beginning of the day before yesterday, UTC: what the README asks for
 * is about now. */
static int64_t begin_s(void)
{
	int64_t now_s = clock_wall_us() / CLOCK_SECOND;

	return now_s - now_s % DAY_S - DAYS * DAY_S;
}

static void insert(struct db *db)
{
	struct record record;
	int64_t span_us = DAYS * DAY_S * CLOCK_SECOND;

	record_init(&record);
	record.received_us =
	    begin_s() * CLOCK_SECOND + (int64_t)(drand48() * (double)span_us);
	snprintf(record.media_type, sizeof record.media_type, "%s",
	    lrand48() % 2 == 0 ? "voice" : "chat");
	record.outcome = (enum outcome)(lrand48() % OUTCOME_COUNT);
	/* From 0 us to minutes. */
	record.total_us = (int64_t)(drand48() * (double)(1 << lrand48() % 28));
	record.step_us[STEP_CXONE] = record.total_us / 2;
	record.write_from_us = clock_mono_us();
	assert_int_equal(record_insert(db, &record), STATUS_OK);
}

/* One file for all tests: none changes it. */
static int fill(void **state)
{
	int64_t folded = 0;
	struct db *db;

	make_place(state);
	db = must_open(*state, DB_SERVE);
	srand48(SEED);
	assert_int_equal(db_begin(db, false), STATUS_OK);
	for (int i = 0; i < EVENTS; i++)
		insert(db);
	assert_int_equal(rollup_fold(db, EVENTS + 1, &folded), STATUS_OK);
	assert_int_equal(db_commit(db), STATUS_OK);
	assert_int_equal(folded, EVENTS);
	db_close(db);
	return 0;
}

/* What the shell prints for it; closed with pclose. */
static FILE *ask_shell(const struct place *place, const char *sql)
{
	char command[2000];
	FILE *out;

	snprintf(command, sizeof command,
	    "sqlite3 -bail -readonly -separator ' ' %s \"%s\" 2>&1",
	    place->path, sql);
	out = popen(command, "r");
	assert_non_null(out);
	return out;
}

static bool has_shell(void)
{
	return system("command -v sqlite3 > /dev/null") == 0;
}

/* SQL rounds to three decimals of a millisecond. */
static void is_near(double got_ms, double us)
{
	if (fabs(got_ms * 1e3 - us) > 0.51 + us * 1e-9)
		fail_msg("%.3f ms in SQL, %.3f in C", got_ms, us / 1e3);
}

/* Blank is what the shell puts between columns. */
static double next_number(char **rest)
{
	char *word = strtok_r(NULL, " \n", rest);

	assert_non_null(word);
	return strtod(word, NULL);
}

static void row_agrees(char *line, const struct figures_row *row)
{
	char *rest = NULL;

	assert_string_equal(strtok_r(line, " ", &rest), row->name);
	assert_int_equal((int64_t)next_number(&rest), row->count);
	assert_int_equal(
	    (int64_t)next_number(&rest), row->outcomes[OUTCOME_ROUTED]);
	assert_int_equal(
	    (int64_t)next_number(&rest), row->outcomes[OUTCOME_FAILED]);
	for (int i = 0; i < FIGURES_PERCENTILES; i++)
		is_near(next_number(&rest), row->us[i]);
	is_near(next_number(&rest), row->max_us);
}

static void agrees(struct place *place, enum figures_by by, const char *sql)
{
	const struct figures_ask ask = {
	    .period = {begin_s() * CLOCK_SECOND,
		(begin_s() + DAYS * DAY_S) * CLOCK_SECOND},
	    .zone = MOMENT_UTC,
	    .by = by,
	};
	struct db *db = must_open(place, DB_READ);
	struct figures figures = {0};
	char line[LINE];
	size_t count = 0;
	FILE *out;

	assert_int_equal(
	    figures_read(db, &ask, clock_wall_us(), &figures), STATUS_OK);
	out = ask_shell(place, sql);
	while (fgets(line, sizeof line, out) != NULL) {
		assert_true(count < figures.groups.count);
		row_agrees(line, &figures.groups.rows[count]);
		count++;
	}
	assert_int_equal(pclose(out), 0);
	assert_int_equal(count, figures.groups.count);
	figures_done(&figures);
	db_close(db);
}

#define COLUMNS "count, routed, failed, p50_ms, p90_ms, p95_ms, p99_ms, max_ms "

static void days_agree_with_the_program(void **state)
{
	if (!has_shell())
		skip();
	agrees(*state, FIGURES_DAY,
	    "SELECT day, " COLUMNS
	    "FROM report_day WHERE kind = 'total' ORDER BY time");
}

static void hours_agree_with_the_program(void **state)
{
	if (!has_shell())
		skip();
	agrees(*state, FIGURES_HOUR,
	    "SELECT hour, " COLUMNS
	    "FROM report_hour WHERE kind = 'total' ORDER BY time");
}

/* All of time is level 0. */
static void groups_agree_with_the_program(void **state)
{
	if (!has_shell())
		skip();
	agrees(*state, FIGURES_MEDIA,
	    "SELECT part, " COLUMNS
	    "FROM report_sums WHERE level = 0 AND kind = 'media' "
	    "ORDER BY part");
}

static void all_rows_have_their_counts_and_means(void **state)
{
	struct place *place = *state;

	assert_int_equal(raw_int(place, "SELECT sum(count) FROM report_minute "
					"WHERE kind = 'total'"),
	    EVENTS);
	assert_int_equal(
	    raw_int(place,
		"SELECT count(*) FROM report_sums WHERE count <> "
		"routed + fallback + skipped + failed + other "
		"OR p50_ms > p99_ms OR p99_ms > max_ms OR p50_ms < 0"),
	    0);
	assert_int_equal(
	    raw_int(place, "SELECT abs(mean_ms - (SELECT avg(total_us) / 1e3 "
			   "FROM decision)) < 0.002 FROM report_sums "
			   "WHERE level = 0 AND kind = 'total'"),
	    1);
}

/* Without this a dashboard reads all there is for each of its panels. */
static void what_is_asked_for_is_looked_up_in_the_key(void **state)
{
	struct place *place = *state;
	char line[LINE];
	bool searched = false;
	FILE *out;

	if (!has_shell())
		skip();
	out = ask_shell(place,
	    "EXPLAIN QUERY PLAN SELECT * FROM report_minute "
	    "WHERE kind = 'step' AND part = 'cxone' AND time >= 5");
	while (fgets(line, sizeof line, out) != NULL) {
		if (strstr(line, "(level=? AND kind=? AND start_s>?)") != NULL)
			searched = true;
	}
	assert_int_equal(pclose(out), 0);
	assert_true(searched);
}

/* The lines that a reader would type. */
static void the_readmes_queries_run(void **state)
{
	struct place *place = *state;
	char command[1000];

	if (!has_shell() || access("README.md", R_OK) != 0)
		skip();
	snprintf(command, sizeof command,
	    "sed -n '/<!-- views -->/,/<!-- .views -->/"
	    "s/^ *\\(sqlite>\\|\\.\\.\\.>\\) //p' README.md > %s/all.sql && "
	    "{ echo \".parameter set \\$__from 0\"; "
	    "echo \".parameter set \\$__to 9000000000000\"; cat %s/all.sql; } "
	    "| "
	    "sqlite3 -bail -readonly %s > %s/out 2>&1 && "
	    "test $(grep -c SELECT %s/all.sql) = 3 && "
	    "grep -q '|cxone|' %s/out && test $(wc -l < %s/out) -gt 100",
	    place->dir, place->dir, place->path, place->dir, place->dir,
	    place->dir, place->dir);
	assert_int_equal(system(command), 0);
}

/* As they are, no parameter set; what the program runs, an operator can. */
static void every_report_runs_in_the_shell(void **state)
{
	struct place *place = *state;
	char command[400];

	if (!has_shell() || access("sql", R_OK) != 0)
		skip();
	snprintf(command, sizeof command,
	    "for f in sql/reports_*.sql; do sqlite3 -bail -readonly %s "
	    "< $f > %s/out 2>&1 || { echo $f; cat %s/out; exit 1; }; done",
	    place->path, place->dir, place->dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(days_agree_with_the_program),
	    cmocka_unit_test(hours_agree_with_the_program),
	    cmocka_unit_test(groups_agree_with_the_program),
	    cmocka_unit_test(all_rows_have_their_counts_and_means),
	    cmocka_unit_test(what_is_asked_for_is_looked_up_in_the_key),
	    cmocka_unit_test(the_readmes_queries_run),
	    cmocka_unit_test(every_report_runs_in_the_shell),
	};

	return cmocka_run_group_tests(tests, fill, remove_place);
}

/* test_figures.c: decisions through figures.h -> numbers, by sums and exact */
#include "figures_place.h"
#include "histogram.h"
#include "utf8.h"

#define SEED 20261122

/* Half the width of a bucket, and what a test's own rounding takes. */
#define ERROR_MAX 0.0443

static struct period days(int count)
{
	return (struct period){
	    MAY_S * CLOCK_SECOND, (MAY_S + count * DAY_S) * CLOCK_SECOND};
}

static void is_near(double got, double exact)
{
	double off = exact == 0 ? got : got / exact - 1;

	if (off > ERROR_MAX || off < -ERROR_MAX)
		fail_msg("%g, exactly %g", got, exact);
}

static void rows_agree(
    const struct figures_rows *sums, const struct figures_rows *exact)
{
	assert_int_equal(sums->count, exact->count);
	for (size_t i = 0; i < exact->count; i++) {
		const struct figures_row *got = &sums->rows[i];
		const struct figures_row *row = &exact->rows[i];

		assert_string_equal(got->name, row->name);
		assert_int_equal(got->start_s, row->start_s);
		assert_int_equal(got->count, row->count);
		assert_memory_equal(
		    got->outcomes, row->outcomes, sizeof row->outcomes);
		for (int p = 0; p < FIGURES_PERCENTILES; p++)
			is_near(got->us[p], row->us[p]);
		if (row->max_us >= 0 && row->count > 0)
			assert_int_equal(
			    (int64_t)got->max_us, (int64_t)(row->max_us + 0.5));
	}
}

/* Long and short ones, so that percentiles lie far apart. */
static int64_t random_us(void)
{
	int64_t most_us = INT64_C(100) << (lrand48() % 15);

	return (int64_t)(drand48() * (double)most_us);
}

static void insert_random(struct db *db, int count, int over_days)
{
	static const char *const medias[] = {"voice", "chat", "email"};

	srand48(SEED);
	begin(db);
	for (int i = 0; i < count; i++)
		insert(db,
		    MAY_S + (int64_t)(drand48() * (double)over_days * DAY_S),
		    random_us(), medias[lrand48() % 3],
		    (enum outcome)(lrand48() % OUTCOME_COUNT));
	commit(db);
}

/* Half of them are in the table of sums, half are not yet. */
static void sums_are_within_their_error_of_the_exact_figures(void **state)
{
	struct db *db = open_empty(*state);

	set_zone(BERLIN);
	insert_random(db, 2000, 3);
	fold(db, 1000);
	for (int by = 0; by < FIGURES_BY_COUNT; by++) {
		struct figures_ask ask = {
		    .period = days(3),
		    .by = (enum figures_by)by,
		    .slots_max = 60,
		};
		struct figures sums = must_read(db, &ask);
		struct figures exact;

		ask.exact = true;
		exact = must_read(db, &ask);
		assert_int_equal(exact.total.count, 2000);
		assert_int_equal(sums.period.from_us, exact.period.from_us);
		assert_int_equal(sums.period.to_us, exact.period.to_us);
		assert_true(exact.groups.count > 0);
		rows_agree(&sums.groups, &exact.groups);
		rows_agree(&sums.outcomes, &exact.outcomes);
		rows_agree(&sums.course, &exact.course);
		figures_done(&sums);
		figures_done(&exact);
	}
	db_close(db);
}

static void exact_percentiles_are_the_nearest_ranks(void **state)
{
	struct db *db = open_empty(*state);
	struct figures_ask ask = {
	    .period = days(1), .by = FIGURES_STEP, .exact = true};
	struct figures figures;

	begin(db);
	for (int i = 0; i < 1000; i++)
		insert(
		    db, MAY_S + i, 1 + i * 377 % 1000, "voice", OUTCOME_ROUTED);
	commit(db);
	figures = must_read(db, &ask);
	assert_int_equal(figures.total.count, 1000);
	assert_int_equal((int)(figures.total.us[FIGURES_P50] + 0.5), 500);
	assert_int_equal((int)(figures.total.us[FIGURES_P90] + 0.5), 900);
	assert_int_equal((int)(figures.total.us[FIGURES_P95] + 0.5), 950);
	assert_int_equal((int)(figures.total.us[FIGURES_P99] + 0.5), 990);
	assert_int_equal((int)(figures.total.max_us + 0.5), 1000);
	assert_string_equal(figures.total.name, "total");
	assert_non_null(figures_find(&figures.groups, "inventory"));
	assert_null(figures_find(&figures.groups, "cxone"));
	figures_done(&figures);
	db_close(db);
}

/* ceil(0.5 * 3) = 2nd, ceil(0.9 * 3) = 3rd. */
static void percentiles_of_few_values_are_right_too(void **state)
{
	struct db *db = open_empty(*state);
	struct figures_ask ask = {
	    .period = days(1), .by = FIGURES_STEP, .exact = true};
	const struct figures_row *row;
	struct figures figures;

	begin(db);
	for (int i = 1; i <= 3; i++)
		insert(db, MAY_S + i, i * 10000, "voice", OUTCOME_ROUTED);
	commit(db);
	figures = must_read(db, &ask);
	row = figures_find(&figures.groups, "total");
	assert_non_null(row);
	assert_ptr_equal(row, &figures.groups.rows[figures.groups.count - 1]);
	assert_int_equal(row->count, 3);
	assert_int_equal((int)(row->us[FIGURES_P50] + 0.5), 20000);
	assert_int_equal((int)(row->us[FIGURES_P90] + 0.5), 30000);
	figures_done(&figures);
	db_close(db);
}

static void replaced_decisions_are_not_counted(void **state)
{
	struct place *place = *state;
	struct db *db = open_empty(place);
	struct figures_ask ask = {.period = days(1), .by = FIGURES_OUTCOME};
	sqlite3 *raw;

	begin(db);
	insert(db, MAY_S, 1000, "voice", OUTCOME_FAILED);
	insert(db, MAY_S, 2000, "voice", OUTCOME_ROUTED);
	commit(db);
	fold(db, 10);
	raw = raw_open(place);
	raw_run(raw, "UPDATE decision SET replaced_by = 2 WHERE id = 1");
	sqlite3_close(raw);
	for (int exact = 0; exact < 2; exact++) {
		struct figures figures;

		ask.exact = exact == 1;
		figures = must_read(db, &ask);
		assert_int_equal(figures.total.count, 1);
		assert_int_equal(figures.groups.count, 1);
		name_is(&figures, 0, "routed", 1);
		figures_done(&figures);
	}
	db_close(db);
}

static void the_period_is_widened_to_what_sums_have(void **state)
{
	struct db *db = open_empty(*state);
	struct figures_ask ask = {
	    .period = {MAY_S * CLOCK_SECOND + 1,
		(MAY_S + 90) * CLOCK_SECOND + 1},
	    .by = FIGURES_STEP,
	};
	struct figures figures;

	begin(db);
	insert(db, MAY_S, 1000, "voice", OUTCOME_ROUTED);
	insert(db, MAY_S + 119, 1000, "voice", OUTCOME_ROUTED);
	insert(db, MAY_S + 120, 1000, "voice", OUTCOME_ROUTED);
	commit(db);
	figures = must_read(db, &ask);
	assert_int_equal(figures.period.from_us, MAY_S * CLOCK_SECOND);
	assert_int_equal(figures.period.to_us, (MAY_S + 120) * CLOCK_SECOND);
	assert_int_equal(figures.total.count, 2);
	figures_done(&figures);
	ask.exact = true;
	figures = must_read(db, &ask);
	assert_int_equal(figures.period.from_us, ask.period.from_us);
	assert_int_equal(figures.total.count, 1);
	figures_done(&figures);
	db_close(db);
}

static void all_begins_with_the_first_decision(void **state)
{
	struct db *db = open_empty(*state);
	struct figures_ask ask = {
	    .period = {0, NOW_US}, .by = FIGURES_DAY, .slots_max = 60};
	struct figures figures = must_read(db, &ask);

	assert_int_equal(figures.total.count, 0);
	assert_int_equal(figures.groups.count, 0);
	figures_done(&figures);
	begin(db);
	insert(db, MAY_S + 7, 1000, "voice", OUTCOME_ROUTED);
	commit(db);
	fold(db, 10);
	figures = must_read(db, &ask);
	assert_int_equal(figures.total.count, 1);
	assert_int_equal(figures.period.from_us, MAY_S * CLOCK_SECOND);
	assert_int_equal(figures.groups.count, 1);
	assert_true(figures.course.count > 30);
	figures_done(&figures);
	db_close(db);
}

static void the_course_has_each_slot_and_no_more_than_asked(void **state)
{
	static const int lengths[] = {1, 2, 3, 10, 90, 400};
	struct db *db = open_empty(*state);

	insert_random(db, 300, 400);
	fold(db, 100);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct figures_ask ask = {.period = days(lengths[i]),
		    .by = FIGURES_STEP,
		    .slots_max = 60};
		struct figures figures = must_read(db, &ask);
		int64_t count = 0;

		assert_in_range(figures.course.count, 7, 60);
		for (size_t n = 0; n < figures.course.count; n++)
			count += figures.course.rows[n].count;
		assert_int_equal(count, figures.total.count);
		figures_done(&figures);
	}
	db_close(db);
}

/* Years before the first decision, and years that are yet to come. */
static void no_period_is_too_long_for_a_course(void **state)
{
	struct db *db = open_empty(*state);
	struct figures_ask ask = {
	    .period = {1, 200000 * DAY_S * CLOCK_SECOND},
	    .by = FIGURES_STEP,
	    .slots_max = 14,
	};

	insert_random(db, 50, 10);
	for (int exact = 0; exact < 2; exact++) {
		struct figures figures;

		ask.exact = exact == 1;
		figures = must_read(db, &ask);
		assert_int_equal(figures.total.count, 50);
		assert_in_range(figures.course.count, 7, 14);
		assert_true(figures.period.to_us <= NOW_US + 60 * CLOCK_SECOND);
		figures_done(&figures);
	}
	db_close(db);
}

static void too_many_hours_are_refused(void **state)
{
	struct db *db = open_empty(*state);
	struct figures_ask ask = {.period = days(200), .by = FIGURES_HOUR};
	struct figures figures = {0};

	assert_int_equal(
	    figures_read(db, &ask, NOW_US, &figures), STATUS_TOO_LARGE);
	ask.by = FIGURES_DAY;
	assert_int_equal(figures_read(db, &ask, NOW_US, &figures), STATUS_OK);
	figures_done(&figures);
	db_close(db);
}

/* 96 in time, 2 too late, 1 failed at once, 1 refused that does not count. */
static void an_aim_counts_failures_as_missed(void **state)
{
	struct db *db = open_empty(*state);
	struct figures_ask ask = {
	    .period = days(1), .by = FIGURES_STEP, .slo_us = 300000};

	begin(db);
	for (int i = 0; i < 96; i++)
		insert(db, MAY_S, 1000, "voice",
		    i < 90 ? OUTCOME_ROUTED : OUTCOME_FALLBACK);
	insert(db, MAY_S, 400000, "voice", OUTCOME_ROUTED);
	insert(db, MAY_S, 500000, "voice", OUTCOME_SKIPPED);
	insert(db, MAY_S, 100, "voice", OUTCOME_FAILED);
	insert(db, MAY_S, 100, "voice", OUTCOME_EXPIRED);
	insert(db, MAY_S, 100, "voice", OUTCOME_REFUSED);
	commit(db);
	for (int exact = 0; exact < 2; exact++) {
		struct figures figures;
		struct figures_slo slo;

		ask.exact = exact == 1;
		figures = must_read(db, &ask);
		slo = figures_slo(&figures, 99);
		assert_int_equal(slo.counted, 100);
		assert_int_equal((int)(slo.share * 1000 + 0.5), 960);
		assert_int_equal((int)(slo.burn * 1000 + 0.5), 4000);
		slo = figures_slo(&figures, 90);
		assert_int_equal((int)(slo.burn * 1000 + 0.5), 400);
		figures_done(&figures);
	}
	db_close(db);
}

static void an_aim_of_nothing_is_met(void **state)
{
	struct figures figures = {0};
	struct figures_slo slo = figures_slo(&figures, 99.9);

	(void)state;
	assert_int_equal(slo.counted, 0);
	assert_true(slo.share == 1);
	assert_true(slo.burn == 0);
}

static void words_of_groupings_are_read(void **state)
{
	enum figures_by by = FIGURES_BY_COUNT;

	(void)state;
	for (int i = 0; i < FIGURES_BY_COUNT; i++) {
		assert_true(
		    figures_read_by(figures_by_name((enum figures_by)i), &by));
		assert_int_equal(by, i);
		assert_non_null(
		    strstr(FIGURES_BY, figures_by_name((enum figures_by)i)));
	}
	assert_false(figures_read_by("total", &by));
	assert_false(figures_read_by("", &by));
}

/* Bytes of half a character would make JSON that no reader takes. */
static void a_long_name_is_cut_between_characters(void **state)
{
	struct db *db = open_empty(*state);
	struct figures_ask ask = {.period = days(1), .by = FIGURES_ROUTE};
	char skills[600] = "[\"a";
	struct record record;

	while (strlen(skills) < 500)
		strcat(skills, "\u20ac");
	strcat(skills, "\"]");
	record_init(&record);
	record.received_us = MAY_S * CLOCK_SECOND;
	record.outcome = OUTCOME_ROUTED;
	record.skills = skills;
	record.queues = "[]";
	begin(db);
	assert_int_equal(record_insert(db, &record), STATUS_OK);
	commit(db);
	for (int exact = 0; exact < 2; exact++) {
		struct figures figures;
		const char *at;

		ask.exact = exact == 1;
		figures = must_read(db, &ask);
		assert_int_equal(figures.groups.count, 1);
		at = figures.groups.rows[0].name;
		while (utf8_bytes(at) > 0)
			at += utf8_bytes(at);
		assert_int_equal(*at, 0);
		figures_done(&figures);
	}
	db_close(db);
}

/* A plan that compares each row with each would take an hour. */
static void twenty_thousand_decisions_take_seconds(void **state)
{
	struct db *db = open_empty(*state);
	struct figures_ask ask = {
	    .period = days(3), .by = FIGURES_STEP, .exact = true};
	struct figures figures;
	int64_t from_us;

	insert_random(db, 20000, 3);
	from_us = clock_mono_us();
	figures = must_read(db, &ask);
	assert_int_equal(figures.total.count, 20000);
	assert_in_range(clock_mono_us() - from_us, 0, 20 * CLOCK_SECOND);
	figures_done(&figures);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(sums_are_within_their_error_of_the_exact_figures),
	    WITH_PLACE(exact_percentiles_are_the_nearest_ranks),
	    WITH_PLACE(percentiles_of_few_values_are_right_too),
	    WITH_PLACE(replaced_decisions_are_not_counted),
	    WITH_PLACE(the_period_is_widened_to_what_sums_have),
	    WITH_PLACE(all_begins_with_the_first_decision),
	    WITH_PLACE(the_course_has_each_slot_and_no_more_than_asked),
	    WITH_PLACE(no_period_is_too_long_for_a_course),
	    WITH_PLACE(too_many_hours_are_refused),
	    WITH_PLACE(an_aim_counts_failures_as_missed),
	    cmocka_unit_test(an_aim_of_nothing_is_met),
	    cmocka_unit_test(words_of_groupings_are_read),
	    WITH_PLACE(a_long_name_is_cut_between_characters),
	    WITH_PLACE(twenty_thousand_decisions_take_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

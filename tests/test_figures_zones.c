/* test_figures_zones.c: decisions where clocks change -> hours and days */
#include "figures_place.h"

#define INDIA "IST-5:30"

/* Its clocks are changed by half an hour. */
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"

/* Three days of a zone: how many decisions each has, with one every ten
 * minutes, in how many rows by hour they are, and which the 28th is. */
static const struct {
	const char *zone;
	int64_t from_s;
	int64_t counts[3];
	const char *middle;
	size_t hours;
	const char *hour;
} changes[] = {
    {BERLIN, 1711753200, {144, 138, 144}, "2024-03-31", 71,
	"2024-03-31T04:00+02:00"},
    {BERLIN, 1729893600, {144, 150, 144}, "2024-10-27", 73,
	"2024-10-27T02:00+01:00"},
    {INDIA, 1718389800, {144, 144, 144}, "2024-06-16", 72,
	"2024-06-16T03:00+05:30"},
    {LORD_HOWE, 1712322000, {144, 147, 144}, "2024-04-07", 73,
	"2024-04-07T02:00+10:30"},
    {LORD_HOWE, 1728048600, {144, 141, 144}, "2024-10-06", 72,
	"2024-10-06T03:00+11:00"},
};

/* Half of them are in the table of sums. Gives the end of the last. */
static int64_t insert_three_days(struct db *db, size_t change)
{
	const int64_t *counts = changes[change].counts;
	int64_t all = counts[0] + counts[1] + counts[2];

	begin(db);
	for (int64_t i = 0; i < all; i++)
		insert(db, changes[change].from_s + i * HOUR_S / 6, 1000,
		    "voice", OUTCOME_ROUTED);
	commit(db);
	fold(db, all / 2);
	return changes[change].from_s + all * HOUR_S / 6;
}

static int64_t sum_of(const struct figures_rows *rows)
{
	int64_t sum = 0;

	for (size_t i = 0; i < rows->count; i++)
		sum += rows->rows[i].count;
	return sum;
}

static void days_are(
    struct db *db, const struct figures_ask *ask, size_t change)
{
	struct figures figures = must_read(db, ask);

	assert_int_equal(figures.groups.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
		    figures.groups.rows[i].count, changes[change].counts[i]);
	name_is(&figures, 1, changes[change].middle, changes[change].counts[1]);
	assert_int_equal(sum_of(&figures.groups), figures.total.count);
	figures_done(&figures);
}

static void hours_are(
    struct db *db, const struct figures_ask *ask, size_t change)
{
	struct figures figures = must_read(db, ask);

	assert_int_equal(figures.groups.count, changes[change].hours);
	for (size_t i = 0; i < figures.groups.count; i++) {
		const struct figures_row *row = &figures.groups.rows[i];
		bool half = strstr(row->name, ":30+") != NULL;

		assert_int_equal(row->count, half ? 3 : 6);
	}
	name_is(&figures, 27, changes[change].hour, 6);
	assert_int_equal(sum_of(&figures.groups), figures.total.count);
	figures_done(&figures);
}

static void hours_and_days_are_whole_whatever_clocks_do(void **state)
{
	struct db *db = open_empty(*state);

	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct figures_ask ask = {0};

		set_zone(changes[i].zone);
		ask.period.from_us = changes[i].from_s * CLOCK_SECOND;
		ask.period.to_us = insert_three_days(db, i) * CLOCK_SECOND;
		for (int exact = 0; exact < 2; exact++) {
			ask.exact = exact == 1;
			ask.by = FIGURES_DAY;
			days_are(db, &ask, i);
			ask.by = FIGURES_HOUR;
			hours_are(db, &ask, i);
		}
	}
	db_close(db);
}

static void hours_are_those_of_the_zone(void **state)
{
	struct db *db = open_empty(*state);
	struct figures_ask ask = {
	    .period = {(MAY_S + 60) * CLOCK_SECOND,
		(MAY_S + 2 * HOUR_S) * CLOCK_SECOND},
	    .by = FIGURES_HOUR,
	};
	struct figures figures;

	set_zone(INDIA);
	begin(db);
	insert(db, MAY_S + 29 * 60, 1000, "voice", OUTCOME_ROUTED);
	insert(db, MAY_S + 30 * 60, 1000, "voice", OUTCOME_ROUTED);
	insert(db, MAY_S + 89 * 60, 1000, "voice", OUTCOME_ROUTED);
	commit(db);
	fold(db, 10);
	figures = must_read(db, &ask);
	assert_int_equal(figures.groups.count, 2);
	name_is(&figures, 0, "2024-05-15T15:00+05:30", 1);
	name_is(&figures, 1, "2024-05-15T16:00+05:30", 2);
	figures_done(&figures);
	ask.zone = MOMENT_UTC;
	figures = must_read(db, &ask);
	name_is(&figures, 0, "2024-05-15T10:00Z", 2);
	name_is(&figures, 1, "2024-05-15T11:00Z", 1);
	figures_done(&figures);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(hours_and_days_are_whole_whatever_clocks_do),
	    WITH_PLACE(hours_are_those_of_the_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

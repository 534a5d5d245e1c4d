/* test_view.c: known decisions through view.h -> what stands in tests/golden */
#include "view.h"

#include <time.h>

#include "clock.h"
#include "db_place.h"

#define SECOND CLOCK_SECOND
#define MAY_S  INT64_C(1715767200) /* 2024-05-15T10:00:00Z */
#define NOW_US ((MAY_S + 86400) * SECOND)
#define GOLDEN "tests/golden/report"

static const struct terminal plain = {.columns = 80};

/* The minute's number decides everything, so that all is known. */
static void insert(struct db *db, int64_t at_s, int number, int64_t total_us)
{
	static const char *const medias[] = {
	    "voice", "chat", "e-mail <b>\"&'\033[2J"};
	struct record record;

	record_init(&record);
	record.received_us = at_s * SECOND;
	snprintf(record.media_type, sizeof record.media_type, "%s",
	    medias[number % 3]);
	record.outcome = OUTCOME_ROUTED;
	if (number % 10 == 7)
		record.outcome = OUTCOME_FALLBACK;
	if (number % 50 == 1)
		record.outcome = OUTCOME_FAILED;
	record.step_us[STEP_GATEWAY] = 40 + number % 7;
	record.step_us[STEP_INVENTORY] = total_us / 4;
	record.step_us[STEP_CXONE] = total_us / 2;
	record.total_us = total_us;
	record.skills = "[\"skill-premium-support-id\"]";
	record.queues = "[]";
	assert_int_equal(record_insert(db, &record), STATUS_OK);
}

/* Two hours: in the second one everything takes twice as long. */
static struct db *open_filled(struct place *place)
{
	struct db *db = must_open(place, DB_SERVE);
	sqlite3 *raw;

	assert_int_equal(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
	tzset();
	assert_int_equal(db_begin(db, false), STATUS_OK);
	for (int i = 0; i < 120; i++)
		insert(db, MAY_S + i * 60, i,
		    (10000 + i % 60 * (i % 60) * 100) * (1 + i / 60));
	assert_int_equal(db_commit(db), STATUS_OK);
	/* The one time that is by the clock. */
	raw = raw_open(place);
	raw_run(raw, "UPDATE decision SET record_us = 30");
	sqlite3_close(raw);
	return db;
}

static struct view hour(int64_t number, enum figures_by by)
{
	int64_t from_s = MAY_S + number * 3600;

	return (struct view){
	    .ask =
		{
		    .period = {from_s * SECOND, (from_s + 3600) * SECOND},
		    .by = by,
		    .slots_max = 54,
		},
	};
}

enum form { TEXT, CSV, NDJSON, JSON, HTML };

static enum status print(const struct view *view, enum form form, FILE *out)
{
	struct table *table = NULL;
	enum status status;

	if (form == TEXT)
		return view_print_text(view, &plain, out);
	if (form == JSON)
		return view_print_json(view, out);
	if (form == HTML)
		return view_print_html(view, out);
	status = view_table(view, &table);
	if (status == STATUS_OK)
		status = table_print(
		    table, form == CSV ? TABLE_CSV : TABLE_NDJSON, out);
	table_free(table);
	return status;
}

static void write_view(
    struct place *place, struct view *view, enum form form, const char *path)
{
	struct db *db = open_filled(place);
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(view_read(db, NOW_US, view), STATUS_OK);
	assert_int_equal(print(view, form, out), STATUS_OK);
	assert_int_equal(fclose(out), 0);
	view_done(view);
	db_close(db);
}

/* What differs is shown. To take it over: cp it from where it says. */
static void is_golden(
    struct place *place, struct view *view, enum form form, const char *name)
{
	char command[400];
	char path[128];

	if (access("tests/golden", R_OK) != 0)
		skip();
	snprintf(path, sizeof path, "%s/%s", place->dir, name);
	write_view(place, view, form, path);
	snprintf(command, sizeof command,
	    "diff -u " GOLDEN "%s %s || { mkdir -p /tmp/stockroute-golden && "
	    "cp %s /tmp/stockroute-golden/report%s; false; }",
	    name, path, path, name);
	assert_int_equal(system(command), 0);
}

static void text_is_as_it_was(void **state)
{
	struct view view = hour(0, FIGURES_STEP);

	view.ask.slo_us = 300000;
	view.slo_target = 99;
	is_golden(*state, &view, TEXT, ".txt");
}

static void hostile_names_stay_text_in_a_terminal(void **state)
{
	struct view view = hour(0, FIGURES_MEDIA);

	view.ask.exact = true;
	view.ask.zone = MOMENT_UTC;
	is_golden(*state, &view, TEXT, "-media.txt");
}

static struct view compared(void)
{
	struct view view = hour(1, FIGURES_STEP);

	view.compares = true;
	view.versus = hour(0, FIGURES_STEP).ask.period;
	view.ask.slo_us = 100000;
	view.slo_target = 99.9;
	return view;
}

static void two_periods_stand_side_by_side(void **state)
{
	struct view view = compared();

	is_golden(*state, &view, TEXT, "-versus.txt");
}

static void csv_is_as_it_was(void **state)
{
	struct view view = hour(0, FIGURES_STEP);

	is_golden(*state, &view, CSV, ".csv");
}

static void csv_has_both_periods(void **state)
{
	struct view view = compared();

	is_golden(*state, &view, CSV, "-versus.csv");
}

static void ndjson_is_as_it_was(void **state)
{
	struct view view = hour(0, FIGURES_MEDIA);

	is_golden(*state, &view, NDJSON, ".ndjson");
}

static void json_is_as_it_was(void **state)
{
	struct view view = compared();

	view.ask.slots_max = 5;
	is_golden(*state, &view, JSON, ".json");
}

static void html_is_as_it_was(void **state)
{
	struct view view = compared();

	view.ask.slots_max = 5;
	view.ask.by = FIGURES_MEDIA;
	is_golden(*state, &view, HTML, ".html");
}

static bool has_line(const char *path, const char *beginning)
{
	char command[256];

	snprintf(command, sizeof command, "grep -q '^%s' %s", beginning, path);
	return system(command) == 0;
}

static char *text_of(const struct view *view, const struct terminal *terminal)
{
	char *bytes = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&bytes, &length);

	assert_non_null(out);
	assert_int_equal(view_print_text(view, terminal, out), STATUS_OK);
	fclose(out);
	return bytes;
}

/* Between two failures there is none; that it is gone may be the news. */
static void an_outcome_that_is_gone_is_shown(void **state)
{
	struct place *place = *state;
	struct view view = {
	    .ask = {.period = {(MAY_S + 120) * SECOND,
			(MAY_S + 3000) * SECOND}},
	    .compares = true,
	    .versus = {(MAY_S + 3000) * SECOND, (MAY_S + 3600) * SECOND},
	};
	char path[128];

	snprintf(path, sizeof path, "%s/text", place->dir);
	write_view(place, &view, TEXT, path);
	assert_true(has_line(path, "failed            0    0.0 %        1   "
				   "10.0 %"));
	snprintf(path, sizeof path, "%s/html", place->dir);
	unlink(place->path);
	write_view(place, &view, HTML, path);
	assert_true(has_line(path, "<tr><td>failed</td><td>0</td><td>10.0 %"));
}

/* Taken out again, nothing but the plain text is left. */
static void colour_changes_nothing_else(void **state)
{
	const struct terminal colored = {.color = true, .columns = 80};
	struct db *db = open_filled(*state);
	struct view view = compared();
	char *painted, *expected;
	char *to;

	assert_int_equal(view_read(db, NOW_US, &view), STATUS_OK);
	painted = text_of(&view, &colored);
	expected = text_of(&view, &plain);
	assert_non_null(strstr(painted, "\033[31m"));
	assert_null(strchr(expected, '\033'));
	to = painted;
	for (const char *at = painted; *at != '\0'; at++) {
		if (*at == '\033')
			at = strchr(at, 'm');
		else
			*to++ = *at;
	}
	*to = '\0';
	assert_string_equal(painted, expected);
	free(painted);
	free(expected);
	view_done(&view);
	db_close(db);
}

/* In characters; a line that only has a name may be longer. */
static void no_line_is_wider_than_the_terminal(void **state)
{
	struct db *db = open_filled(*state);
	struct view view = hour(0, FIGURES_STEP);

	assert_int_equal(view_read(db, NOW_US, &view), STATUS_OK);
	for (int columns = 80; columns < 200; columns += 40) {
		struct terminal terminal = {
		    .unicode = true, .columns = columns};
		char *text = text_of(&view, &terminal);
		int width = 0;

		for (const char *at = text; *at != '\0'; at++) {
			if (*at == '\n')
				width = 0;
			else if (((unsigned char)*at & 0xc0) != 0x80)
				width++;
			assert_in_range(width, 0, columns);
		}
		free(text);
	}
	view_done(&view);
	db_close(db);
}

static void nothing_to_show_is_shown(void **state)
{
	struct db *db = open_filled(*state);
	struct view view = hour(5, FIGURES_STEP);
	char *text;

	assert_int_equal(view_read(db, NOW_US, &view), STATUS_OK);
	text = text_of(&view, &plain);
	assert_non_null(strstr(text, "\n0 decisions, 0.0/s\n"));
	free(text);
	view_done(&view);
	db_close(db);
}

static void few_decisions_are_not_judged(void **state)
{
	struct figures_row now = {.count = 20, .us = {[FIGURES_P95] = 111}};
	struct figures_row was = {.count = 20, .us = {[FIGURES_P95] = 100}};

	(void)state;
	assert_int_equal(view_verdict(&now, &was), 1);
	assert_int_equal(view_verdict(&was, &now), -1);
	was.us[FIGURES_P95] = 105;
	assert_int_equal(view_verdict(&now, &was), 0);
	was.us[FIGURES_P95] = 1;
	assert_int_equal(view_verdict(&now, &was), 1);
	was.count = 19;
	assert_int_equal(view_verdict(&now, &was), 0);
	assert_int_equal(view_verdict(&now, NULL), 0);
}

/* As many hours from the beginning, whatever they are called. */
static void hours_are_compared_in_their_order(void **state)
{
	struct db *db = open_filled(*state);
	struct view view = compared();

	view.ask.by = FIGURES_HOUR;
	assert_int_equal(view_read(db, NOW_US, &view), STATUS_OK);
	assert_int_equal(view.now.groups.count, 1);
	assert_ptr_equal(view_was(&view, 0), view.was.groups.rows);
	view_done(&view);
	db_close(db);
}

/* Minutes are kept for three days only, so that of 48 hours and the 48 before
 * them the latter begin with a whole hour, whenever somebody looks. */
static void a_period_that_was_widened_alone_shifts_no_hours(void **state)
{
	struct place *place = *state;
	struct db *db = open_filled(place);
	struct view view = compared();
	sqlite3 *raw = raw_open(place);
	char sql[80];

	snprintf(sql, sizeof sql, "UPDATE rollup_state SET minutes_from_s = %d",
	    (int)MAY_S + 3600);
	raw_run(raw, sql);
	sqlite3_close(raw);
	view.ask.by = FIGURES_HOUR;
	view.ask.period.from_us += 2700 * SECOND;
	view.versus.from_us += 2700 * SECOND;
	assert_int_equal(view_read(db, NOW_US, &view), STATUS_OK);
	assert_int_equal(view.was.period.from_us, MAY_S * SECOND);
	assert_int_equal(view.now.groups.count, 1);
	assert_ptr_equal(view_was(&view, 0), view.was.groups.rows);
	view_done(&view);
	db_close(db);
}

static void an_output_that_is_full_is_told(void **state)
{
	struct db *db = open_filled(*state);
	struct view view = compared();

	assert_int_equal(view_read(db, NOW_US, &view), STATUS_OK);
	for (enum form form = TEXT; form <= HTML; form++) {
		FILE *out = fopen("/dev/full", "w");

		assert_non_null(out);
		assert_int_equal(print(&view, form, out), STATUS_IO);
		fclose(out);
	}
	view_done(&view);
	db_close(db);
}

/* A disk that has room for so many bytes. */
static ssize_t write_limited(void *cookie, const char *bytes, size_t size)
{
	size_t *room = cookie;

	(void)bytes;
	if (size > *room)
		return 0;
	*room -= size;
	return (ssize_t)size;
}

static enum status print_into(
    const struct view *view, enum form form, size_t room)
{
	FILE *out = fopencookie(
	    &room, "w", (cookie_io_functions_t){.write = write_limited});
	enum status status;

	assert_non_null(out);
	status = print(view, form, out);
	fclose(out);
	return status;
}

/* The last bytes are the ones that nobody misses. */
static void an_output_without_room_for_the_last_byte_is_told(void **state)
{
	struct db *db = open_filled(*state);
	struct view view = compared();

	assert_int_equal(view_read(db, NOW_US, &view), STATUS_OK);
	for (enum form form = TEXT; form <= HTML; form++) {
		char *bytes = NULL;
		size_t length = 0;
		FILE *out = open_memstream(&bytes, &length);

		assert_non_null(out);
		assert_int_equal(print(&view, form, out), STATUS_OK);
		fclose(out);
		free(bytes);
		assert_int_equal(print_into(&view, form, length), STATUS_OK);
		assert_int_equal(
		    print_into(&view, form, length - 1), STATUS_IO);
	}
	view_done(&view);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(text_is_as_it_was),
	    WITH_PLACE(hostile_names_stay_text_in_a_terminal),
	    WITH_PLACE(two_periods_stand_side_by_side),
	    WITH_PLACE(csv_is_as_it_was),
	    WITH_PLACE(csv_has_both_periods),
	    WITH_PLACE(ndjson_is_as_it_was),
	    WITH_PLACE(json_is_as_it_was),
	    WITH_PLACE(html_is_as_it_was),
	    WITH_PLACE(an_outcome_that_is_gone_is_shown),
	    WITH_PLACE(colour_changes_nothing_else),
	    WITH_PLACE(no_line_is_wider_than_the_terminal),
	    WITH_PLACE(nothing_to_show_is_shown),
	    cmocka_unit_test(few_decisions_are_not_judged),
	    WITH_PLACE(hours_are_compared_in_their_order),
	    WITH_PLACE(a_period_that_was_widened_alone_shifts_no_hours),
	    WITH_PLACE(an_output_that_is_full_is_told),
	    WITH_PLACE(an_output_without_room_for_the_last_byte_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

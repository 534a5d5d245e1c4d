/* test_log_repeat.c: what repeats is written ten times a minute and counted */
#include "log_repeat.h"

#include "log_place.h"

#define SECOND INT64_C(1000000)

/* How many of count at once were written. */
static int note_many(
    struct log_repeats *repeats, const char *text, int count, int64_t now_us)
{
	int written = 0;

	for (int i = 0; i < count; i++)
		written += log_repeat_note(repeats, LOG_WARN, text, now_us);
	return written;
}

static void ten_in_a_minute_are_written_and_the_others_counted(void **state)
{
	struct log_repeats repeats = {0};
	struct log_repeat told;

	(void)state;
	assert_int_equal(note_many(&repeats, "no answer", 10, SECOND), 10);
	assert_false(log_repeat_take(&repeats, INT64_MAX, &told));
	assert_int_equal(note_many(&repeats, "no answer", 1234, SECOND), 0);
	assert_false(log_repeat_take(&repeats, 60 * SECOND, &told));
	assert_true(log_repeat_take(&repeats, 61 * SECOND, &told));
	assert_int_equal(told.held_back, 1234);
	assert_int_equal(told.level, LOG_WARN);
	assert_string_equal(told.text, "no answer");
	assert_false(log_repeat_take(&repeats, INT64_MAX, &told));
}

static void a_new_minute_begins_anew(void **state)
{
	struct log_repeats repeats = {0};
	struct log_repeat told;

	(void)state;
	assert_int_equal(note_many(&repeats, "x", 12, SECOND), 10);
	assert_true(log_repeat_take(&repeats, 62 * SECOND, &told));
	assert_int_equal(note_many(&repeats, "x", 12, 62 * SECOND), 10);
	assert_true(log_repeat_take(&repeats, INT64_MAX, &told));
	assert_int_equal(told.held_back, 2);
	/* Fewer than ten in each minute are all written. */
	for (int i = 0; i < 100; i++)
		assert_true(log_repeat_note(
		    &repeats, LOG_WARN, "x", (200 + 7 * i) * SECOND));
}

static void numbers_do_not_make_another_message(void **state)
{
	struct log_repeats repeats = {0};

	(void)state;
	assert_int_equal(note_many(&repeats, "after 9 ms", 10, SECOND), 10);
	assert_int_equal(note_many(&repeats, "after 1234 ms", 5, SECOND), 0);
	assert_int_equal(note_many(&repeats, "after 9 s", 5, SECOND), 5);
	assert_int_equal(note_many(&repeats, "after ms", 5, SECOND), 5);
}

static void level_and_text_make_another_message(void **state)
{
	struct log_repeats repeats = {0};

	(void)state;
	assert_int_equal(note_many(&repeats, "x", 10, SECOND), 10);
	assert_true(log_repeat_note(&repeats, LOG_ERROR, "x", SECOND));
	assert_true(log_repeat_note(&repeats, LOG_WARN, "y", SECOND));
	assert_false(log_repeat_note(&repeats, LOG_WARN, "x", SECOND));
}

static void kinds_without_a_seat_are_written(void **state)
{
	struct log_repeats repeats = {0};
	char text[] = "a";

	(void)state;
	for (int i = 0; i < LOG_REPEAT_KINDS; i++) {
		text[0] = (char)('A' + i);
		note_many(&repeats, text, 20, SECOND);
	}
	assert_int_equal(note_many(&repeats, "another", 100, SECOND), 100);
}

/* In time: the first ones to end are the first to be told. */
static void each_kind_is_told_when_its_own_minute_ends(void **state)
{
	struct log_repeats repeats = {0};
	struct log_repeat told;

	(void)state;
	note_many(&repeats, "late", 11, 30 * SECOND);
	note_many(&repeats, "early", 12, 10 * SECOND);
	assert_true(log_repeat_take(&repeats, 70 * SECOND, &told));
	assert_string_equal(told.text, "early");
	assert_false(log_repeat_take(&repeats, 89 * SECOND, &told));
	assert_true(log_repeat_take(&repeats, 90 * SECOND, &told));
	assert_string_equal(told.text, "late");
}

static void a_long_text_is_told_by_its_beginning(void **state)
{
	struct log_repeats repeats = {0};
	struct log_repeat told;
	char text[1000];

	(void)state;
	memset(text, 'l', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	note_many(&repeats, text, 11, SECOND);
	assert_true(log_repeat_take(&repeats, INT64_MAX, &told));
	assert_int_equal(strlen(told.text), LOG_REPEAT_TEXT_BYTES - 1);
	/* Another end is another message. */
	text[sizeof text - 2] = 'x';
	assert_true(log_repeat_note(&repeats, LOG_WARN, text, SECOND));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		ten_in_a_minute_are_written_and_the_others_counted),
	    cmocka_unit_test(a_new_minute_begins_anew),
	    cmocka_unit_test(numbers_do_not_make_another_message),
	    cmocka_unit_test(level_and_text_make_another_message),
	    cmocka_unit_test(kinds_without_a_seat_are_written),
	    cmocka_unit_test(each_kind_is_told_when_its_own_minute_ends),
	    cmocka_unit_test(a_long_text_is_told_by_its_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

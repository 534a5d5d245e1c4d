/* test_chart_text.c: numbers through chart_text.h -> characters */
#include "chart_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void bar_is(
    double value, size_t width, bool unicode, const char *expected)
{
	struct text text;

	text_init(&text, 1000);
	chart_bar(&text, value, 100, width, unicode);
	assert_string_equal(text_string(&text), expected);
	text_done(&text);
}

static void bars_are_as_long_as_their_share(void **state)
{
	(void)state;
	bar_is(0, 4, false, "    ");
	bar_is(50, 4, false, "##  ");
	bar_is(100, 4, false, "####");
	bar_is(250, 4, false, "####");
	bar_is(50, 4, true, "\u2588\u2588  ");
	bar_is(40, 4, true, "\u2588\u258b  ");
	bar_is(100, 0, true, "");
}

static void the_least_that_there_is_shows(void **state)
{
	(void)state;
	bar_is(0.001, 4, false, "#   ");
	bar_is(0.001, 4, true, "\u258f   ");
	bar_is(-1, 4, false, "    ");
}

static void nothing_of_nothing_is_nothing(void **state)
{
	struct text text;

	(void)state;
	text_init(&text, 1000);
	chart_bar(&text, 5, 0, 3, false);
	chart_line(&text, (double[]){0, 0}, 2, false);
	chart_line(&text, NULL, 0, true);
	assert_string_equal(text_string(&text), "     ");
	text_done(&text);
}

static void lines_are_as_high_as_their_greatest(void **state)
{
	static const double values[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, -1};
	struct text text;

	(void)state;
	text_init(&text, 1000);
	chart_line(&text, values, 10, false);
	assert_string_equal(text_string(&text), " _.:-=+*# ");
	text_clear(&text);
	chart_line(&text, values, 10, true);
	assert_string_equal(text_string(&text),
	    " \u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588 ");
	text_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bars_are_as_long_as_their_share),
	    cmocka_unit_test(the_least_that_there_is_shows),
	    cmocka_unit_test(nothing_of_nothing_is_nothing),
	    cmocka_unit_test(lines_are_as_high_as_their_greatest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

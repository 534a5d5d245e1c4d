/* test_config_terminal.c: a pipe and a real terminal -> colour and width */
#include "config_terminal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

/* The near end of a terminal of so many columns; *far is to be closed too. */
static int open_terminal(unsigned short columns, int *far)
{
	struct winsize size = {.ws_row = 24, .ws_col = columns};
	int near;

	*far = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(*far >= 0);
	assert_int_equal(grantpt(*far), 0);
	assert_int_equal(unlockpt(*far), 0);
	near = open(ptsname(*far), O_RDWR | O_NOCTTY);
	assert_true(near >= 0);
	assert_int_equal(ioctl(near, TIOCSWINSZ, &size), 0);
	return near;
}

static struct terminal on_terminal(
    unsigned short columns, enum terminal_color color)
{
	int far = -1;
	int near = open_terminal(columns, &far);
	struct terminal terminal = config_terminal(near, color);

	close(near);
	close(far);
	return terminal;
}

static struct terminal on_pipe(enum terminal_color color)
{
	struct terminal terminal;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	terminal = config_terminal(ends[1], color);
	close(ends[0]);
	close(ends[1]);
	return terminal;
}

static int set_usual(void **state)
{
	(void)state;
	unsetenv("COLUMNS");
	unsetenv("NO_COLOR");
	unsetenv("LC_ALL");
	unsetenv("LC_CTYPE");
	setenv("LANG", "C.UTF-8", 1);
	setenv("TERM", "xterm", 1);
	return 0;
}

static void a_pipe_is_plain(void **state)
{
	struct terminal terminal = on_pipe(TERMINAL_COLOR_AUTO);

	(void)state;
	assert_false(terminal.color);
	assert_false(terminal.unicode);
	assert_int_equal(terminal.columns, 80);
}

static void a_terminal_has_colour_and_its_own_width(void **state)
{
	struct terminal terminal = on_terminal(133, TERMINAL_COLOR_AUTO);

	(void)state;
	assert_true(terminal.color);
	assert_true(terminal.unicode);
	assert_int_equal(terminal.columns, 133);
}

static void no_color_counts_when_it_is_something(void **state)
{
	(void)state;
	setenv("NO_COLOR", "1", 1);
	assert_false(on_terminal(80, TERMINAL_COLOR_AUTO).color);
	assert_true(on_terminal(80, TERMINAL_COLOR_ALWAYS).color);
	setenv("NO_COLOR", "", 1);
	assert_true(on_terminal(80, TERMINAL_COLOR_AUTO).color);
}

static void a_dumb_terminal_has_no_colour(void **state)
{
	(void)state;
	setenv("TERM", "dumb", 1);
	assert_false(on_terminal(80, TERMINAL_COLOR_AUTO).color);
	unsetenv("TERM");
	assert_false(on_terminal(80, TERMINAL_COLOR_AUTO).color);
}

static void colour_is_as_it_was_asked_for(void **state)
{
	enum terminal_color color = TERMINAL_COLOR_COUNT;

	(void)state;
	assert_true(on_pipe(TERMINAL_COLOR_ALWAYS).color);
	assert_false(on_terminal(80, TERMINAL_COLOR_NEVER).color);
	assert_true(config_terminal_color("always", &color));
	assert_int_equal(color, TERMINAL_COLOR_ALWAYS);
	assert_true(config_terminal_color("never", &color));
	assert_true(config_terminal_color("auto", &color));
	assert_int_equal(color, TERMINAL_COLOR_AUTO);
	assert_false(config_terminal_color("yes", &color));
}

static void columns_decides_when_it_is_a_number(void **state)
{
	(void)state;
	setenv("COLUMNS", "100", 1);
	assert_int_equal(on_pipe(TERMINAL_COLOR_AUTO).columns, 100);
	assert_int_equal(on_terminal(80, TERMINAL_COLOR_AUTO).columns, 100);
	setenv("COLUMNS", "7", 1);
	assert_int_equal(on_pipe(TERMINAL_COLOR_AUTO).columns, 40);
	setenv("COLUMNS", "5000", 1);
	assert_int_equal(on_pipe(TERMINAL_COLOR_AUTO).columns, 400);
	setenv("COLUMNS", "wide", 1);
	assert_int_equal(on_pipe(TERMINAL_COLOR_AUTO).columns, 80);
	setenv("COLUMNS", "99999999999", 1);
	assert_int_equal(on_terminal(90, TERMINAL_COLOR_AUTO).columns, 90);
}

static void blocks_need_a_locale_that_has_them(void **state)
{
	(void)state;
	setenv("LC_ALL", "C", 1);
	assert_false(on_terminal(80, TERMINAL_COLOR_AUTO).unicode);
	setenv("LC_ALL", "", 1);
	assert_true(on_terminal(80, TERMINAL_COLOR_AUTO).unicode);
	setenv("LC_CTYPE", "de_DE.utf8", 1);
	setenv("LANG", "C", 1);
	assert_true(on_terminal(80, TERMINAL_COLOR_AUTO).unicode);
	unsetenv("LC_CTYPE");
	unsetenv("LANG");
	assert_false(on_terminal(80, TERMINAL_COLOR_AUTO).unicode);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(a_pipe_is_plain, set_usual),
	    cmocka_unit_test_setup(
		a_terminal_has_colour_and_its_own_width, set_usual),
	    cmocka_unit_test_setup(
		no_color_counts_when_it_is_something, set_usual),
	    cmocka_unit_test_setup(a_dumb_terminal_has_no_colour, set_usual),
	    cmocka_unit_test_setup(colour_is_as_it_was_asked_for, set_usual),
	    cmocka_unit_test_setup(
		columns_decides_when_it_is_a_number, set_usual),
	    cmocka_unit_test_setup(
		blocks_need_a_locale_that_has_them, set_usual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

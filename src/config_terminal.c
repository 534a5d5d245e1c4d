/* config_terminal.c: the output and who reads it -> colour, width, letters */
#include "config_terminal.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What --color takes. */
static const char *const color_names[TERMINAL_COLOR_COUNT] = {
    [TERMINAL_COLOR_AUTO] = "auto",
    [TERMINAL_COLOR_ALWAYS] = "always",
    [TERMINAL_COLOR_NEVER] = "never",
};

bool config_terminal_color(const char *word, enum terminal_color *color)
{
	for (int i = 0; i < TERMINAL_COLOR_COUNT; i++) {
		if (strcmp(word, color_names[i]) == 0) {
			*color = (enum terminal_color)i;
			return true;
		}
	}
	return false;
}

static bool is_set(const char *value)
{
	return value != NULL && value[0] != '\0';
}

static bool wants_color(bool is_terminal)
{
	const char *term = getenv("TERM");

	/* Without TERM nobody says that there are colours. */
	return is_terminal && !is_set(getenv("NO_COLOR")) && is_set(term) &&
	       strcmp(term, "dumb") != 0;
}

/* The first that is set decides, as setlocale(3) has it. That is not called: by
 * it numbers could get a comma, in JSON as well. */
static bool is_utf8_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *value = NULL;

	for (size_t i = 0; i < 3 && !is_set(value); i++)
		value = getenv(names[i]);
	return is_set(value) && (strcasestr(value, "UTF-8") != NULL ||
				    strcasestr(value, "UTF8") != NULL);
}

/* 0: it is no number that a terminal could have. */
static int read_columns(const char *word)
{
	int columns = 0;

	if (!is_set(word))
		return 0;
	for (const char *at = word; *at != '\0'; at++) {
		if (*at < '0' || *at > '9' || columns > 99999)
			return 0;
		columns = columns * 10 + *at - '0';
	}
	return columns;
}

static int count_columns(int fd, bool is_terminal)
{
	struct winsize size = {0};
	int columns = read_columns(getenv("COLUMNS"));

	/* A shell sets COLUMNS for itself: it comes here only when somebody
	 * exported it. ws_col is 0 where nobody told the terminal its size. */
	if (columns == 0 && is_terminal && ioctl(fd, TIOCGWINSZ, &size) == 0)
		columns = size.ws_col;
	if (columns == 0)
		return TERMINAL_COLUMNS;
	if (columns < TERMINAL_COLUMNS_MIN)
		return TERMINAL_COLUMNS_MIN;
	return columns < TERMINAL_COLUMNS_MAX ? columns : TERMINAL_COLUMNS_MAX;
}

struct terminal config_terminal(int fd, enum terminal_color color)
{
	bool is_terminal = isatty(fd) == 1;
	struct terminal terminal = {
	    .color = color == TERMINAL_COLOR_ALWAYS,
	    .unicode = is_terminal && is_utf8_locale(),
	    .columns = count_columns(fd, is_terminal),
	};

	if (color == TERMINAL_COLOR_AUTO)
		terminal.color = wants_color(is_terminal);
	return terminal;
}

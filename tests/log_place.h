#ifndef LOG_PLACE_H
#define LOG_PLACE_H

/* What the tests of the log share: a directory, and stderr caught in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

#define CAUGHT_BYTES 400000

struct log_test {
	char dir[64];
	char to[128]; /* for LOG_TO */
	FILE *caught_file;
	int stderr_before;
	char text[CAUGHT_BYTES];
};

static inline void catch_begin(struct log_test *place)
{
	place->caught_file = tmpfile();
	assert_non_null(place->caught_file);
	/* Appending, as a web server opens its error log. */
	assert_non_null(freopen(NULL, "a+", place->caught_file));
	place->stderr_before = dup(STDERR_FILENO);
	dup2(fileno(place->caught_file), STDERR_FILENO);
}

/* What went to stderr since; valid until the next. */
static inline const char *catch_end(struct log_test *place)
{
	size_t length;

	dup2(place->stderr_before, STDERR_FILENO);
	close(place->stderr_before);
	rewind(place->caught_file);
	length = fread(place->text, 1, CAUGHT_BYTES - 1, place->caught_file);
	place->text[length] = '\0';
	fclose(place->caught_file);
	return place->text;
}

/* The file as text; "" when there is none. Valid until the next. */
static inline const char *read_text(struct log_test *place, const char *path)
{
	FILE *file = fopen(path, "r");
	size_t length = 0;

	if (file != NULL) {
		length = fread(place->text, 1, CAUGHT_BYTES - 1, file);
		fclose(file);
	}
	place->text[length] = '\0';
	return place->text;
}

static inline size_t lines_in(const char *text)
{
	size_t lines = 0;

	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

/* What cannot be foretold becomes T and P: the text's time and process. */
static inline const char *golden(const char *line)
{
	static char made[2 * LOG_TEXT_BYTES];
	const char *stamp = strstr(line, "20");
	const char *level = strstr(line, "level");
	const char *pid = strstr(line, "pid");
	const char *digits;

	assert_non_null(stamp);
	assert_non_null(level);
	assert_non_null(pid);
	assert_true(stamp < level);
	assert_int_equal(strspn(stamp, "0123456789-T:.Z"), 24);
	digits = pid + strcspn(pid, "0123456789");
	assert_int_equal(strtol(digits, NULL, 10), getpid());
	snprintf(made, sizeof made, "%.*sT%.*sP%s", (int)(stamp - line), line,
	    (int)(digits - stamp - 24), stamp + 24,
	    digits + strspn(digits, "0123456789"));
	return made;
}

static inline int log_place_open(void **state)
{
	struct log_test *place = calloc(1, sizeof *place);

	assert_non_null(place);
	strcpy(place->dir, "/tmp/stockroute_log_XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	log_set_level(LOG_INFO);
	*state = place;
	return 0;
}

static inline int log_place_close(void **state)
{
	struct log_test *place = *state;
	char command[96];

	log_close();
	snprintf(command, sizeof command, "rm -rf %s", place->dir);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

#define WITH_LOG(test)                                                         \
	cmocka_unit_test_setup_teardown(test, log_place_open, log_place_close)

#endif

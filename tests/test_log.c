/* test_log.c: one line for one happening, whatever is in it */
#include <pthread.h>
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

#define CAUGHT_BYTES 300000
#define THREADS      4
#define LINES_EACH   200

/* Standard error goes to a file while a test catches it. */
struct caught {
	FILE *file;
	int stderr_before;
	char text[CAUGHT_BYTES];
};

static void catch_begin(struct caught *caught)
{
	caught->file = tmpfile();
	assert_non_null(caught->file);
	caught->stderr_before = dup(STDERR_FILENO);
	dup2(fileno(caught->file), STDERR_FILENO);
}

static const char *catch_end(struct caught *caught)
{
	size_t length;

	dup2(caught->stderr_before, STDERR_FILENO);
	close(caught->stderr_before);
	rewind(caught->file);
	length = fread(caught->text, 1, CAUGHT_BYTES - 1, caught->file);
	caught->text[length] = '\0';
	fclose(caught->file);
	return caught->text;
}

static int set_up(void **state)
{
	log_set_level(LOG_INFO);
	*state = calloc(1, sizeof(struct caught));
	return *state == NULL;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

/* What follows the process number, the first part that can be foretold. */
static const char *after_pid(const char *line)
{
	const char *pid = strstr(line, " pid=");

	assert_non_null(pid);
	return pid + 5 + strspn(pid + 5, "0123456789");
}

static void a_line_has_time_level_pid_event_and_message(void **state)
{
	struct caught *caught = *state;
	const char *line;
	char pid[32];

	catch_begin(caught);
	log_line(LOG_WARN, "a1b2", "stock is %s", "low");
	line = catch_end(caught);
	assert_memory_equal(line, "time=2", 6);
	assert_memory_equal(line + 5 + 24, " level=warn pid=", 16);
	snprintf(pid, sizeof pid, " pid=%ld ", (long)getpid());
	assert_non_null(strstr(line, pid));
	assert_string_equal(
	    after_pid(line), " event=a1b2 msg=\"stock is low\"\n");
}

static void a_line_of_an_event_names_its_request(void **state)
{
	struct caught *caught = *state;

	catch_begin(caught);
	log_event(LOG_WARN, "a1b2", "req=7", "stock is %s", "low");
	assert_string_equal(after_pid(catch_end(caught)),
	    " event=a1b2 request=\"req=7\" msg=\"stock is low\"\n");
	catch_begin(caught);
	log_event(LOG_WARN, NULL, "r1", "slow");
	assert_string_equal(
	    after_pid(catch_end(caught)), " request=r1 msg=\"slow\"\n");
	catch_begin(caught);
	log_event(LOG_DEBUG, "a1b2", "r1", "not logged");
	assert_string_equal(catch_end(caught), "");
}

static void a_line_without_an_event_leaves_it_out(void **state)
{
	struct caught *caught = *state;

	catch_begin(caught);
	log_line(LOG_INFO, NULL, "started");
	assert_string_equal(after_pid(catch_end(caught)), " msg=\"started\"\n");
}

static void levels_above_the_set_one_are_dropped(void **state)
{
	struct caught *caught = *state;
	enum log_level set;
	enum log_level level;

	for (set = LOG_ERROR; set < LOG_LEVEL_COUNT; set++) {
		log_set_level(set);
		for (level = LOG_ERROR; level < LOG_LEVEL_COUNT; level++) {
			assert_int_equal(log_enabled(level), level <= set);
			catch_begin(caught);
			log_line(level, NULL, "x");
			assert_int_equal(
			    catch_end(caught)[0] != '\0', level <= set);
		}
	}
	assert_string_equal(log_level_name(LOG_ERROR), "error");
	assert_string_equal(log_level_name(LOG_DEBUG), "debug");
}

static void a_hostile_id_stays_one_line(void **state)
{
	struct caught *caught = *state;

	catch_begin(caught);
	log_line(
	    LOG_INFO, "a\n\"level=error\\\x1b[2J", "%s", "\r\xc2\x9b\x7f ok\"");
	assert_string_equal(after_pid(catch_end(caught)),
	    " event=\"a\\n\\\"level=error\\\\\\x1b[2J\""
	    " msg=\"\\x0d\\xc2\\x9b\\x7f ok\\\"\"\n");
}

static void an_id_that_is_not_a_bare_word_is_quoted(void **state)
{
	static const char *const ids[] = {"", "a b", "a=b", "\xc3\xbc"};
	struct caught *caught = *state;
	size_t i;

	for (i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		catch_begin(caught);
		log_line(LOG_INFO, ids[i], "x");
		assert_non_null(strstr(catch_end(caught), " event=\""));
	}
}

static void a_long_line_is_cut_with_dots(void **state)
{
	struct caught *caught = *state;
	char message[5000];
	const char *line;
	size_t length;

	for (length = 1900; length < sizeof message - 1; length++) {
		memset(message, '\n', length);
		message[length] = '\0';
		if (length > 2100)
			length = sizeof message - 2;
		catch_begin(caught);
		log_line(LOG_INFO, NULL, "%s", message);
		line = catch_end(caught);
		assert_true(strlen(line) <= 2000);
		assert_non_null(strstr(line, "\\n...\"\n"));
		assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	}
}

static void a_line_that_just_fits_is_whole(void **state)
{
	struct caught *caught = *state;
	char message[2001] = {0};
	const char *line;
	bool was_cut = false;
	size_t length;

	for (length = 1800; length < 2000; length++) {
		memset(message, 'm', length);
		catch_begin(caught);
		log_line(LOG_INFO, NULL, "%s", message);
		line = catch_end(caught);
		was_cut = strstr(line, "...") != NULL;
		assert_true(strlen(line) <= 2000);
		assert_int_equal(was_cut, strstr(line, message) == NULL);
	}
	assert_true(was_cut);
}

static void *write_lines(void *arg)
{
	int i;

	for (i = 0; i < LINES_EACH; i++)
		log_line(LOG_INFO, arg, "a line of one of many threads");
	log_set_level(LOG_INFO);
	return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
	static char id[] = "a1b2";
	struct caught *caught = *state;
	pthread_t threads[THREADS];
	const char *line;
	int lines = 0;
	int i;

	catch_begin(caught);
	/* Appending, as a web server opens its error log. */
	assert_non_null(freopen(NULL, "a+", caught->file));
	dup2(fileno(caught->file), STDERR_FILENO);
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, write_lines, id);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (line = catch_end(caught); *line != '\0'; lines++) {
		assert_memory_equal(line, "time=2", 6);
		line = strchr(line, '\n') + 1;
	}
	assert_int_equal(lines, THREADS * LINES_EACH);
}

#define WITH_CATCH(test)                                                       \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_CATCH(a_line_has_time_level_pid_event_and_message),
	    WITH_CATCH(a_line_of_an_event_names_its_request),
	    WITH_CATCH(a_line_without_an_event_leaves_it_out),
	    WITH_CATCH(levels_above_the_set_one_are_dropped),
	    WITH_CATCH(a_hostile_id_stays_one_line),
	    WITH_CATCH(an_id_that_is_not_a_bare_word_is_quoted),
	    WITH_CATCH(a_long_line_is_cut_with_dots),
	    WITH_CATCH(a_line_that_just_fits_is_whole),
	    WITH_CATCH(lines_of_threads_do_not_mix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

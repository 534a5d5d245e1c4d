/* test_log.c: one line for one happening, whatever is in it */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>

#include "log_place.h"
#include "trace.h"

#define THREADS    4
#define LINES_EACH 200

static void read_request(struct trace *trace, const char *request_id)
{
	const struct trace_headers headers = {
	    .parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-"
		      "00f067aa0ba902b7-01",
	    .request_id = request_id,
	};

	trace_read(trace, &headers);
}

static void a_line_has_time_level_process_message_and_ids(void **state)
{
	struct log_test *place = *state;
	struct trace trace;

	read_request(&trace, "req=7");
	catch_begin(place);
	log_event(LOG_WARN, "a1b2", &trace, "stock is %s", "low");
	assert_string_equal(golden(catch_end(place)),
	    "ts=T level=warn pid=P msg=\"stock is low\" interaction_id=a1b2 "
	    "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 request_id=\"req=7\"\n");
}

static void as_json_it_has_the_same_keys(void **state)
{
	struct log_test *place = *state;
	struct trace trace;

	read_request(&trace, "req-7");
	log_open("stderr", LOG_JSON);
	catch_begin(place);
	log_event(LOG_WARN, "a1b2", &trace, "stock is %s", "low");
	assert_string_equal(golden(catch_end(place)),
	    "{\"ts\":\"T\",\"level\":\"warn\",\"pid\":P,"
	    "\"msg\":\"stock is low\",\"interaction_id\":\"a1b2\","
	    "\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
	    "\"request_id\":\"req-7\"}\n");
}

static void what_is_not_known_is_left_out(void **state)
{
	struct log_test *place = *state;

	catch_begin(place);
	log_line(LOG_INFO, NULL, "started");
	assert_string_equal(
	    golden(catch_end(place)), "ts=T level=info pid=P msg=started\n");
	catch_begin(place);
	log_event(LOG_INFO, "", NULL, "started");
	assert_string_equal(
	    golden(catch_end(place)), "ts=T level=info pid=P msg=started\n");
}

static void an_entry_has_fields_of_its_own(void **state)
{
	static const char *const lines[] = {
	    "ts=T level=info pid=P msg=decided sku=\"a b\" total_us=12340 "
	    "least=-9223372036854775808\n",
	    "{\"ts\":\"T\",\"level\":\"info\",\"pid\":P,\"msg\":\"decided\","
	    "\"sku\":\"a b\",\"total_us\":12340,"
	    "\"least\":-9223372036854775808}\n",
	};
	struct log_test *place = *state;

	for (int format = LOG_LOGFMT; format <= LOG_JSON; format++) {
		struct log_entry entry;

		log_open("stderr", (enum log_format)format);
		catch_begin(place);
		log_begin(&entry, LOG_INFO, "decided");
		log_add(&entry, "sku", "a b");
		log_add(&entry, "none", NULL);
		log_add_int(&entry, "total_us", 12340);
		log_add_int(&entry, "least", INT64_MIN);
		log_end(&entry);
		assert_string_equal(golden(catch_end(place)), lines[format]);
	}
}

static void levels_above_the_set_one_are_dropped(void **state)
{
	struct log_test *place = *state;

	for (int set = LOG_ERROR; set < LOG_LEVEL_COUNT; set++) {
		log_set_level((enum log_level)set);
		for (int i = LOG_ERROR; i < LOG_LEVEL_COUNT; i++) {
			enum log_level level = (enum log_level)i;

			assert_int_equal(log_enabled(level), i <= set);
			catch_begin(place);
			log_line(level, NULL, "x");
			assert_int_equal(catch_end(place)[0] != '\0', i <= set);
		}
	}
	assert_string_equal(log_level_name(LOG_ERROR), "error");
	assert_string_equal(log_level_name(LOG_DEBUG), "debug");
}

static void a_hostile_id_stays_one_line(void **state)
{
	static const char *const lines[] = {
	    "ts=T level=info pid=P msg=\"\\x0d\\xc2\\x9b\\x7f ok\\\"\" "
	    "interaction_id=\"a\\n\\\"level=error\\\\\\x1b[2J\"\n",
	    "{\"ts\":\"T\",\"level\":\"info\",\"pid\":P,"
	    "\"msg\":\"\\u000d\\u009b\\u007f ok\\\"\","
	    "\"interaction_id\":\"a\\u000a\\\"level=error\\\\\\u001b[2J\"}\n",
	};
	struct log_test *place = *state;

	for (int format = LOG_LOGFMT; format <= LOG_JSON; format++) {
		log_open("stderr", (enum log_format)format);
		catch_begin(place);
		log_line(LOG_INFO, "a\n\"level=error\\\x1b[2J", "%s",
		    "\r\xc2\x9b\x7f ok\"");
		assert_string_equal(golden(catch_end(place)), lines[format]);
	}
}

static void what_repeats_is_told_with_its_count(void **state)
{
	struct log_test *place = *state;
	const char *text;

	catch_begin(place);
	for (int i = 0; i < 1244; i++)
		log_line(LOG_WARN, "a1b2", "no answer after %d ms", 300 + i);
	for (int i = 0; i < 30; i++) {
		log_set_level(LOG_DEBUG);
		log_line(LOG_DEBUG, NULL, "nothing is held back here");
		log_set_level(LOG_INFO);
	}
	log_close();
	text = catch_end(place);
	assert_int_equal(lines_in(text), 10 + 30 + 1);
	assert_non_null(
	    strstr(text, " msg=\"no answer after 300 ms\" repeated=1234\n"));
}

static void the_line_of_an_event_is_never_held_back(void **state)
{
	struct log_test *place = *state;

	catch_begin(place);
	for (int i = 0; i < 500; i++) {
		struct log_entry entry;

		log_begin(&entry, LOG_INFO, "decided");
		log_end(&entry);
	}
	assert_int_equal(lines_in(catch_end(place)), 500);
}

static void *write_lines(void *arg)
{
	for (int i = 0; i < LINES_EACH; i++) {
		struct log_entry entry;

		log_begin(&entry, LOG_INFO, "a line of one of many threads");
		log_add(&entry, "interaction_id", arg);
		log_end(&entry);
		log_line(LOG_INFO, arg, "a line that repeats");
	}
	log_set_level(LOG_INFO);
	return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
	static char id[] = "a1b2";
	struct log_test *place = *state;
	pthread_t threads[THREADS];
	const char *line;
	int lines = 0;

	catch_begin(place);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, write_lines, id);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	log_close();
	for (line = catch_end(place); *line != '\0'; lines++) {
		assert_memory_equal(line, "ts=2", 4);
		line = strchr(line, '\n') + 1;
	}
	assert_int_equal(lines, THREADS * LINES_EACH + 10 + 1);
}

/* A pipe that keeps one write apart from the next: its reading end. */
static int catch_writes(struct log_test *place)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_DIRECT | O_NONBLOCK | O_CLOEXEC), 0);
	place->stderr_before = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	return ends[0];
}

/* The next write's bytes as text; "" when there was none. */
static const char *next_write(struct log_test *place, int pipe)
{
	ssize_t length = read(pipe, place->text, CAUGHT_BYTES - 1);

	place->text[length < 0 ? 0 : length] = '\0';
	return place->text;
}

static void end_writes(struct log_test *place, int pipe)
{
	dup2(place->stderr_before, STDERR_FILENO);
	close(place->stderr_before);
	close(pipe);
}

static void log_soon(enum log_level level, int number)
{
	struct log_entry entry;

	log_begin(&entry, level, "decided");
	log_add_int(&entry, "number", number);
	log_end_soon(&entry);
}

static void lines_that_come_together_are_written_together(void **state)
{
	enum { LINES = 200 };
	struct log_test *place = *state;
	int pipe = catch_writes(place);
	size_t writes = 0;
	int seen = 0;

	for (int i = 0; i < LINES; i++)
		log_soon(LOG_INFO, i);
	log_flush();
	for (const char *line = next_write(place, pipe); *line != '\0';
	     line = next_write(place, pipe)) {
		size_t length = strlen(line);

		writes++;
		/* What POSIX promises to keep in one piece. */
		assert_true(length <= PIPE_BUF);
		assert_int_equal(line[length - 1], '\n');
		for (; *line != '\0'; line = strchr(line, '\n') + 1)
			assert_int_equal(
			    strtol(strstr(line, "number=") + 7, NULL, 10),
			    seen++);
	}
	end_writes(place, pipe);
	assert_int_equal(seen, LINES);
	assert_true(writes < LINES / 20);
}

static void a_line_of_another_kind_comes_behind_those_gathered(void **state)
{
	struct log_test *place = *state;
	int pipe = catch_writes(place);

	log_soon(LOG_INFO, 1);
	assert_string_equal(next_write(place, pipe), "");
	log_line(LOG_INFO, NULL, "started");
	assert_non_null(strstr(next_write(place, pipe), "number=1\n"));
	assert_non_null(strstr(next_write(place, pipe), "started\n"));
	log_soon(LOG_INFO, 2);
	log_soon(LOG_ERROR, 3);
	assert_non_null(strstr(next_write(place, pipe), "number=2\n"));
	assert_non_null(strstr(next_write(place, pipe), "number=3\n"));
	log_soon(LOG_INFO, 4);
	log_close();
	assert_non_null(strstr(next_write(place, pipe), "number=4\n"));
	assert_string_equal(next_write(place, pipe), "");
	end_writes(place, pipe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_LOG(a_line_has_time_level_process_message_and_ids),
	    WITH_LOG(as_json_it_has_the_same_keys),
	    WITH_LOG(what_is_not_known_is_left_out),
	    WITH_LOG(an_entry_has_fields_of_its_own),
	    WITH_LOG(levels_above_the_set_one_are_dropped),
	    WITH_LOG(a_hostile_id_stays_one_line),
	    WITH_LOG(what_repeats_is_told_with_its_count),
	    WITH_LOG(the_line_of_an_event_is_never_held_back),
	    WITH_LOG(lines_of_threads_do_not_mix),
	    WITH_LOG(lines_that_come_together_are_written_together),
	    WITH_LOG(a_line_of_another_kind_comes_behind_those_gathered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

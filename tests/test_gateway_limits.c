/* test_gateway_limits.c: many requests, few descriptors, long answers, ends */
#include "gateway_stage.h"

#include <sys/resource.h>

static void no_more_than_inflight_max_are_in_hand(void **state)
{
	struct stage *stage = *state;
	struct bytes bytes = post("early");
	int early = dial(stage->path);
	int fds[8];
	size_t i;

	/* Accepted before the others, whole when no place is left. */
	put(early, bytes.at, bytes.length - 1);
	run_ms(stage, 5);
	stage->answer = NULL;
	for (i = 0; i < 6; i++)
		fds[i] = send_post(stage, "x");
	run_ms(stage, 5);
	put(early, bytes.at + bytes.length - 1, 1);
	run_ms(stage, GATHER_MS + 50);
	assert_int_equal(stage->begun, 4);
	gateway_reply(stage->held[0], &ok);
	assert_int_equal(stage->begun, 4);
	run_ms(stage, 5);
	assert_int_equal(stage->begun, 5);
	assert_string_equal(stage->body, "early");
	stage->answer = &ok;
	for (i = 1; i < 5; i++)
		gateway_reply(stage->held[i], &ok);
	run_ms(stage, 10);
	assert_int_equal(stage->begun, 7);
	assert_answered(early, "200");
	for (i = 0; i < 6; i++)
		assert_answered(fds[i], "200");
}

static void fewer_in_hand_from_the_first_request_on(void **state)
{
	struct stage *stage = *state;
	int fds[4];
	size_t i;

	stage->answer = NULL;
	for (i = 0; i < 2; i++)
		fds[i] = send_post(stage, "x");
	run_ms(stage, 5);
	assert_int_equal(stage->begun, 2);
	gateway_set_limits(stage->gateway, BODY_MAX, 1, GATHER_MS * CLOCK_MS);
	for (i = 2; i < 4; i++)
		fds[i] = send_post(stage, "x");
	run_ms(stage, 5);
	assert_int_equal(stage->begun, 2);
	gateway_reply(stage->held[0], &ok);
	run_ms(stage, 5);
	assert_int_equal(stage->begun, 2);
	gateway_reply(stage->held[1], &ok);
	run_ms(stage, 5);
	assert_int_equal(stage->begun, 3);
	gateway_reply(stage->held[2], &ok);
	run_ms(stage, 5);
	assert_int_equal(stage->begun, 4);
	gateway_reply(stage->held[3], &ok);
	for (i = 0; i < 4; i++)
		assert_answered(fds[i], "200");
}

static void a_changed_patience_holds_for_who_comes_later(void **state)
{
	struct stage *stage = *state;
	struct bytes bytes = post("late");
	int fd;

	gateway_set_limits(stage->gateway, BODY_MAX, 4, 20 * CLOCK_MS);
	fd = dial(stage->path);
	put(fd, bytes.at, bytes.length - 1);
	run_ms(stage, 60);
	assert_int_equal(stage->begun, 0);
	assert_answered(fd, "408");
}

static int64_t cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * CLOCK_SECOND +
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void without_descriptors_it_waits_and_does_not_spin(void **state)
{
	struct stage *stage = *state;
	struct rlimit before;
	struct rlimit tight;
	int64_t start_us;
	int fd = send_post(stage, "patient");
	int lowest = dup(0);

	close(lowest);
	getrlimit(RLIMIT_NOFILE, &before);
	tight = before;
	tight.rlim_cur = (rlim_t)lowest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	start_us = cpu_us();
	run_ms(stage, 350);
	assert_true(cpu_us() - start_us < 60 * CLOCK_MS);
	assert_int_equal(stage->begun, 0);
	setrlimit(RLIMIT_NOFILE, &before);
	run_ms(stage, 150);
	assert_string_equal(stage->body, "patient");
	assert_answered(fd, "200");
}

/* The connection gets the last descriptor, the file in memory none. */
static void a_request_that_cannot_be_copied_tells_why(void **state)
{
	struct stage *stage = *state;
	struct rlimit before;
	struct rlimit tight;
	FILE *caught = tmpfile();
	char words[1024] = "";
	int fd = send_post(stage, "x");
	int lowest;
	int real;

	assert_non_null(caught);
	real = dup(STDERR_FILENO);
	lowest = dup(0);
	close(lowest);
	getrlimit(RLIMIT_NOFILE, &before);
	tight = before;
	tight.rlim_cur = (rlim_t)lowest + 1;
	dup2(fileno(caught), STDERR_FILENO);
	setrlimit(RLIMIT_NOFILE, &tight);
	run_ms(stage, 10);
	setrlimit(RLIMIT_NOFILE, &before);
	dup2(real, STDERR_FILENO);
	close(real);
	rewind(caught);
	words[fread(words, 1, sizeof words - 1, caught)] = '\0';
	fclose(caught);
	assert_int_equal(stage->begun, 0);
	assert_non_null(strstr(words, "cannot copy a request"));
	assert_non_null(strstr(words, strerror(EMFILE)));
	assert_closed_unanswered(fd);
}

#define LET_IN_MAX 1024 /* connections that are not yet whole */
#define FLOOD      1100

/* Whoever comes behind them is served when their patience has ended. */
static void a_flood_of_silent_connections_passes(void **state)
{
	struct stage *stage = *state;
	struct rlimit before, wide;
	size_t descriptors = count_descriptors();
	int silent[FLOOD];
	int i, fd;

	getrlimit(RLIMIT_NOFILE, &before);
	wide = before;
	wide.rlim_cur = 4 * FLOOD;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &wide), 0);
	for (i = 0; i < FLOOD; i++) {
		silent[i] = dial(stage->path);
		if (i % 64 == 0)
			run_ms(stage, 1);
	}
	run_ms(stage, 1);
	assert_true(count_descriptors() - descriptors - FLOOD <= LET_IN_MAX);
	fd = send_post(stage, "patient");
	run_ms(stage, 4 * GATHER_MS);
	assert_int_equal(stage->begun, 1);
	assert_answered(fd, "200");
	assert_true(gateway_idle(stage->gateway));
	for (i = 0; i < FLOOD; i++)
		close(silent[i]);
	setrlimit(RLIMIT_NOFILE, &before);
}

static void a_drained_gateway_finishes_accepts_nothing_and_tells_once(
    void **state)
{
	struct stage *stage = *state;
	int fd = send_post(stage, "last");
	int late;

	stage->answer = NULL;
	run_ms(stage, 5);
	gateway_on_idle(stage->gateway, note_idle, stage);
	gateway_drain(stage->gateway);
	late = send_post(stage, "late");
	run_ms(stage, 10);
	assert_int_equal(stage->begun, 1);
	gateway_reply(stage->held[0], &ok);
	assert_int_equal(stage->idles, 0);
	run_ms(stage, 10);
	assert_int_equal(stage->idles, 1);
	assert_int_equal(stage->begun, 1);
	assert_true(gateway_idle(stage->gateway));
	assert_answered(fd, "200");
	close(late);
}

static void a_server_that_went_away_disturbs_nobody(void **state)
{
	struct stage *stage = *state;
	size_t descriptors = count_descriptors();
	int i;

	stage->answer = NULL;
	for (i = 0; i < 3; i++)
		close(send_post(stage, "gone"));
	run_ms(stage, 5);
	assert_int_equal(stage->begun, 3);
	for (i = 0; i < 3; i++)
		gateway_reply(stage->held[i], &ok);
	run_ms(stage, 5);
	/* The file in memory is opened with the first request. */
	assert_int_equal(count_descriptors(), descriptors + 1);
}

static void a_thousand_requests_leave_no_descriptor_behind(void **state)
{
	struct stage *stage = *state;
	size_t descriptors;
	int i;
	int fd;

	close(send_post(stage, "first"));
	run_ms(stage, 5);
	descriptors = count_descriptors();
	for (i = 0; i < 1000; i++) {
		fd = send_post(stage, "x");
		run_ms(stage, 0);
		run_ms(stage, 0);
		assert_answered(fd, "200");
	}
	assert_int_equal(stage->begun, 1001);
	assert_int_equal(count_descriptors(), descriptors);
}

static void an_answer_of_300_kilobytes_does_not_wait_for_its_reader(
    void **state)
{
	struct stage *stage = *state;
	static char page[300000];
	struct gateway_answer answer = {
	    200, "", "text/html", page, sizeof page};
	const struct reply *reply;
	int64_t start_us = clock_mono_us();
	int fd = send_post(stage, "x");

	memset(page, 'p', sizeof page);
	stage->answer = &answer;
	run_ms(stage, 5);
	assert_true(clock_mono_us() - start_us < CLOCK_SECOND);
	reply = take_reply(fd);
	assert_true(reply->ended && reply->closed);
	assert_memory_equal(
	    reply->stdout_ + reply->length - sizeof page, page, sizeof page);
}

static void a_reader_that_stops_holds_the_loop_a_few_seconds_only(void **state)
{
	struct stage *stage = *state;
	static char page[16 * 1024 * 1024];
	struct gateway_answer answer = {
	    200, "", "text/html", page, sizeof page};
	int64_t start_us = clock_mono_us();
	int fd = send_post(stage, "x");

	stage->answer = &answer;
	run_ms(stage, 5);
	assert_int_equal(stage->begun, 1);
	assert_true(clock_mono_us() - start_us < 5 * CLOCK_SECOND);
	assert_true(gateway_idle(stage->gateway));
	close(fd);
}

static void a_close_frees_requests_in_every_state(void **state)
{
	struct stage *stage = *state;
	static char body[2 * BODY_MAX];
	struct bytes bytes = make_post("140000", body, sizeof body);
	int fds[9];
	size_t descriptors = count_descriptors();
	int64_t start_us;
	size_t i;

	fds[0] = dial(stage->path);
	put(fds[0], bytes.at, 100000);
	run_ms(stage, 5);
	bytes = post("ready");
	fds[1] = dial(stage->path);
	put(fds[1], bytes.at, 9);
	fds[2] = dial(stage->path);
	put(fds[2], bytes.at, bytes.length - 1);
	run_ms(stage, 5);
	stage->answer = NULL;
	for (i = 3; i < 9; i++)
		fds[i] = send_post(stage, "held");
	run_ms(stage, 5);
	put(fds[2], bytes.at + bytes.length - 1, 1);
	run_ms(stage, 5);
	assert_int_equal(stage->begun, 5);
	start_us = clock_mono_us();
	gateway_close(stage->gateway);
	stage->gateway = NULL;
	/* libfcgi would wait two seconds for each server to close first. */
	assert_true(clock_mono_us() - start_us < CLOCK_SECOND);
	for (i = 0; i < 9; i++)
		close(fds[i]);
	assert_int_equal(count_descriptors(), descriptors - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    on_stage(no_more_than_inflight_max_are_in_hand),
	    on_stage(fewer_in_hand_from_the_first_request_on),
	    on_stage(a_changed_patience_holds_for_who_comes_later),
	    on_stage(without_descriptors_it_waits_and_does_not_spin),
	    on_stage(a_request_that_cannot_be_copied_tells_why),
	    on_stage(a_flood_of_silent_connections_passes),
	    on_stage(a_drained_gateway_finishes_accepts_nothing_and_tells_once),
	    on_stage(a_server_that_went_away_disturbs_nobody),
	    on_stage(a_thousand_requests_leave_no_descriptor_behind),
	    on_stage(an_answer_of_300_kilobytes_does_not_wait_for_its_reader),
	    on_stage(a_reader_that_stops_holds_the_loop_a_few_seconds_only),
	    on_stage(a_close_frees_requests_in_every_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_gateway.c: what becomes of requests, whole, slow, odd or too long */
#include "gateway_stage.h"

static void a_request_is_seen_whole_and_its_answer_is_sent_whole(void **state)
{
	struct stage *stage = *state;
	int64_t start_us = clock_mono_us();
	int fd = send_post(stage, "{\"a\":1}");
	const struct reply *reply;

	stage->answer = &(struct gateway_answer){.http = 405,
	    .headers = "Allow: POST\r\nRetry-After: 3\r\n",
	    .type = "application/json",
	    .body = "{}",
	    .body_bytes = 2};
	run_ms(stage, 20);
	assert_int_equal(stage->begun, 1);
	assert_string_equal(stage->method, "POST");
	assert_string_equal(stage->body, "{\"a\":1}");
	assert_int_equal(stage->length, 7);
	assert_in_range(stage->accepted_us, start_us, clock_mono_us());
	reply = take_reply(fd);
	assert_string_equal(reply->stdout_,
	    "Status: 405 Method Not Allowed\r\n"
	    "Content-Type: application/json\r\nContent-Length: 2\r\n"
	    "Allow: POST\r\nRetry-After: 3\r\n\r\n{}");
	assert_true(reply->ended && reply->closed);
}

static void a_request_in_single_bytes_begins_with_its_last(void **state)
{
	struct stage *stage = *state;
	struct bytes bytes = post("slow");
	int fd = dial(stage->path);
	size_t i;

	for (i = 0; i < bytes.length; i++) {
		assert_int_equal(stage->begun, 0);
		put(fd, bytes.at + i, 1);
		run_ms(stage, 0);
	}
	run_ms(stage, 5);
	assert_string_equal(stage->body, "slow");
	assert_answered(fd, "200 OK\r\n");
}

static void the_longest_body_passes_also_in_pieces(void **state)
{
	struct stage *stage = *state;
	static char body[BODY_MAX + 1];
	struct bytes bytes;
	size_t part;
	size_t sent;
	int fd = dial(stage->path);

	memset(body, 'b', BODY_MAX);
	bytes = make_post("70000", body, BODY_MAX);
	for (sent = 0; sent < bytes.length; sent += part) {
		part = bytes.length - sent < 9000 ? bytes.length - sent : 9000;
		put(fd, bytes.at + sent, part);
		run_ms(stage, 1);
	}
	assert_int_equal(stage->length, BODY_MAX);
	assert_string_equal(stage->body, body);
	assert_answered(fd, "200 OK\r\n");
	/* A shorter one after it has nothing of it. */
	fd = send_post(stage, "short");
	run_ms(stage, 5);
	assert_string_equal(stage->body, "short");
	assert_answered(fd, "200 OK\r\n");
}

static void slow_senders_hold_up_nobody(void **state)
{
	struct stage *stage = *state;
	struct bytes bytes = post("x");
	int slow[20];
	int64_t start_us;
	size_t i;
	int fd;

	for (i = 0; i < 20; i++) {
		slow[i] = dial(stage->path);
		put(slow[i], bytes.at, bytes.length - 9);
	}
	run_ms(stage, 10);
	assert_int_equal(stage->begun, 0);
	assert_false(gateway_idle(stage->gateway));
	fd = send_post(stage, "quick");
	start_us = clock_mono_us();
	run_ms(stage, 5);
	assert_answered(fd, "200");
	assert_true(clock_mono_us() - start_us < 100 * CLOCK_MS);
	for (i = 0; i < 20; i++)
		put(slow[i], bytes.at + bytes.length - 9, 9);
	run_ms(stage, 20);
	for (i = 0; i < 20; i++)
		assert_answered(slow[i], "200");
}

static void a_body_over_the_limit_is_answered_before_it_has_all_come(
    void **state)
{
	struct stage *stage = *state;
	static char body[2 * BODY_MAX];
	struct bytes bytes = make_post("140000", body, sizeof body);
	size_t descriptors;
	size_t sent = 90000;
	int fd = dial(stage->path);

	descriptors = count_descriptors();
	stage->answer = &(struct gateway_answer){413, "", "text/plain", "", 0};
	put(fd, bytes.at, sent);
	run_ms(stage, 10);
	assert_int_equal(stage->begun, 1);
	assert_false(stage->body_there);
	assert_true(stage->too_large);
	assert_true(gateway_idle(stage->gateway));
	/* The sender does not lose the answer, although it goes on sending. */
	put(fd, bytes.at + sent, bytes.length - sent);
	run_ms(stage, 10);
	assert_answered(fd, "413 Content Too Large\r\n");
	run_ms(stage, 10);
	/* The test's end is closed, the gateway's file in memory is open. */
	assert_int_equal(count_descriptors(), descriptors);
}

static void a_changed_body_limit_counts_from_then_on(void **state)
{
	struct stage *stage = *state;
	int fd;

	gateway_set_limits(stage->gateway, 4, 4, GATHER_MS * CLOCK_MS);
	fd = send_post(stage, "12345");
	run_ms(stage, 5);
	assert_true(stage->too_large);
	close(fd);
	gateway_set_limits(stage->gateway, 5, 4, GATHER_MS * CLOCK_MS);
	fd = send_post(stage, "12345");
	run_ms(stage, 5);
	assert_string_equal(stage->body, "12345");
	close(fd);
}

/* A process that its first request configures has read that one's body. */
static void a_limit_told_by_the_first_request_holds_for_its_body(void **state)
{
	struct stage *stage = *state;
	int fd;

	stage->told_body_max = 4;
	fd = send_post(stage, "12345");
	run_ms(stage, 5);
	assert_int_equal(stage->begun, 1);
	assert_true(stage->too_large);
	assert_false(stage->body_there);
	assert_answered(fd, "200");
}

static void a_body_shorter_than_its_length_is_not_given(void **state)
{
	struct stage *stage = *state;
	struct bytes bytes = make_post("6", "12345", 5);
	int fd = dial(stage->path);

	put(fd, bytes.at, bytes.length);
	run_ms(stage, 5);
	assert_false(stage->body_there);
	assert_false(stage->too_large);
	assert_int_equal(stage->length, 5);
	assert_answered(fd, "200");
}

static void a_body_without_a_length_ends_with_its_stream(void **state)
{
	struct stage *stage = *state;
	struct bytes bytes = make_post(NULL, "12345", 5);
	int fd = dial(stage->path);

	put(fd, bytes.at, bytes.length);
	run_ms(stage, 5);
	assert_string_equal(stage->body, "12345");
	assert_answered(fd, "200");
}

static void a_body_that_does_not_come_is_answered_408(void **state)
{
	struct stage *stage = *state;
	struct bytes bytes = post("never");
	const struct reply *reply;
	int fd = dial(stage->path);

	put(fd, bytes.at, bytes.length - 8);
	run_ms(stage, GATHER_MS - 50);
	assert_false(gateway_idle(stage->gateway));
	run_ms(stage, 100);
	assert_int_equal(stage->begun, 0);
	assert_true(gateway_idle(stage->gateway));
	reply = take_reply(fd);
	assert_true(reply->ended && reply->closed);
	assert_memory_equal(
	    reply->stdout_, "Status: 408 Request Timeout\r\n", 29);
	assert_non_null(strstr(reply->stdout_, "\"code\":\"timeout\""));
	/* It came without a name, and gets one. */
	assert_non_null(strstr(reply->stdout_, "\r\nX-Request-Id: "));
}

static void a_408_bears_the_requests_own_id(void **state)
{
	struct stage *stage = *state;
	struct bytes bytes = {.length = 0};
	const struct reply *reply;
	int fd = dial(stage->path);

	add_begin(&bytes, 1, 1, 0);
	add_param(&bytes, 1, "HTTP_X_REQUEST_ID", "call-7");
	add_end(&bytes, PARAMS);
	put(fd, bytes.at, bytes.length);
	run_ms(stage, GATHER_MS + 50);
	reply = take_reply(fd);
	assert_memory_equal(reply->stdout_, "Status: 408", 11);
	assert_non_null(
	    strstr(reply->stdout_, "\r\nX-Request-Id: call-7\r\n\r\n{"));
}

static void params_that_do_not_come_are_not_answered(void **state)
{
	struct stage *stage = *state;
	struct bytes bytes = post("never");
	int silent = dial(stage->path);
	int fd = dial(stage->path);

	put(fd, bytes.at, 20);
	run_ms(stage, GATHER_MS + 50);
	assert_closed_unanswered(fd);
	assert_closed_unanswered(silent);
	assert_true(gateway_idle(stage->gateway));
}

static void what_is_no_request_is_closed_at_once(void **state)
{
	struct stage *stage = *state;
	int fd = dial(stage->path);
	int half = dial(stage->path);

	put(fd, "GET / HTTP/1.1\r\n\r\n", 18);
	put(half, "\1\1\0", 3);
	shutdown(half, SHUT_WR);
	run_ms(stage, 10);
	assert_closed_unanswered(fd);
	assert_closed_unanswered(half);
	assert_true(gateway_idle(stage->gateway));
}

/* The lengths of a pair say more than there is, up to 2 GB. */
static void params_that_are_no_pairs_are_closed_and_the_next_is_served(
    void **state)
{
	static const char *const pairs[] = {"\5", "\5\5ab", "\377\377\377\0\1"};
	static const size_t lengths[] = {1, 4, 5};
	struct stage *stage = *state;
	struct bytes bytes;
	size_t i;
	int fd;

	for (i = 0; i < 3; i++) {
		bytes.length = 0;
		add_begin(&bytes, 1, 1, 0);
		add_record(
		    &bytes, (struct shape){PARAMS, 1, 0}, pairs[i], lengths[i]);
		add_end(&bytes, PARAMS);
		add_end(&bytes, STDIN);
		fd = dial(stage->path);
		put(fd, bytes.at, bytes.length);
		run_ms(stage, 5);
		assert_int_equal(stage->begun, i);
		assert_closed_unanswered(fd);
		fd = send_post(stage, "next");
		run_ms(stage, 5);
		assert_answered(fd, "200");
	}
}

static void a_wish_to_keep_the_connection_is_answered_and_closed(void **state)
{
	struct stage *stage = *state;
	struct bytes bytes = post("x");
	int fd = dial(stage->path);

	bytes.at[8 + 2] = 1;
	put(fd, bytes.at, bytes.length);
	run_ms(stage, 5);
	assert_answered(fd, "200");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    on_stage(a_request_is_seen_whole_and_its_answer_is_sent_whole),
	    on_stage(a_request_in_single_bytes_begins_with_its_last),
	    on_stage(the_longest_body_passes_also_in_pieces),
	    on_stage(slow_senders_hold_up_nobody),
	    on_stage(a_body_over_the_limit_is_answered_before_it_has_all_come),
	    on_stage(a_changed_body_limit_counts_from_then_on),
	    on_stage(a_limit_told_by_the_first_request_holds_for_its_body),
	    on_stage(a_body_shorter_than_its_length_is_not_given),
	    on_stage(a_body_without_a_length_ends_with_its_stream),
	    on_stage(a_body_that_does_not_come_is_answered_408),
	    on_stage(a_408_bears_the_requests_own_id),
	    on_stage(params_that_do_not_come_are_not_answered),
	    on_stage(what_is_no_request_is_closed_at_once),
	    on_stage(
		params_that_are_no_pairs_are_closed_and_the_next_is_served),
	    on_stage(a_wish_to_keep_the_connection_is_answered_and_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_claim.c: duplicates through claim.h, on a real store */
#include "claim.h"

#include "clock.h"
#include "db_place.h"

#define PATIENCE_US (2 * CLOCK_SECOND)

/* A process that knows duplicates, and the event that its requests bring. */
struct counter {
	struct place *place;
	struct loop *loop;
	struct store *store;
	struct claims *claims;
	struct loop_timer limit;
	struct config config;
	struct event event;
	int to_come;  /* a run ends when it gets to 0 */
	bool napping; /* until its time is over, whatever comes */
};

/* One request with an event, and what it was told. */
struct request {
	struct counter *counter;
	struct claim claim;
	struct store_job job;
	const char *answer; /* NULL: the claim is given back */
	bool returned;
	int told;
	enum status status;
};

static void took_too_long(void *arg)
{
	(void)arg;
	fail_msg("the claims did not answer in time");
}

static int open_counter(void **state)
{
	struct counter *counter = calloc(1, sizeof *counter);

	assert_non_null(counter);
	make_place((void **)&counter->place);
	counter->loop = loop_new();
	assert_non_null(counter->loop);
	assert_int_equal(store_open(counter->loop, counter->place->path,
			     &counter->store, counter->place->problem),
	    STATUS_OK);
	counter->config.claim_window_s = 60;
	counter->config.event_deadline_us = 60 * CLOCK_SECOND;
	counter->config.webhook_auth = WEBHOOK_AUTH_BEARER;
	strcpy(counter->event.event_type, "routing.interaction.created");
	strcpy(counter->event.interaction_id, "a1b2c3d4");
	strcpy(counter->event.timestamp, "2024-05-15T10:30:00Z");
	counter->claims =
	    claims_new(&counter->config, counter->loop, counter->store);
	assert_non_null(counter->claims);
	loop_timer_init(&counter->limit, took_too_long, counter);
	*state = counter;
	return 0;
}

static int close_counter(void **state)
{
	struct counter *counter = *state;

	store_close(counter->store);
	claims_free(counter->claims);
	loop_free(counter->loop);
	remove_place((void **)&counter->place);
	free(counter);
	return 0;
}

static void init_request(struct request *request, struct counter *counter)
{
	memset(request, 0, sizeof *request);
	request->counter = counter;
	text_init(&request->claim.row.answer, CLAIM_ANSWER_MAX);
	claim_name(counter->claims, &request->claim, &counter->event);
}

static void done_request(struct request *request)
{
	text_done(&request->claim.row.answer);
}

static void one_less(struct counter *counter)
{
	if (--counter->to_come == 0 && !counter->napping)
		loop_stop(counter->loop);
}

static void told(void *arg, enum status status)
{
	struct request *request = arg;

	assert_true(request->returned);
	request->told++;
	request->status = status;
	one_less(request->counter);
}

static void begin(struct request *request, int64_t patience_us)
{
	request->returned = false;
	request->counter->to_come++;
	claim_take(request->counter->claims, &request->claim,
	    clock_mono_us() + patience_us, told, request);
	request->returned = true;
}

/* Until all that was begun has ended. */
static void run(struct counter *counter)
{
	loop_timer_set(counter->loop, &counter->limit,
	    clock_mono_us() + 10 * CLOCK_SECOND);
	if (counter->to_come > 0)
		loop_run(counter->loop);
	loop_timer_stop(counter->loop, &counter->limit);
}

static void nap_over(void *arg)
{
	struct counter *counter = arg;

	loop_stop(counter->loop);
}

static void run_for_ms(struct counter *counter, int64_t ms)
{
	struct loop_timer nap;

	counter->napping = true;
	loop_timer_init(&nap, nap_over, counter);
	loop_timer_set(counter->loop, &nap, clock_mono_us() + ms * CLOCK_MS);
	loop_run(counter->loop);
	counter->napping = false;
}

static enum status take(struct request *request)
{
	begin(request, PATIENCE_US);
	run(request->counter);
	assert_int_equal(request->told, 1);
	return request->status;
}

static enum status end_body(struct db *db, void *arg)
{
	struct request *request = arg;

	if (request->answer == NULL)
		return claim_row_release(db, &request->claim.row);
	return claim_row_finish(db, &request->claim.row, 200, request->answer);
}

static void has_ended(void *arg, enum status status)
{
	struct request *request = arg;

	assert_int_equal(status, STATUS_OK);
	one_less(request->counter);
}

/* What settle does with a claim at an event's end. */
static void end_with(struct request *request, const char *answer)
{
	request->answer = answer;
	request->job = (struct store_job){
	    .body = end_body, .done = has_ended, .arg = request};
	request->counter->to_come++;
	store_submit(request->counter->store, &request->job);
}

static void is_told_the_answer(const struct request *request, const char *text)
{
	assert_int_equal(request->told, 1);
	assert_int_equal(request->status, STATUS_OK);
	assert_int_equal(request->claim.row.found, CLAIM_FINISHED);
	assert_int_equal(request->claim.row.http, 200);
	assert_string_equal(text_string(&request->claim.row.answer), text);
}

static void an_event_that_is_new_is_ours(void **state)
{
	struct request first;

	init_request(&first, *state);
	assert_int_equal(take(&first), STATUS_OK);
	assert_int_equal(first.claim.row.found, CLAIM_OURS);
	done_request(&first);
}

static void duplicates_in_flight_wait_for_the_firsts_answer(void **state)
{
	struct counter *counter = *state;
	struct request requests[20];
	size_t i;

	for (i = 0; i < 20; i++) {
		init_request(&requests[i], counter);
		begin(&requests[i], PATIENCE_US);
	}
	run_for_ms(counter, 100);
	assert_int_equal(requests[0].told, 1);
	assert_int_equal(requests[0].claim.row.found, CLAIM_OURS);
	for (i = 1; i < 20; i++)
		assert_int_equal(requests[i].told, 0);
	end_with(&requests[0], "{\"first\":true}");
	run(counter);
	assert_int_equal(requests[0].claim.in_hand_us, 0);
	for (i = 1; i < 20; i++) {
		is_told_the_answer(&requests[i], "{\"first\":true}");
		assert_in_range(clock_mono_us() - requests[i].claim.in_hand_us,
		    90 * CLOCK_MS, 10 * CLOCK_SECOND);
	}
	for (i = 0; i < 20; i++)
		done_request(&requests[i]);
}

static void when_the_first_fails_one_of_those_who_wait_goes_on(void **state)
{
	struct counter *counter = *state;
	struct request first;
	struct request second;
	struct request third;

	init_request(&first, counter);
	init_request(&second, counter);
	init_request(&third, counter);
	take(&first);
	begin(&second, PATIENCE_US);
	begin(&third, PATIENCE_US);
	run_for_ms(counter, 50);
	end_with(&first, NULL);
	run_for_ms(counter, 100);
	assert_int_equal(second.told + third.told, 1);
	end_with(second.told ? &second : &third, "{\"second\":true}");
	run(counter);
	is_told_the_answer(
	    second.claim.row.found == CLAIM_OURS ? &third : &second,
	    "{\"second\":true}");
	done_request(&first);
	done_request(&second);
	done_request(&third);
}

static void who_waits_in_vain_is_told_before_the_deadline(void **state)
{
	struct counter *counter = *state;
	struct request first;
	struct request second;
	int64_t from_us;

	init_request(&first, counter);
	init_request(&second, counter);
	take(&first);
	from_us = clock_mono_us();
	begin(&second, 200 * CLOCK_MS);
	run(counter);
	assert_int_equal(second.told, 1);
	assert_int_equal(second.status, STATUS_IN_FLIGHT);
	assert_in_range(
	    clock_mono_us() - from_us, 150 * CLOCK_MS, 400 * CLOCK_MS);
	done_request(&first);
	done_request(&second);
}

static void a_stop_ends_the_waiting(void **state)
{
	struct counter *counter = *state;
	struct request first;
	struct request second;
	int64_t from_us = clock_mono_us();

	init_request(&first, counter);
	init_request(&second, counter);
	take(&first);
	begin(&second, PATIENCE_US);
	run_for_ms(counter, 50);
	assert_int_equal(second.told, 0);
	claims_stop(counter->claims);
	loop_hurry(counter->loop);
	run(counter);
	assert_int_equal(second.status, STATUS_IN_FLIGHT);
	assert_true(clock_mono_us() - from_us < PATIENCE_US / 2);
	done_request(&first);
	done_request(&second);
}

static void the_claim_of_a_dead_process_ends_with_its_lease(void **state)
{
	struct counter *counter = *state;
	struct request first;
	struct request second;

	init_request(&first, counter);
	first.claim.row.lease_us = 100 * CLOCK_MS;
	take(&first);
	init_request(&second, counter);
	assert_int_equal(take(&second), STATUS_OK);
	assert_int_equal(second.claim.row.found, CLAIM_OURS);
	done_request(&first);
	done_request(&second);
}

/* The lease of a living process must not end while it may still work. */
static void a_lease_outlasts_the_deadline_of_its_event(void **state)
{
	struct counter *counter = *state;
	struct request request;

	init_request(&request, counter);
	assert_true(
	    request.claim.row.lease_us > counter->config.event_deadline_us);
	done_request(&request);
}

static void no_two_requests_have_one_holder(void **state)
{
	struct counter *counter = *state;
	struct claims *process =
	    claims_new(&counter->config, counter->loop, counter->store);
	struct request one;
	struct request two;
	struct claim other;

	init_request(&one, counter);
	init_request(&two, counter);
	claim_name(process, &other, &counter->event);
	assert_true(one.claim.row.holder != two.claim.row.holder);
	assert_true(one.claim.row.holder != other.row.holder);
	assert_true(two.claim.row.holder != other.row.holder);
	assert_string_equal(one.claim.row.key, other.row.key);
	claims_free(process);
	done_request(&one);
	done_request(&two);
}

static void key_of(struct counter *counter, char key[CLAIM_KEY_BYTES])
{
	struct claim claim;

	claim_name(counter->claims, &claim, &counter->event);
	memcpy(key, claim.row.key, CLAIM_KEY_BYTES);
}

static void another_type_id_or_time_is_another_event(void **state)
{
	struct counter *counter = *state;
	struct event *event = &counter->event;
	char keys[4][CLAIM_KEY_BYTES];
	size_t i;
	size_t j;

	key_of(counter, keys[0]);
	strcpy(event->timestamp, "2024-05-15T10:30:01Z");
	key_of(counter, keys[1]);
	strcpy(event->interaction_id, "a1b2c3d5");
	key_of(counter, keys[2]);
	strcpy(event->event_type, "routing.interaction.updated");
	key_of(counter, keys[3]);
	for (i = 0; i < 4; i++)
		for (j = i + 1; j < 4; j++)
			assert_string_not_equal(keys[i], keys[j]);
}

static void where_one_field_ends_and_the_next_begins_matters(void **state)
{
	struct counter *counter = *state;
	char keys[2][CLAIM_KEY_BYTES];

	strcpy(counter->event.event_type, "ab");
	strcpy(counter->event.interaction_id, "c");
	key_of(counter, keys[0]);
	strcpy(counter->event.event_type, "a");
	strcpy(counter->event.interaction_id, "bc");
	key_of(counter, keys[1]);
	assert_string_not_equal(keys[0], keys[1]);
}

static void an_events_own_id_counts_when_the_sender_is_known(void **state)
{
	struct counter *counter = *state;
	char keys[2][CLAIM_KEY_BYTES];

	strcpy(counter->event.event_id, "e-1");
	key_of(counter, keys[0]);
	strcpy(counter->event.timestamp, "2024-05-15T10:30:01Z");
	key_of(counter, keys[1]);
	assert_string_equal(keys[0], keys[1]);
	counter->config.webhook_auth = WEBHOOK_AUTH_NONE;
	key_of(counter, keys[1]);
	assert_string_not_equal(keys[0], keys[1]);
}

/* Keys of one time are neighbours in the table, and share its pages. */
static void keys_are_in_the_order_of_their_times(void **state)
{
	static const char *const times[] = {"2026-11-22T18:10:01.123Z",
	    "2026-11-22T18:10:01.124Z", "2026-11-22T18:10:02.000Z",
	    "2026-11-23T00:00:00.000Z"};
	struct counter *counter = *state;
	char before[CLAIM_KEY_BYTES] = "";
	char key[CLAIM_KEY_BYTES];
	size_t i;

	for (i = 0; i < sizeof times / sizeof *times; i++) {
		strcpy(counter->event.timestamp, times[i]);
		key_of(counter, key);
		assert_true(strcmp(before, key) < 0);
		strcpy(before, key);
	}
	/* The longest there can be; signs of no use to the order are not in. */
	memset(counter->event.timestamp, '-', EVENT_TEXT_MAX);
	memset(counter->event.timestamp + 8, '9', 60);
	key_of(counter, key);
	assert_int_equal(strlen(key), CLAIM_KEY_BYTES - 1);
	assert_int_equal(strspn(key, "9"), CLAIM_TIME_BYTES);
}

/* Before an id of the event, whose text it could have too. */
static void an_id_that_was_signed_names_the_event(void **state)
{
	struct counter *counter = *state;
	char keys[3][CLAIM_KEY_BYTES];

	strcpy(counter->event.event_id, "msg_1");
	key_of(counter, keys[0]);
	counter->event.signed_id = "msg_1";
	key_of(counter, keys[1]);
	assert_string_not_equal(keys[0], keys[1]);
	strcpy(counter->event.event_id, "e-2");
	strcpy(counter->event.timestamp, "2024-05-15T10:30:01Z");
	key_of(counter, keys[2]);
	assert_string_equal(keys[1], keys[2]);
	counter->event.signed_id = "msg_2";
	key_of(counter, keys[2]);
	assert_string_not_equal(keys[1], keys[2]);
}

/* The longest that was let in must fit into what is digested. */
static void the_longest_signed_id_names_the_event(void **state)
{
	struct counter *counter = *state;
	char keys[2][CLAIM_KEY_BYTES];
	char longest[129];

	memset(longest, 'i', sizeof longest);
	longest[128] = '\0';
	counter->event.signed_id = longest;
	key_of(counter, keys[0]);
	longest[127] = 'j';
	key_of(counter, keys[1]);
	assert_string_not_equal(keys[0], keys[1]);
}

static void without_a_window_nothing_is_named(void **state)
{
	struct counter *counter = *state;
	char key[CLAIM_KEY_BYTES];

	counter->config.claim_window_s = 0;
	key_of(counter, key);
	assert_string_equal(key, "");
}

static void a_store_that_fails_is_told(void **state)
{
	struct counter *counter = *state;
	sqlite3 *raw = raw_open(counter->place);
	struct request request;

	raw_run(raw, "DROP TABLE claim");
	sqlite3_close(raw);
	init_request(&request, counter);
	assert_int_not_equal(take(&request), STATUS_OK);
	done_request(&request);
}

#define WITH_COUNTER(test)                                                     \
	cmocka_unit_test_setup_teardown(test, open_counter, close_counter)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_COUNTER(an_event_that_is_new_is_ours),
	    WITH_COUNTER(duplicates_in_flight_wait_for_the_firsts_answer),
	    WITH_COUNTER(when_the_first_fails_one_of_those_who_wait_goes_on),
	    WITH_COUNTER(who_waits_in_vain_is_told_before_the_deadline),
	    WITH_COUNTER(a_stop_ends_the_waiting),
	    WITH_COUNTER(the_claim_of_a_dead_process_ends_with_its_lease),
	    WITH_COUNTER(a_lease_outlasts_the_deadline_of_its_event),
	    WITH_COUNTER(no_two_requests_have_one_holder),
	    WITH_COUNTER(another_type_id_or_time_is_another_event),
	    WITH_COUNTER(where_one_field_ends_and_the_next_begins_matters),
	    WITH_COUNTER(an_events_own_id_counts_when_the_sender_is_known),
	    WITH_COUNTER(keys_are_in_the_order_of_their_times),
	    WITH_COUNTER(an_id_that_was_signed_names_the_event),
	    WITH_COUNTER(the_longest_signed_id_names_the_event),
	    WITH_COUNTER(without_a_window_nothing_is_named),
	    WITH_COUNTER(a_store_that_fails_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

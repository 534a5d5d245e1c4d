/* test_outbox.c: queued events through outbox.h, by two workers */
#include "outbox_place.h"

enum end_by { END_DONE, END_AGAIN, END_GIVE_BACK, END_PARK };

static enum status end_inside(
    struct db *db, const struct outbox_item *item, enum end_by by)
{
	const struct outbox_end failure = {
	    .status = STATUS_UPSTREAM_FAILED, .http = 503, .error = "down"};
	enum status status;

	switch (by) {
	case END_DONE:
		status = outbox_done(db, item);
		return status == STATUS_OK ? outbox_forget(db, item->id)
					   : status;
	case END_AGAIN:
		return outbox_again(db, item, &failure, 0, true);
	case END_GIVE_BACK:
		return outbox_again(db, item, &failure, 0, false);
	case END_PARK:
		break;
	}
	return outbox_park(db, item, &failure);
}

static enum status end(
    struct db *db, const struct outbox_item *item, enum end_by by)
{
	enum status status;

	assert_int_equal(db_begin(db, false), STATUS_OK);
	status = end_inside(db, item, by);
	if (status == STATUS_OK)
		assert_int_equal(db_commit(db), STATUS_OK);
	else
		db_rollback(db);
	return status;
}

static void an_item_is_taken_whole_and_by_one_only(void **state)
{
	struct workers *workers = *state;
	int64_t id = put(workers->one, "call");
	struct outbox_item item = take_one(workers, workers->one);

	assert_int_equal(item.id, id);
	assert_string_equal(item.interaction_id, "call");
	assert_string_equal(item.claim_key, "key");
	assert_int_equal(item.claim_holder, 7);
	assert_string_equal(item.body, "{\"data\":{}}");
	assert_int_equal(item.body_bytes, strlen(item.body));
	assert_int_equal(item.attempts, 1);
	assert_false(item.superseded);
	assert_int_equal(take(workers, workers->two), 0);
}

/* Also one that began here, which has no parent. */
static void an_item_joins_the_trace_it_was_put_with(void **state)
{
	static const struct trace_headers headers[] = {
	    {.parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-"
		       "00f067aa0ba902b7-01",
		.state = "rojo=1",
		.request_id = "req-1"},
	    {.parent = NULL},
	};
	struct workers *workers = *state;
	struct outbox_item item = {.interaction_id = "call", .body = "{}"};
	struct outbox_item taken;
	int i;

	for (i = 0; i < 2; i++) {
		trace_read(&item.trace, &headers[i]);
		assert_int_equal(db_begin(workers->one, false), STATUS_OK);
		assert_int_equal(outbox_put(workers->one, &item, 1), STATUS_OK);
		assert_int_equal(db_commit(workers->one), STATUS_OK);
		taken = take_one(workers, workers->two);
		assert_string_equal(taken.trace.id, item.trace.id);
		assert_string_equal(taken.trace.parent, item.trace.parent);
		assert_int_equal(taken.trace.flags, item.trace.flags);
		assert_string_equal(
		    taken.trace.state_line, item.trace.state_line);
		assert_string_equal(
		    taken.trace.request_line, item.trace.request_line);
		assert_int_equal(
		    end(workers->two, &taken, END_DONE), STATUS_OK);
	}
}

static void an_item_is_not_taken_before_it_is_due(void **state)
{
	struct workers *workers = *state;
	struct outbox_item item = {.interaction_id = "call", .body = "{}"};
	int64_t due_us = clock_wall_us() + 60 * CLOCK_MS;

	assert_int_equal(db_begin(workers->one, false), STATUS_OK);
	assert_int_equal(outbox_put(workers->one, &item, due_us), STATUS_OK);
	assert_int_equal(db_commit(workers->one), STATUS_OK);
	assert_int_equal(take(workers, workers->one), 0);
	nap_ms(70);
	assert_int_equal(take(workers, workers->one), 1);
}

static void a_done_item_is_gone_with_its_history(void **state)
{
	struct workers *workers = *state;
	struct outbox_item item;

	put(workers->one, "call");
	item = take_one(workers, workers->one);
	assert_int_equal(end(workers->one, &item, END_AGAIN), STATUS_OK);
	item = take_one(workers, workers->one);
	assert_int_equal(count_in(workers, "attempt"), 1);
	assert_int_equal(end(workers->one, &item, END_DONE), STATUS_OK);
	assert_int_equal(count_in(workers, "outbox"), 0);
	assert_int_equal(count_in(workers, "attempt"), 0);
}

/* Newest first; without attempts there is nothing to keep. */
static void a_decision_keeps_the_history(void **state)
{
	struct workers *workers = *state;
	const struct outbox_end before = {.status = STATUS_RATE_LIMITED,
	    .http = 429,
	    .error = "busy",
	    .waits = "cxone:429:1.000ms"};
	struct outbox_item item = {.id = put(workers->one, "call")};

	assert_int_equal(db_begin(workers->one, false), STATUS_OK);
	assert_int_equal(add_row(workers->one, "none"), STATUS_OK);
	assert_int_equal(outbox_keep_history(workers->one, 1), STATUS_OK);
	outbox_note(workers->one, &item, &before);
	assert_int_equal(db_commit(workers->one), STATUS_OK);
	item = take_one(workers, workers->one);
	assert_int_equal(end(workers->one, &item, END_AGAIN), STATUS_OK);
	assert_int_equal(db_begin(workers->one, false), STATUS_OK);
	assert_int_equal(add_row(workers->one, "call"), STATUS_OK);
	assert_int_equal(outbox_keep_history(workers->one, 1), STATUS_OK);
	assert_int_equal(db_commit(workers->one), STATUS_OK);
	assert_int_equal(count_in(workers,
			     "decision WHERE id = 1 AND queue_history IS NULL"),
	    1);
	assert_int_equal(
	    raw_int(workers->place,
		"SELECT queue_history GLOB '[[][[]1,[0-9]*,"
		"\"upstream_failed\",503,\"down\",null],[[]0,[0-9]*,"
		"\"rate_limited\",429,\"busy\",\"cxone:429:1.000ms\"]]' "
		"FROM decision WHERE id = 2"),
	    1);
}

static void each_attempt_leaves_a_row(void **state)
{
	struct workers *workers = *state;
	struct outbox_item item;
	int i;

	put(workers->one, "call");
	for (i = 1; i <= 3; i++) {
		item = take_one(workers, workers->one);
		assert_int_equal(item.attempts, i);
		end(workers->one, &item, i < 3 ? END_AGAIN : END_PARK);
	}
	assert_int_equal(
	    count_in(workers, "attempt WHERE status = 'upstream_failed' AND "
			      "http = 503 AND error = 'down'"),
	    3);
	assert_int_equal(count_in(workers, "attempt WHERE attempt = fence"), 3);
	assert_int_equal(count_in(workers, "outbox WHERE state = 'parked'"), 1);
	assert_int_equal(take(workers, workers->one), 0);
}

static void what_is_given_back_does_not_count(void **state)
{
	struct workers *workers = *state;
	struct outbox_item item;

	put(workers->one, "call");
	item = take_one(workers, workers->one);
	assert_int_equal(end(workers->one, &item, END_GIVE_BACK), STATUS_OK);
	assert_int_equal(count_in(workers, "attempt"), 0);
	item = take_one(workers, workers->two);
	assert_int_equal(item.attempts, 1);
	assert_int_equal(item.fence, 2);
}

static void every_lease_has_a_larger_fence(void **state)
{
	static const enum end_by ways[] = {
	    END_AGAIN, END_GIVE_BACK, END_AGAIN, END_GIVE_BACK};
	struct workers *workers = *state;
	struct outbox_item item;
	int64_t before = 0;
	size_t i;

	put(workers->one, "call");
	for (i = 0; i < sizeof ways / sizeof *ways; i++) {
		item = take_one(workers, i % 2 ? workers->one : workers->two);
		assert_true(item.fence > before);
		before = item.fence;
		assert_int_equal(end(workers->one, &item, ways[i]), STATUS_OK);
	}
	/* And over leases that nobody ended. */
	workers->take.lease_us = 0;
	for (i = 0; i < 3; i++) {
		item = take_one(workers, workers->two);
		assert_true(item.fence > before);
		before = item.fence;
	}
}

static void a_lease_that_ran_out_is_taken_by_another(void **state)
{
	struct workers *workers = *state;

	put(workers->one, "call");
	workers->take.lease_us = 40 * CLOCK_MS;
	take_one(workers, workers->one);
	assert_int_equal(take(workers, workers->two), 0);
	nap_ms(45);
	assert_int_equal(take_one(workers, workers->two).attempts, 2);
	assert_int_equal(
	    count_in(workers, "attempt WHERE status = 'stale'"), 1);
}

/* Its worker may be dead; nobody waits until the clock is there again. */
static void a_lease_from_before_the_clock_was_put_back_ends_soon(void **state)
{
	struct workers *workers = *state;

	put(workers->one, "call");
	take_one(workers, workers->one);
	workers->take.lease_us = 40 * CLOCK_MS;
	assert_int_equal(take(workers, workers->two), 0);
	nap_ms(45);
	assert_int_equal(take_one(workers, workers->two).attempts, 2);
}

static void what_came_before_the_clock_was_put_back_does_not_wait(void **state)
{
	struct workers *workers = *state;

	struct outbox_item item;
	int64_t later_us = clock_wall_us() + 120 * CLOCK_SECOND;

	workers->take.backoff_us = 5 * CLOCK_SECOND;
	workers->take.longest_us = 60 * CLOCK_SECOND;
	put_aged(workers->one, "call", -120 * CLOCK_SECOND);
	item = take_one(workers, workers->one);
	/* One that failed once waits as after a first failure. */
	assert_int_equal(db_begin(workers->one, false), STATUS_OK);
	assert_int_equal(outbox_again(workers->one, &item,
			     &(struct outbox_end){.error = ""}, later_us, true),
	    STATUS_OK);
	assert_int_equal(db_commit(workers->one), STATUS_OK);
	assert_int_equal(take(workers, workers->one), 0);
	assert_in_range(raw_int(workers->place, "SELECT due_us FROM outbox"),
	    clock_wall_us() + 5 * CLOCK_SECOND,
	    clock_wall_us() + 10 * CLOCK_SECOND);
}

/* Its fence fits no more, and it has no other way to write. */
static void a_stale_worker_can_write_nothing(void **state)
{
	struct workers *workers = *state;
	struct outbox_item stale;
	int by;

	put(workers->one, "call");
	workers->take.lease_us = 0;
	stale = take_one(workers, workers->one);
	workers->take.lease_us = LEASE_US;
	take_one(workers, workers->two);
	for (by = END_DONE; by <= END_PARK; by++)
		assert_int_equal(
		    end(workers->one, &stale, (enum end_by)by), STATUS_STALE);
	assert_int_equal(
	    count_in(workers, "outbox WHERE state = 'running' AND fence = 2"),
	    1);
	assert_int_equal(
	    count_in(workers, "attempt WHERE status <> 'stale'"), 0);
	end(workers->two, &workers->items[0], END_DONE);
}

static void a_newer_event_supersedes_the_one_that_waits(void **state)
{
	struct workers *workers = *state;
	int64_t older = put_aged(workers->one, "call", CLOCK_SECOND);
	int64_t newer = put(workers->one, "call");
	int i;

	assert_int_equal(take(workers, workers->one), 2);
	for (i = 0; i < 2; i++) {
		struct outbox_item *item = &workers->items[i];

		assert_int_equal(item->superseded, item->id == older);
		assert_true(item->id == older || item->id == newer);
	}
}

static void an_older_event_that_comes_later_is_superseded_itself(void **state)
{
	struct workers *workers = *state;
	int64_t newer = put(workers->one, "call");
	int64_t older = put_aged(workers->one, "call", CLOCK_SECOND);
	char where[80];

	snprintf(where, sizeof where, "outbox WHERE superseded = (id = %lld)",
	    (long long)older);
	assert_true(newer < older);
	assert_int_equal(count_in(workers, where), 2);
}

static void an_event_older_than_what_was_routed_is_superseded(void **state)
{
	const int64_t hour_us =
	    clock_wall_us() - clock_wall_us() % (3600 * CLOCK_SECOND);
	struct workers *workers = *state;
	char sql[160];
	sqlite3 *raw = raw_open(workers->place);

	add_committed(workers->one, "call");
	put_aged(workers->one, "call", CLOCK_SECOND);
	assert_int_equal(count_in(workers, "outbox WHERE superseded"), 0);
	snprintf(sql, sizeof sql, "UPDATE decision SET received_us = %lld",
	    (long long)clock_wall_us());
	raw_run(raw, sql);
	put_aged(workers->one, "call", CLOCK_SECOND / 2);
	assert_int_equal(count_in(workers, "outbox WHERE superseded"), 2);
	/* In the hour after its own. */
	snprintf(sql, sizeof sql,
	    "DELETE FROM outbox; UPDATE decision SET received_us = %lld",
	    (long long)hour_us);
	raw_run(raw, sql);
	sqlite3_close(raw);
	put_aged(
	    workers->one, "call", clock_wall_us() - hour_us + CLOCK_SECOND);
	assert_int_equal(count_in(workers, "outbox WHERE superseded"), 1);
}

static void one_in_hand_that_is_superseded_gets_no_other_attempt(void **state)
{
	struct workers *workers = *state;
	struct outbox_item older;

	put_aged(workers->one, "call", CLOCK_SECOND);
	older = take_one(workers, workers->one);
	assert_false(older.superseded);
	put(workers->two, "call");
	/* Even when it is to wait for long: it is told soon. */
	assert_int_equal(db_begin(workers->one, false), STATUS_OK);
	assert_int_equal(outbox_again(workers->one, &older,
			     &(struct outbox_end){.error = ""},
			     clock_wall_us() + LEASE_US, true),
	    STATUS_OK);
	assert_int_equal(db_commit(workers->one), STATUS_OK);
	assert_int_equal(take(workers, workers->one), 2);
	assert_true(
	    workers->items[0].superseded || workers->items[1].superseded);
}

static void one_interaction_is_never_in_two_hands(void **state)
{
	struct workers *workers = *state;
	struct outbox_item first;

	put_aged(workers->one, "call", CLOCK_SECOND);
	first = take_one(workers, workers->one);
	put(workers->one, "call");
	put(workers->one, "other");
	assert_string_equal(
	    take_one(workers, workers->two).interaction_id, "other");
	assert_int_equal(end(workers->one, &first, END_DONE), STATUS_OK);
	assert_string_equal(
	    take_one(workers, workers->two).interaction_id, "call");
}

/* Of the same instant, so that neither supersedes the other. */
static void one_look_takes_one_of_each_interaction(void **state)
{
	struct workers *workers = *state;
	struct outbox_item item = {
	    .interaction_id = "call", .body = "{}", .accepted_us = 5};
	int i;

	assert_int_equal(db_begin(workers->one, false), STATUS_OK);
	for (i = 0; i < 3; i++)
		assert_int_equal(outbox_put(workers->one, &item, 5), STATUS_OK);
	assert_int_equal(db_commit(workers->one), STATUS_OK);
	for (i = 0; i < 3; i++) {
		item = take_one(workers, workers->one);
		assert_int_equal(take(workers, workers->two), 0);
		assert_int_equal(end(workers->one, &item, END_DONE), STATUS_OK);
	}
}

static void all_workers_together_have_running_max_in_hand(void **state)
{
	struct workers *workers = *state;
	struct outbox_item item;

	put_numbered(workers->one, 0, 12);
	workers->take.limit = 4;
	workers->take.running_max = 6;
	assert_int_equal(take(workers, workers->one), 4);
	item = workers->items[0];
	assert_int_equal(take(workers, workers->two), 2);
	assert_int_equal(take(workers, workers->one), 0);
	assert_int_equal(end(workers->one, &item, END_DONE), STATUS_OK);
	assert_int_equal(take(workers, workers->two), 1);
	assert_int_equal(
	    count_in(workers, "outbox WHERE state = 'running'"), 6);
}

static void the_oldest_due_come_first(void **state)
{
	struct workers *workers = *state;

	put_aged(workers->one, "second", 2 * CLOCK_SECOND);
	put_aged(workers->one, "first", 3 * CLOCK_SECOND);
	put_aged(workers->one, "third", CLOCK_SECOND);
	workers->take.limit = 2;
	assert_int_equal(take(workers, workers->one), 2);
	assert_int_equal(count_in(workers, "outbox WHERE state = 'waiting' AND "
					   "interaction_id = 'third'"),
	    1);
}

static void a_take_that_is_undone_took_nothing(void **state)
{
	struct workers *workers = *state;

	put(workers->one, "call");
	assert_int_equal(db_begin(workers->one, false), STATUS_OK);
	assert_int_equal(outbox_take(workers->one, &workers->take), STATUS_OK);
	assert_int_equal(workers->take.count, 1);
	db_rollback(workers->one);
	/* The bodies of the first time are freed by the second. */
	assert_int_equal(take(workers, workers->two), 1);
	assert_int_equal(workers->items[0].fence, 1);
}

/* A long queue must not hold the write gate. */
static void a_look_at_a_long_queue_is_as_short_as_at_a_short_one(void **state)
{
	struct workers *workers = *state;
	sqlite3 *raw = raw_open(workers->place);
	int64_t begun_us;
	int i;

	raw_run(raw,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "LIMIT 50000) INSERT INTO outbox (interaction_id, claim_key, "
	    "claim_holder, body, accepted_us, due_us, state, attempts) "
	    "SELECT 'call-' || i, '', 0, '{}', i, i, 'waiting', 0 FROM n");
	sqlite3_close(raw);
	workers->take.limit = 16;
	workers->take.running_max = 1000000;
	begun_us = clock_mono_us();
	for (i = 0; i < 200; i++)
		assert_int_equal(take(workers, workers->one), 16);
	assert_true(clock_mono_us() - begun_us < 4 * CLOCK_SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_WORKERS(an_item_is_taken_whole_and_by_one_only),
	    WITH_WORKERS(an_item_joins_the_trace_it_was_put_with),
	    WITH_WORKERS(an_item_is_not_taken_before_it_is_due),
	    WITH_WORKERS(a_done_item_is_gone_with_its_history),
	    WITH_WORKERS(a_decision_keeps_the_history),
	    WITH_WORKERS(each_attempt_leaves_a_row),
	    WITH_WORKERS(what_is_given_back_does_not_count),
	    WITH_WORKERS(every_lease_has_a_larger_fence),
	    WITH_WORKERS(a_lease_that_ran_out_is_taken_by_another),
	    WITH_WORKERS(a_lease_from_before_the_clock_was_put_back_ends_soon),
	    WITH_WORKERS(what_came_before_the_clock_was_put_back_does_not_wait),
	    WITH_WORKERS(a_stale_worker_can_write_nothing),
	    WITH_WORKERS(a_newer_event_supersedes_the_one_that_waits),
	    WITH_WORKERS(an_older_event_that_comes_later_is_superseded_itself),
	    WITH_WORKERS(an_event_older_than_what_was_routed_is_superseded),
	    WITH_WORKERS(one_in_hand_that_is_superseded_gets_no_other_attempt),
	    WITH_WORKERS(one_interaction_is_never_in_two_hands),
	    WITH_WORKERS(one_look_takes_one_of_each_interaction),
	    WITH_WORKERS(all_workers_together_have_running_max_in_hand),
	    WITH_WORKERS(the_oldest_due_come_first),
	    WITH_WORKERS(a_take_that_is_undone_took_nothing),
	    WITH_WORKERS(a_look_at_a_long_queue_is_as_short_as_at_a_short_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

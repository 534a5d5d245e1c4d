/* test_outbox_admin.c: the operator's hands through outbox_admin.h */
#include "outbox_admin.h"

#include "clock.h"
#include "db_place.h"

#define HOUR_US (3600 * CLOCK_SECOND)

static const struct outbox_filter everything;

/* A queue with one worker. */
struct desk {
	struct place *place;
	struct db *db;
	struct outbox_item items[8];
	struct outbox_take take;
};

static int open_desk(void **state)
{
	struct desk *desk = calloc(1, sizeof *desk);

	assert_non_null(desk);
	make_place((void **)&desk->place);
	desk->db = must_open(desk->place, DB_SERVE);
	desk->take = (struct outbox_take){
	    .limit = 8,
	    .running_max = 100,
	    .lease_us = 60 * CLOCK_SECOND,
	    .items = desk->items,
	};
	*state = desk;
	return 0;
}

static int close_desk(void **state)
{
	struct desk *desk = *state;

	outbox_take_drop(&desk->take);
	db_close(desk->db);
	remove_place((void **)&desk->place);
	free(desk);
	return 0;
}

static void begin(struct desk *desk)
{
	assert_int_equal(db_begin(desk->db, false), STATUS_OK);
}

static void commit(struct desk *desk)
{
	assert_int_equal(db_commit(desk->db), STATUS_OK);
}

static int64_t put(struct desk *desk, const char *id)
{
	char body[] = "{\"data\":{\"interactionId\":\"call\","
		      "\"mediaType\":\"chat\"}}";
	struct outbox_item item = {
	    .body = body, .claim_key = "key", .accepted_us = clock_wall_us()};

	snprintf(item.interaction_id, sizeof item.interaction_id, "%s", id);
	begin(desk);
	assert_int_equal(outbox_put(desk->db, &item, 0), STATUS_OK);
	commit(desk);
	return item.id;
}

static int take(struct desk *desk)
{
	begin(desk);
	assert_int_equal(outbox_take(desk->db, &desk->take), STATUS_OK);
	commit(desk);
	return desk->take.count;
}

static void park_first(struct desk *desk)
{
	const struct outbox_end end = {
	    .status = STATUS_SCOPE_MISSING, .http = 403, .error = "no scope"};

	begin(desk);
	assert_int_equal(
	    outbox_park(desk->db, &desk->items[0], &end), STATUS_OK);
	commit(desk);
}

static int64_t put_parked(struct desk *desk, const char *id)
{
	int64_t item = put(desk, id);

	assert_int_equal(take(desk), 1);
	park_first(desk);
	return item;
}

static bool retry(struct desk *desk, int64_t id)
{
	bool done = false;

	begin(desk);
	assert_int_equal(outbox_retry(desk->db, id, &done), STATUS_OK);
	commit(desk);
	return done;
}

static bool drop(struct desk *desk, int64_t id)
{
	bool done = false;

	begin(desk);
	assert_int_equal(outbox_drop(desk->db, id, &done), STATUS_OK);
	commit(desk);
	return done;
}

static int64_t count_items(struct desk *desk, struct outbox_filter filter)
{
	struct outbox_count found = {0};

	assert_int_equal(outbox_count(desk->db, &filter, &found), STATUS_OK);
	return found.items;
}

static int64_t rows(const struct desk *desk, const char *where)
{
	char sql[160];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", where);
	return raw_int(desk->place, sql);
}

static void each_part_of_a_filter_narrows_it(void **state)
{
	struct desk *desk = *state;

	put_parked(desk, "one");
	put_parked(desk, "two");
	put(desk, "three");
	assert_int_equal(count_items(desk, everything), 3);
	assert_int_equal(
	    count_items(desk, (struct outbox_filter){.state = "parked"}), 2);
	assert_int_equal(
	    count_items(desk, (struct outbox_filter){.ids = ",1,3,13,"}), 2);
	assert_int_equal(
	    count_items(desk, (struct outbox_filter){.interaction_id = "two"}),
	    1);
	assert_int_equal(count_items(desk,
			     (struct outbox_filter){.status = "scope_missing"}),
	    2);
	assert_int_equal(
	    count_items(desk,
		(struct outbox_filter){.ids = ",1,3,", .state = "parked"}),
	    1);
}

static void a_filter_is_walked_page_by_page(void **state)
{
	struct desk *desk = *state;
	struct outbox_page page = {.upto = 2 * OUTBOX_PAGE_MAX + 3};
	sqlite3 *raw = raw_open(desk->place);

	raw_run(raw,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "LIMIT 500) INSERT INTO outbox (interaction_id, claim_key, "
	    "claim_holder, body, accepted_us, due_us, state, attempts) "
	    "SELECT 'call-' || i, '', 0, '{}', i, i, 'waiting', 0 FROM n");
	sqlite3_close(raw);
	assert_int_equal(outbox_find(desk->db, &everything, &page), STATUS_OK);
	assert_int_equal(page.count, OUTBOX_PAGE_MAX);
	page.after = 2 * OUTBOX_PAGE_MAX;
	assert_int_equal(outbox_find(desk->db, &everything, &page), STATUS_OK);
	assert_int_equal(page.count, 3);
	assert_int_equal(page.ids[0], 2 * OUTBOX_PAGE_MAX + 1);
}

static void a_retry_begins_anew_and_is_told_in_the_history(void **state)
{
	struct desk *desk = *state;
	int64_t id = put_parked(desk, "call");

	assert_true(retry(desk, id));
	assert_int_equal(take(desk), 1);
	assert_int_equal(desk->items[0].attempts, 1);
	assert_int_equal(desk->items[0].fence, 3);
	park_first(desk);
	assert_true(retry(desk, id));
	assert_int_equal(rows(desk, "attempt"), 4);
	assert_int_equal(rows(desk, "attempt WHERE status = 'queued'"), 2);
}

static void decide_at(struct desk *desk, const char *id, int64_t received_us)
{
	struct record record;

	record_init(&record);
	snprintf(record.interaction_id, sizeof record.interaction_id, "%s", id);
	record.received_us = received_us;
	begin(desk);
	assert_int_equal(record_insert(desk->db, &record), STATUS_OK);
	commit(desk);
}

/* A decision of the interaction, so long after the event was accepted. */
static bool overtakes(struct desk *desk, const char *id, int64_t later_us)
{
	int64_t item = put_parked(desk, "call");
	sqlite3 *raw = raw_open(desk->place);
	bool superseded;

	decide_at(desk, id, desk->items[0].accepted_us + later_us);
	assert_true(retry(desk, item));
	superseded = rows(desk, "outbox WHERE superseded") == 1;
	assert_true(drop(desk, item));
	raw_run(raw, "DELETE FROM decision");
	sqlite3_close(raw);
	return superseded;
}

static void a_retry_after_a_newer_decision_is_superseded(void **state)
{
	struct desk *desk = *state;

	assert_false(overtakes(desk, "call", -HOUR_US));
	assert_false(overtakes(desk, "call", 0));
	assert_false(overtakes(desk, "other", HOUR_US));
	assert_true(overtakes(desk, "call", 1));
	assert_true(overtakes(desk, "call", HOUR_US));
	assert_true(overtakes(desk, "call", 50 * HOUR_US));
}

static void looks_up_decisions(sqlite3 *raw, enum sql question)
{
	sqlite3_stmt *plan = NULL;
	char sql[5000];
	bool found = false;

	snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", sql_text[question]);
	assert_int_equal(
	    sqlite3_prepare_v2(raw, sql, -1, &plan, NULL), SQLITE_OK);
	while (sqlite3_step(plan) == SQLITE_ROW)
		found |= strstr((const char *)sqlite3_column_text(plan, 3),
			     "INDEX decision_interaction") != NULL;
	if (!found)
		fail_msg("%s", sql_name[question]);
	sqlite3_finalize(plan);
}

/* All that were decided since would be read, for each event. */
static void a_newer_decision_is_looked_up_by_its_interaction(void **state)
{
	struct desk *desk = *state;
	sqlite3 *raw = raw_open(desk->place);

	looks_up_decisions(raw, SQL_queue_overtaken);
	looks_up_decisions(raw, SQL_outbox_put);
	sqlite3_close(raw);
}

static void what_is_in_hand_or_gone_is_left_alone(void **state)
{
	struct desk *desk = *state;
	int64_t id = put(desk, "call");

	take(desk);
	assert_false(retry(desk, id));
	assert_false(drop(desk, id));
	assert_false(drop(desk, id + 1));
	assert_int_equal(rows(desk, "outbox WHERE state = 'running'"), 1);
	assert_int_equal(rows(desk, "decision"), 0);
}

/* Its worker is stale from then on, whatever it wants to write. */
static void one_whose_lease_ran_out_counts_as_waiting(void **state)
{
	struct desk *desk = *state;
	struct outbox_item stale;
	int64_t id = put(desk, "call");

	desk->take.lease_us = 0;
	take(desk);
	stale = desk->items[0];
	assert_int_equal(
	    count_items(desk, (struct outbox_filter){.state = "waiting"}), 1);
	assert_true(retry(desk, id));
	begin(desk);
	assert_int_equal(outbox_done(desk->db, &stale), STATUS_STALE);
	db_rollback(desk->db);
	assert_true(drop(desk, id));
}

/* Nobody else tells of it: the queue's next look finds it no longer. */
static void a_worker_that_died_is_told_of_when_its_event_is_dropped(
    void **state)
{
	struct desk *desk = *state;
	int64_t id = put(desk, "call");

	desk->take.lease_us = 0;
	take(desk);
	assert_true(drop(desk, id));
	assert_int_equal(
	    rows(desk, "decision WHERE queue_attempts = 1 AND error = "
		       "'dropped by an operator; last: stale, its worker did "
		       "not end it in time'"),
	    1);
	assert_int_equal(rows(desk, "decision, json_each(queue_history)"), 1);
}

static void a_worker_that_died_is_told_of_when_its_event_is_put_back(
    void **state)
{
	struct desk *desk = *state;
	int64_t id = put(desk, "call");
	int64_t other = put(desk, "another");

	desk->take.lease_us = 0;
	take(desk);
	assert_true(retry(desk, id));
	assert_int_equal(rows(desk, "attempt WHERE status = 'stale'"), 1);
	assert_int_equal(rows(desk, "attempt WHERE status = 'queued'"), 1);
	outbox_take_drop(&desk->take);
	assert_int_equal(take(desk), 2);
	assert_int_equal(rows(desk, "attempt WHERE status = 'stale'"), 2);
	assert_true(drop(desk, other));
}

static void a_dropped_event_leaves_a_decision_and_no_history(void **state)
{
	struct desk *desk = *state;

	assert_true(drop(desk, put_parked(desk, "call")));
	assert_int_equal(rows(desk, "outbox"), 0);
	assert_int_equal(rows(desk, "attempt"), 0);
	assert_int_equal(
	    rows(desk, "decision WHERE outcome = 'dropped' AND "
		       "interaction_id = 'call' AND cxone_http = 403 AND "
		       "media_type = 'chat' AND error LIKE '%no scope'"),
	    1);
}

/* An error that another queue's program wrote, and the copy brought along. */
static void a_long_error_is_cut_between_characters(void **state)
{
	struct desk *desk = *state;
	char body[] = "{}";
	struct outbox_attempt last = {
	    .fence = 1, .attempt = 1, .ended_us = 1, .status = "failed"};
	struct outbox_copy copy = {
	    .item = {.body = body, .interaction_id = "call", .fence = 1},
	    .history = &last,
	    .history_count = 1,
	};
	bool is_new = false;

	strcpy(last.error, "a");
	while (strlen(last.error) < 300)
		strcat(last.error, "\u20ac");
	begin(desk);
	assert_int_equal(outbox_import(desk->db, &copy, &is_new), STATUS_OK);
	commit(desk);
	assert_true(drop(desk, 1));
	assert_int_equal(
	    rows(desk, "decision WHERE hex(error) LIKE '%E282AC'"), 1);
}

static void a_clock_that_was_put_back_makes_no_time_negative(void **state)
{
	struct desk *desk = *state;
	int64_t id = put_parked(desk, "call");
	sqlite3 *raw = raw_open(desk->place);

	raw_run(
	    raw, "UPDATE outbox SET accepted_us = accepted_us + 3600000000");
	sqlite3_close(raw);
	assert_true(drop(desk, id));
	assert_int_equal(rows(desk, "decision WHERE outcome = 'dropped' AND "
				    "total_us = 0 AND queue_us = 0"),
	    1);
}

/* As when it was settled, and parked or done. */
static void decide(struct desk *desk, enum outcome outcome)
{
	struct record record;

	record_init(&record);
	strcpy(record.interaction_id, "call");
	record.received_us = desk->items[0].accepted_us;
	record.outcome = outcome;
	begin(desk);
	assert_int_equal(record_insert(desk->db, &record), STATUS_OK);
	if (desk->items[0].recorded)
		assert_int_equal(record_replace(desk->db, &record), STATUS_OK);
	commit(desk);
}

static void what_was_parked_has_a_decision_to_be_replaced(void **state)
{
	struct desk *desk = *state;
	int64_t id = put_parked(desk, "call");

	assert_false(desk->items[0].recorded);
	decide(desk, OUTCOME_FAILED);
	assert_true(retry(desk, id));
	assert_int_equal(take(desk), 1);
	assert_true(desk->items[0].recorded);
	decide(desk, OUTCOME_ROUTED);
	assert_int_equal(rows(desk, "decision WHERE outcome = 'failed' AND "
				    "replaced_by = 2"),
	    1);
	assert_int_equal(rows(desk, "decision WHERE outcome = 'routed' AND "
				    "replaced_by IS NULL"),
	    1);
}

static void a_drop_replaces_the_decision_it_was_parked_with(void **state)
{
	struct desk *desk = *state;
	int64_t id = put_parked(desk, "call");

	decide(desk, OUTCOME_DUPLICATE);
	decide(desk, OUTCOME_FAILED);
	assert_true(drop(desk, id));
	assert_int_equal(rows(desk, "decision WHERE replaced_by = 3"), 1);
	assert_int_equal(rows(desk, "decision WHERE outcome = 'failed' AND "
				    "replaced_by = 3"),
	    1);
}

static void a_copy_goes_into_the_queue_once(void **state)
{
	struct desk *desk = *state;
	struct outbox_copy copy = {0};
	int64_t id = put_parked(desk, "call");
	bool found = false;
	bool is_new = true;

	begin(desk);
	assert_int_equal(outbox_read(desk->db, id, &copy, &found), STATUS_OK);
	assert_true(found && copy.parked && copy.history_count == 1);
	assert_int_equal(outbox_import(desk->db, &copy, &is_new), STATUS_OK);
	assert_false(is_new);
	assert_int_equal(outbox_drop(desk->db, id, &found), STATUS_OK);
	assert_int_equal(outbox_import(desk->db, &copy, &is_new), STATUS_OK);
	assert_true(is_new);
	commit(desk);
	outbox_copy_done(&copy);
	assert_int_equal(rows(desk, "outbox WHERE state = 'parked' AND "
				    "claim_key = 'key' AND fence = 1 AND "
				    "recorded"),
	    1);
	assert_int_equal(rows(desk, "attempt WHERE http = 403"), 1);
}

/* A copy of an event that waits, accepted so much later than now. */
static void import_waiting(struct desk *desk, const char *id, int64_t later_us)
{
	char body[] = "{}";
	const struct outbox_copy copy = {
	    .item =
		{
		    .body = body,
		    .interaction_id = "call",
		    .accepted_us = clock_wall_us() + later_us,
		},
	};
	struct outbox_copy named = copy;
	bool is_new = false;

	snprintf(named.item.claim_key, sizeof named.item.claim_key, "%s", id);
	begin(desk);
	assert_int_equal(outbox_import(desk->db, &named, &is_new), STATUS_OK);
	commit(desk);
	assert_true(is_new);
}

/* As when both had come to this queue: else the older one, due later, would
 * move the caller back to where the newer one took him from. */
static void of_copies_and_what_waits_only_the_newest_is_routed(void **state)
{
	struct desk *desk = *state;

	put(desk, "call");
	import_waiting(desk, "older", -HOUR_US);
	assert_int_equal(rows(desk, "outbox WHERE superseded AND "
				    "claim_key = 'older'"),
	    1);
	assert_int_equal(rows(desk, "outbox WHERE superseded"), 1);
	import_waiting(desk, "newer", HOUR_US);
	assert_int_equal(rows(desk, "outbox WHERE superseded"), 2);
	assert_int_equal(rows(desk, "outbox WHERE NOT superseded AND "
				    "claim_key = 'newer'"),
	    1);
}

static void a_copy_older_than_a_decision_is_superseded(void **state)
{
	struct desk *desk = *state;

	decide_at(desk, "call", clock_wall_us());
	import_waiting(desk, "older", -HOUR_US);
	assert_int_equal(rows(desk, "outbox WHERE superseded"), 1);
}

static void a_fate_is_open_until_a_decision_is_known(void **state)
{
	struct desk *desk = *state;
	struct outbox_item item = {.interaction_id = "call"};
	enum outcome outcome = OUTCOME_COUNT;
	bool open = false;

	item.id = put(desk, "call");
	item.accepted_us =
	    raw_int(desk->place, "SELECT accepted_us FROM outbox");
	assert_int_equal(
	    outbox_fate(desk->db, &item, &open, &outcome), STATUS_OK);
	assert_true(open);
	drop(desk, item.id);
	assert_int_equal(
	    outbox_fate(desk->db, &item, &open, &outcome), STATUS_OK);
	assert_false(open);
	assert_int_equal(outcome, OUTCOME_DROPPED);
	item.accepted_us++;
	assert_int_equal(
	    outbox_fate(desk->db, &item, &open, &outcome), STATUS_OK);
	assert_int_equal(outcome, OUTCOME_COUNT);
}

#define AT_DESK(test)                                                          \
	cmocka_unit_test_setup_teardown(test, open_desk, close_desk)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    AT_DESK(each_part_of_a_filter_narrows_it),
	    AT_DESK(a_filter_is_walked_page_by_page),
	    AT_DESK(a_retry_begins_anew_and_is_told_in_the_history),
	    AT_DESK(a_retry_after_a_newer_decision_is_superseded),
	    AT_DESK(a_newer_decision_is_looked_up_by_its_interaction),
	    AT_DESK(what_is_in_hand_or_gone_is_left_alone),
	    AT_DESK(one_whose_lease_ran_out_counts_as_waiting),
	    AT_DESK(a_worker_that_died_is_told_of_when_its_event_is_dropped),
	    AT_DESK(a_worker_that_died_is_told_of_when_its_event_is_put_back),
	    AT_DESK(a_dropped_event_leaves_a_decision_and_no_history),
	    AT_DESK(a_long_error_is_cut_between_characters),
	    AT_DESK(a_clock_that_was_put_back_makes_no_time_negative),
	    AT_DESK(what_was_parked_has_a_decision_to_be_replaced),
	    AT_DESK(a_drop_replaces_the_decision_it_was_parked_with),
	    AT_DESK(a_copy_goes_into_the_queue_once),
	    AT_DESK(of_copies_and_what_waits_only_the_newest_is_routed),
	    AT_DESK(a_copy_older_than_a_decision_is_superseded),
	    AT_DESK(a_fate_is_open_until_a_decision_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

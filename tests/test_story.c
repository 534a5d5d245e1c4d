/* test_story.c: rows of the database through story.h -> one event's story */
#include "story.h"

#include <jansson.h>

#include "db_place.h"

#define RECEIVED "1715768400000000"

/* Columns of an event that was in the queue, and of one that was not. */
#define COLUMNS                                                                \
	"received_us, interaction_id, event_type, event_timestamp, "           \
	"media_type, sku, sku_rule, inventory_word, inventory_status, "        \
	"inventory_result, skills, queues, map_digest, outcome, status, http," \
	" inventory_http, inventory_attempts, cxone_http, cxone_attempts, "    \
	"token_refreshes, queue_attempts, error, waits, queue_us, "            \
	"gateway_us, webhook_us, event_us, claim_us, sku_us, inventory_us, "   \
	"routing_us, cxone_us, record_us, total_us, trace_id, request_id"

static const char routed[] =
    "INSERT INTO decision (" COLUMNS ") VALUES (" RECEIVED
    ", 'call-1', 'created', '2024', 'voice', 'SKU-1', 'media-suffix', "
    "'in_stock', 'in_stock', 'ok', '[\"s\"]', '[]', 'd1', 'routed', 'ok', "
    "200, 200, 1, 200, 2, 0, 0, NULL, "
    "'cxone:429:12.500ms cxone:retry_after:1000.000ms', NULL, "
    "50, 10, 20, 30, 5, 6000, 7, 1020000, 90, 1026072, 't1', 'req-1')";

static void run(struct place *place, const char *sql)
{
	sqlite3 *raw;

	db_close(must_open(place, DB_SERVE));
	raw = raw_open(place);
	raw_run(raw, sql);
	sqlite3_close(raw);
}

/* NULL: there is no such event. Free with story_free. */
static struct story *tell(struct place *place, const char *id)
{
	struct db *db = must_open(place, DB_SERVE);
	struct story *story;

	assert_int_equal(db_begin_read(db), STATUS_OK);
	assert_int_equal(story_read(db, id, &story), STATUS_OK);
	db_end_read(db);
	db_close(db);
	return story;
}

static void step_is(const struct story *story, size_t i, enum step step,
    int64_t start_us, int64_t duration_us)
{
	assert_int_equal(story->steps[i].step, step);
	assert_string_equal(story->steps[i].name, step_name(step));
	assert_int_equal(
	    story->steps[i].start_us - INT64_C(1715768400000000), start_us);
	assert_int_equal(story->steps[i].duration_us, duration_us);
}

static void each_step_has_its_start_and_its_end(void **state)
{
	struct story *story;

	run(*state, routed);
	story = tell(*state, "call-1");
	assert_int_equal(story->step_count, 9);
	step_is(story, 0, STEP_GATEWAY, -50, 50);
	step_is(story, 1, STEP_WEBHOOK, 0, 10);
	step_is(story, 2, STEP_EVENT, 10, 20);
	step_is(story, 3, STEP_CLAIM, 30, 30);
	step_is(story, 4, STEP_SKU, 60, 5);
	step_is(story, 5, STEP_INVENTORY, 65, 6000);
	step_is(story, 6, STEP_ROUTING, 6065, 7);
	step_is(story, 7, STEP_CXONE, 6072, 1020000);
	step_is(story, 8, STEP_RECORD, 1026072, 90);
	assert_int_equal(story->steps[0].attempts, -1);
	assert_int_equal(story->steps[5].attempts, 1);
	assert_int_equal(story->steps[7].attempts, 2);
	assert_int_equal(story->steps[7].http, 200);
	story_free(story);
}

static void every_field_is_told(void **state)
{
	struct story *story;

	run(*state, routed);
	story = tell(*state, "1");
	assert_int_equal(story->id, 1);
	assert_string_equal(story->interaction_id, "call-1");
	assert_string_equal(story->outcome, "routed");
	assert_string_equal(story->sku_rule, "media-suffix");
	assert_string_equal(story->skills, "[\"s\"]");
	assert_string_equal(story->map_digest, "d1");
	assert_string_equal(story->trace_id, "t1");
	assert_string_equal(story->request_id, "req-1");
	assert_string_equal(
	    story->route_why, "the inventory said \"in_stock\"");
	assert_string_equal(
	    story->steps[4].what, "SKU-1, made by media-suffix");
	assert_null(story->error);
	assert_null(story->parent_span);
	assert_int_equal(story->total_us, 1026072);
	assert_int_equal(story->wait_count, 2);
	assert_int_equal(story->waits[0].step, STEP_CXONE);
	assert_string_equal(story->waits[0].what, "429");
	assert_string_equal(story->waits[0].words, "a request, answered 429");
	assert_string_equal(
	    story->waits[1].words, "waited as long as CXone asked");
	assert_string_equal(story->waits[1].what, "retry_after");
	assert_int_equal(story->waits[1].duration_us, 1000000);
	story_free(story);
}

static void a_queued_event_waits_before_its_steps(void **state)
{
	struct story *story;

	run(*state,
	    "INSERT INTO decision (" COLUMNS
	    ", queue_history) VALUES (" RECEIVED
	    ", 'call-1', 'created', '2024', 'voice', 'SKU-1', 'pointer', "
	    "'timeout', 'timeout', 'breaker_open', '[]', '[\"q\"]', 'd1', "
	    "'fallback', 'ok', 200, NULL, 0, 200, 1, 0, 2, NULL, NULL, "
	    "5000000, NULL, NULL, 20, NULL, 5, 6, 7, 800, 9, 5000838, NULL, "
	    "NULL, '[[1,1715768402000000,\"timeout\",null,\"late\",null],"
	    "[0,1715768401000000,\"rate_limited\",429,\"busy\","
	    "\"cxone:429:1.000ms\"]]')");
	story = tell(*state, "1");
	assert_int_equal(story->step_count, 7);
	step_is(story, 0, STEP_QUEUE, 0, 5000000);
	step_is(story, 1, STEP_EVENT, 5000000, 20);
	step_is(story, 6, STEP_RECORD, 5000838, 9);
	assert_string_equal(
	    story->steps[0].what, "taken from the queue, attempt 2");
	assert_string_equal(story->route_why,
	    "the inventory gave no answer (breaker_open), which the map has "
	    "as \"timeout\"");
	assert_int_equal(story->attempt_count, 2);
	assert_int_equal(story->attempts[0].attempt, 0);
	assert_int_equal(story->attempts[0].http, 429);
	assert_string_equal(story->attempts[0].waits, "cxone:429:1.000ms");
	assert_string_equal(story->attempts[1].status, "timeout");
	assert_string_equal(story->attempts[1].error, "late");
	assert_int_equal(story->attempts[1].http, 0);
	story_free(story);
}

/* The route's why, for a decision with these three columns. */
static void why_is(struct place *place, const char *columns, const char *why)
{
	char sql[512];
	struct story *story;

	run(place, routed);
	snprintf(sql, sizeof sql,
	    "UPDATE decision SET (inventory_word, inventory_status, "
	    "inventory_result) = (%s)",
	    columns);
	run(place, sql);
	story = tell(place, "call-1");
	assert_string_equal(story->route_why, why);
	story_free(story);
}

static void it_is_told_why_a_route_was_chosen(void **state)
{
	why_is(*state, "'In Stock', 'unknown', 'ok'",
	    "the inventory said \"In Stock\", which the map does not have: "
	    "\"unknown\"");
	why_is(*state, "'low_stock', 'low_stock', 'timeout'",
	    "the inventory gave no answer (timeout); its last one, "
	    "\"low_stock\", stood in");
	why_is(*state, "'unknown', 'unknown', 'ok'",
	    "the inventory said \"unknown\"");
}

static void other_decisions_say_how_they_belong_to_it(void **state)
{
	struct story *story;

	run(*state, routed);
	run(*state, routed);
	run(*state, routed);
	run(*state, routed);
	run(*state,
	    "UPDATE decision SET replaced_by = 2, outcome = 'failed' "
	    "WHERE id = 1;"
	    "UPDATE decision SET outcome = 'duplicate' WHERE id = 3;"
	    "UPDATE decision SET event_timestamp = '2025' WHERE id = 4");
	story = tell(*state, "2");
	assert_int_equal(story->decision_count, 3);
	assert_int_equal(story->decisions[0].id, 4);
	assert_int_equal(story->decisions[0].relation, STORY_OTHER);
	assert_int_equal(story->decisions[1].relation, STORY_DUPLICATE);
	assert_int_equal(story->decisions[2].id, 1);
	assert_int_equal(story->decisions[2].relation, STORY_REPLACED);
	story_free(story);
	story = tell(*state, "1");
	assert_int_equal(story->replaced_by, 2);
	assert_int_equal(story->decisions[2].id, 2);
	assert_int_equal(story->decisions[2].relation, STORY_REPLACING);
	story_free(story);
	story = tell(*state, "3");
	assert_int_equal(story->decisions[1].id, 2);
	assert_int_equal(story->decisions[1].relation, STORY_FIRST);
	story_free(story);
}

#define QUEUED                                                                 \
	"INSERT INTO outbox (interaction_id, claim_key, claim_holder, body, "  \
	"accepted_us, due_us, state, attempts, request_id, traceparent) "      \
	"VALUES ('call-1', 'k', 1, '{}', " RECEIVED ", 9, "

static void an_event_that_still_waits_is_found_in_the_queue(void **state)
{
	struct story *story;

	run(*state,
	    QUEUED "'waiting', 1, 'req-9', '00-4bf92f3577b34da6a3ce929d0e0e4736"
		   "-0000000000000000-01');"
		   "INSERT INTO attempt VALUES (1, 1, 1, 8, 'timeout', NULL, "
		   "'late', 'cxone:timeout:5.000ms')");
	story = tell(*state, "call-1");
	assert_int_equal(story->id, 0);
	assert_int_equal(story->step_count, 0);
	assert_int_equal(story->received_us, INT64_C(1715768400000000));
	assert_string_equal(
	    story->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
	assert_string_equal(story->request_id, "req-9");
	assert_int_equal(story->queued_count, 1);
	assert_string_equal(story->queued[0].state, "waiting");
	assert_int_equal(story->queued[0].due_us, 9);
	assert_int_equal(story->attempt_count, 1);
	assert_string_equal(story->attempts[0].waits, "cxone:timeout:5.000ms");
	story_free(story);
}

static void a_parked_event_has_its_attempts_from_the_queue(void **state)
{
	struct story *story;

	run(*state, routed);
	run(*state, QUEUED "'parked', 3, NULL, NULL);"
			   "INSERT INTO attempt VALUES "
			   "(1, 2, 2, 7, 'b', 503, NULL, NULL), "
			   "(1, 1, 1, 8, 'a', 429, '', NULL)");
	story = tell(*state, "1");
	assert_string_equal(story->queued[0].state, "parked");
	assert_int_equal(story->attempt_count, 2);
	assert_string_equal(story->attempts[0].status, "a");
	assert_string_equal(story->attempts[1].status, "b");
	story_free(story);
}

static void the_newest_that_is_no_duplicate_is_told(void **state)
{
	struct story *story;

	run(*state, routed);
	run(*state, routed);
	run(*state, routed);
	run(*state, "UPDATE decision SET outcome = 'duplicate' WHERE id = 3");
	story = tell(*state, "call-1");
	assert_int_equal(story->id, 2);
	story_free(story);
}

/* Longer than any of ours; the sentences after it have room. */
static void a_sentence_without_room_is_not_cut(void **state)
{
	struct place *place = *state;
	struct story *story = NULL;
	struct db *db;

	run(place, routed);
	run(place, "UPDATE decision SET skills = printf('%70000c', 's')");
	db = must_open(place, DB_SERVE);
	assert_int_equal(db_begin_read(db), STATUS_OK);
	assert_int_equal(story_read(db, "call-1", &story), STATUS_MEMORY);
	assert_null(story);
	db_end_read(db);
	db_close(db);
}

static void what_is_not_there_has_no_story(void **state)
{
	static const char *const ids[] = {
	    "", "2", "2x", "call", "%", "0", "-1"};

	run(*state, routed);
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		assert_null(tell(*state, ids[i]));
	story_free(NULL);
}

/* Nothing but what strangers sent can be in these texts. */
static void hostile_texts_stay_inside_their_json_strings(void **state)
{
	struct story *story;
	struct text text;
	json_t *json;

	run(*state, routed);
	run(*state,
	    "UPDATE decision SET interaction_id = 'a\"b\\' || char(27, 10), "
	    "sku = '</script>', inventory_word = '\"', "
	    "waits = 'cxone:\"x\":1.000ms junk'");
	story = tell(*state, "1");
	text_init(&text, STORY_JSON_MAX);
	story_write_json(story, &text);
	assert_false(text_failed(&text));
	json = json_loads(text_string(&text), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	assert_string_equal(
	    json_string_value(json_object_get(json, "interaction_id")),
	    "a\"b\\\x1b\n");
	assert_int_equal(json_array_size(json_object_get(json, "steps")), 9);
	assert_int_equal(json_array_size(json_object_get(json, "waits")), 1);
	json_decref(json);
	text_done(&text);
	story_free(story);
}

/* Byte for byte: others read it with programs. */
static void the_json_is_as_it_always_was(void **state)
{
	struct story *story;
	struct text text;

	run(*state,
	    "INSERT INTO decision (received_us, interaction_id, outcome, "
	    "status, http, inventory_attempts, cxone_attempts, "
	    "token_refreshes, waits, cxone_us, record_us, total_us) VALUES "
	    "(" RECEIVED ", 'c', 'failed', 'timeout', 500, 0, 1, 0, "
	    "'cxone:timeout:5.000ms', 5000, 1, 5000)");
	story = tell(*state, "c");
	text_init(&text, STORY_JSON_MAX);
	story_write_json(story, &text);
	assert_string_equal(text_string(&text),
	    "{\"id\":1,\"received\":\"2024-05-15T10:20:00.000000Z\","
	    "\"interaction_id\":\"c\",\"event_type\":null,"
	    "\"event_timestamp\":null,\"media_type\":null,"
	    "\"request_id\":null,\"trace_id\":null,\"parent_span\":null,"
	    "\"outcome\":\"failed\",\"status\":\"timeout\",\"http\":500,"
	    "\"error\":null,\"total_ms\":5.000,\"sku\":null,"
	    "\"sku_rule\":null,\"inventory_word\":null,"
	    "\"inventory_status\":null,\"inventory_result\":null,"
	    "\"inventory_attempts\":0,\"inventory_http\":null,"
	    "\"route_why\":null,\"skills\":null,\"queues\":null,"
	    "\"map_digest\":null,\"cxone_attempts\":1,\"cxone_http\":null,"
	    "\"token_refreshes\":0,\"queue_attempts\":0,"
	    "\"replaced_by\":null,\"steps\":[{\"step\":\"cxone\","
	    "\"start\":\"2024-05-15T10:20:00.000000Z\",\"start_ms\":0.000,"
	    "\"duration_ms\":5.000,\"attempts\":1,\"http\":null,"
	    "\"what\":\"timeout\"},{\"step\":\"record\","
	    "\"start\":\"2024-05-15T10:20:00.005000Z\",\"start_ms\":5.000,"
	    "\"duration_ms\":0.001,\"what\":\"kept as decision 1\"}],"
	    "\"waits\":[{\"step\":\"cxone\",\"what\":\"timeout\","
	    "\"words\":\"a request that failed: timeout\","
	    "\"duration_ms\":5.000}],\"queue_history\":[],"
	    "\"decisions\":[],\"queued\":[]}");
	text_done(&text);
	story_free(story);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(each_step_has_its_start_and_its_end),
	    WITH_PLACE(every_field_is_told),
	    WITH_PLACE(a_queued_event_waits_before_its_steps),
	    WITH_PLACE(it_is_told_why_a_route_was_chosen),
	    WITH_PLACE(other_decisions_say_how_they_belong_to_it),
	    WITH_PLACE(an_event_that_still_waits_is_found_in_the_queue),
	    WITH_PLACE(a_parked_event_has_its_attempts_from_the_queue),
	    WITH_PLACE(the_newest_that_is_no_duplicate_is_told),
	    WITH_PLACE(a_sentence_without_room_is_not_cut),
	    WITH_PLACE(what_is_not_there_has_no_story),
	    WITH_PLACE(hostile_texts_stay_inside_their_json_strings),
	    WITH_PLACE(the_json_is_as_it_always_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

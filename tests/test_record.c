/* test_record.c: a record through record.h -> its row, its line */
#include "record.h"

#include "clock.h"
#include "db_place.h"
#include "log.h"

static void write_one(struct place *place, struct record *record)
{
	struct db *db = must_open(place, DB_SERVE);

	record->write_from_us = clock_mono_us();
	assert_int_equal(db_begin(db, false), STATUS_OK);
	assert_int_equal(record_insert(db, record), STATUS_OK);
	assert_int_equal(db_commit(db), STATUS_OK);
	db_close(db);
}

/* The whole row as JSON, the times of record alone left out. */
static void row_is(const struct place *place, const char *expected)
{
	sqlite3 *raw = raw_open(place);
	sqlite3_stmt *statement = NULL;

	assert_int_equal(
	    sqlite3_prepare_v2(raw,
		"SELECT json_array(received_us, interaction_id, event_type, "
		"event_timestamp, media_type, sku, inventory_word, "
		"inventory_status, inventory_result, skills, queues, "
		"map_digest, outcome, status, http, inventory_http, "
		"inventory_attempts, cxone_http, cxone_attempts, "
		"token_refreshes, error, gateway_us, webhook_us, event_us, "
		"claim_us, sku_us, inventory_us, routing_us, cxone_us, "
		"record_us BETWEEN 0 AND 10000000, total_us, trace_id, "
		"parent_span, request_id, sku_rule, waits, queue_history) "
		"FROM decision",
		-1, &statement, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_string_equal(
	    (const char *)sqlite3_column_text(statement, 0), expected);
	sqlite3_finalize(statement);
	sqlite3_close(raw);
}

static void fill(struct record *record, struct trace *trace)
{
	const struct trace_headers headers = {
	    .parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-"
		      "00f067aa0ba902b7-01",
	    .request_id = "req-1",
	};

	trace_read(trace, &headers);
	record_init(record);
	record->received_us = 1715768400000000;
	record->trace = trace;
	strcpy(record->interaction_id, "a1b2c3d4");
	strcpy(record->event_type, "routing.interaction.created");
	strcpy(record->event_timestamp, "2024-05-15T10:30:00Z");
	strcpy(record->media_type, "voice");
	strcpy(record->sku, "SKU-VOICE-b2c3d4");
	record->sku_rule = "media-suffix";
	waits_add(&record->waits, "cxone", "token", 1500);
	strcpy(record->inventory_word, "in_stock");
	record->inventory_status = "in_stock";
	record->skills = "[\"skill-premium-support-id\"]";
	record->queues = "[]";
	record->map_digest = "d1";
	record->outcome = OUTCOME_FAILED;
	record->status = STATUS_SCOPE_MISSING;
	record->http = 500;
	record->inventory_http = 200;
	record->cxone_http = 403;
	record->inventory_attempts = 1;
	record->cxone_attempts = 2;
	record->token_refreshes = 1;
	strcpy(record->error, "scope missing");
	for (int i = 0; i < STEP_RECORD; i++)
		record->step_us[i] = 10 + i;
	record->total_us = 12340;
}

static void every_field_has_its_column(void **state)
{
	struct record record;
	struct trace trace;

	fill(&record, &trace);
	write_one(*state, &record);
	row_is(*state,
	    "[1715768400000000,\"a1b2c3d4\",\"routing.interaction.created\","
	    "\"2024-05-15T10:30:00Z\",\"voice\",\"SKU-VOICE-b2c3d4\","
	    "\"in_stock\",\"in_stock\",\"ok\","
	    "\"[\\\"skill-premium-support-id\\\"]\",\"[]\",\"d1\",\"failed\","
	    "\"scope_missing\",500,200,1,403,2,1,\"scope missing\","
	    "11,12,13,14,15,16,17,18,1,12340,"
	    "\"4bf92f3577b34da6a3ce929d0e0e4736\",\"00f067aa0ba902b7\","
	    "\"req-1\",\"media-suffix\",\"cxone:token:1.500ms\",null]");
}

static void what_is_not_known_is_null(void **state)
{
	struct record record;

	record_init(&record);
	record.received_us = 1;
	record.outcome = OUTCOME_REFUSED;
	record.status = STATUS_MALFORMED;
	record.http = 400;
	write_one(*state, &record);
	row_is(*state,
	    "[1,null,null,null,null,null,null,null,null,null,null,null,"
	    "\"refused\",\"malformed\",400,null,0,null,0,0,null,"
	    "null,null,null,null,null,null,null,null,1,0,null,null,null,"
	    "null,null,null]");
}

static void the_line_for_the_log_has_every_field(void **state)
{
	static const char *const parts[] = {" received_us=1715768400000000 ",
	    " interaction_id=a1b2c3d4 ", " media_type=voice ",
	    " trace_id=4bf92f3577b34da6a3ce929d0e0e4736 ",
	    " parent_span=00f067aa0ba902b7 ", " request_id=req-1 ",
	    " skills=\"[\\\"skill-premium-support-id\\\"]\" ",
	    " outcome=failed ", " status=scope_missing ", " http=500 ",
	    " cxone_http=403 ", " gateway_us=11 ", " cxone_us=18 ",
	    " total_us=12340 ", " sku_rule=media-suffix ",
	    " waits=cxone:token:1.500ms ", " error=\"scope missing\" "};
	struct record record;
	struct trace trace;
	struct log_entry entry;
	char line[LOG_TEXT_BYTES + 1];

	(void)state;
	fill(&record, &trace);
	log_begin(&entry, LOG_INFO, "decided");
	record_describe(&record, &entry);
	assert_false(entry.line.cut);
	snprintf(line, sizeof line, "%.*s", (int)entry.line.length,
	    entry.line.bytes);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strstr(line, parts[i]) == NULL)
			fail_msg("no '%s' in '%s'", parts[i], line);
}

static void every_outcome_and_step_has_its_word(void **state)
{
	(void)state;
	for (int i = 0; i < OUTCOME_COUNT; i++)
		assert_int_equal(
		    outcome_named(outcome_name((enum outcome)i)), i);
	for (int i = 0; i < STEP_COUNT; i++)
		assert_int_equal(step_named(step_name((enum step)i)), i);
	assert_int_equal(outcome_named("of_tomorrow"), OUTCOME_COUNT);
	assert_int_equal(step_named("of_tomorrow"), STEP_COUNT);
	assert_string_equal(outcome_name(OUTCOME_ROUTED), "routed");
	assert_string_equal(step_name(STEP_CXONE), "cxone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(every_field_has_its_column),
	    WITH_PLACE(what_is_not_known_is_null),
	    cmocka_unit_test(the_line_for_the_log_has_every_field),
	    cmocka_unit_test(every_outcome_and_step_has_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

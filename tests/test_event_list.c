/* test_event_list.c: decisions through event_list.h, by what they share */
#include "event_list.h"

#include "db_place.h"

#define ROWS    12000
#define BASE_US INT64_C(1715768400000000)

/*
 * Decision i was received i / 3 ms after BASE_US, so that three share a
 * moment; every third is a chat, number 7 alone failed and took 5 s.
 */
static const char many[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
    "WHERE i < 12000) INSERT INTO decision (received_us, interaction_id, "
    "media_type, sku, inventory_status, skills, queues, outcome, status, "
    "http, inventory_attempts, cxone_attempts, token_refreshes, total_us) "
    "SELECT 1715768400000000 + i / 3 * 1000, 'call-' || (i / 2), "
    "iif(i % 3 = 0, 'chat', 'voice'), 'SKU-' || (i % 10), 'in_stock', "
    "iif(i = 9, '[\"a\",\"nine\"]', '[\"a\"]'), '[\"q\"]', "
    "iif(i = 7, 'failed', 'routed'), iif(i = 7, 'timeout', 'ok'), 200, 1, "
    "1, 0, iif(i = 7, 5000000, i) FROM n;"
    "UPDATE decision SET replaced_by = 101 WHERE id = 100";

static const struct event_filter all = {
    .period = {.from_us = 0, .to_us = INT64_MAX},
    .slower_us = -1,
};

struct found {
	int64_t ids[ROWS + 1];
	int count;
	int wanted;
};

static bool take(void *arg, struct db_row *row)
{
	struct found *found = arg;

	assert_true(found->count < ROWS + 1);
	found->ids[found->count++] = db_int(row, 0);
	return found->count < found->wanted;
}

static struct db *fill(struct place *place)
{
	sqlite3 *raw;

	db_close(must_open(place, DB_SERVE));
	raw = raw_open(place);
	raw_run(raw, many);
	sqlite3_close(raw);
	return must_open(place, DB_READ);
}

/* Walks to the end, or until so many were found; gives the pages. */
static int walk(struct db *db, const struct event_filter *filter, int wanted,
    struct found *found)
{
	struct event_list list;
	int pages = 0;

	*found = (struct found){.wanted = wanted};
	event_list_begin(&list, filter);
	while (!list.ended) {
		assert_int_equal(
		    event_list_page(db, &list, take, found), STATUS_OK);
		pages++;
		assert_true(pages < 10);
	}
	return pages;
}

static void each_decision_is_found_once_newest_first(void **state)
{
	struct db *db = fill(*state);
	struct found found;

	assert_int_equal(walk(db, &all, ROWS + 1, &found), 3);
	assert_int_equal(found.count, ROWS - 1);
	for (int i = 0; i < found.count; i++)
		assert_int_equal(
		    found.ids[i], i < ROWS - 100 ? ROWS - i : ROWS - 1 - i);
	db_close(db);
}

static void who_has_enough_is_given_no_more(void **state)
{
	struct db *db = fill(*state);
	struct found found;

	assert_int_equal(walk(db, &all, 2, &found), 1);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.ids[1], ROWS - 1);
	db_close(db);
}

static void a_period_has_its_beginning_but_not_its_end(void **state)
{
	struct event_filter filter = all;
	struct db *db = fill(*state);
	struct found found;

	filter.period.from_us = BASE_US + 2000;
	filter.period.to_us = BASE_US + 4000;
	walk(db, &filter, ROWS, &found);
	assert_int_equal(found.count, 6);
	assert_int_equal(found.ids[0], 11);
	assert_int_equal(found.ids[5], 6);
	filter.period.from_us = BASE_US + 900000000;
	filter.period.to_us = INT64_MAX;
	walk(db, &filter, ROWS, &found);
	assert_int_equal(found.count, 0);
	db_close(db);
}

static void finds(struct db *db, const struct event_filter *filter, int count)
{
	struct found found;

	walk(db, filter, ROWS, &found);
	assert_int_equal(found.count, count);
	if (count == 1)
		assert_in_range(found.ids[0], 7, 9);
}

static void each_filter_leaves_out_what_does_not_fit(void **state)
{
	struct db *db = fill(*state);
	struct event_filter filter = all;

	filter.outcome = "failed";
	finds(db, &filter, 1);
	filter.status = "ok";
	finds(db, &filter, 0);
	filter = all;
	filter.status = "timeout";
	finds(db, &filter, 1);
	filter = all;
	filter.slower_us = 4999999;
	finds(db, &filter, 1);
	filter.slower_us = 5000000;
	finds(db, &filter, 0);
	filter = all;
	filter.route = "nine";
	finds(db, &filter, 1);
	filter.route = "q";
	finds(db, &filter, ROWS - 1);
	filter.route = "in_stock";
	filter.media = "chat";
	finds(db, &filter, ROWS / 3);
	filter.sku = "SKU-9";
	finds(db, &filter, ROWS / 30);
	filter.sku = "SKU-";
	finds(db, &filter, 0);
	db_close(db);
}

static void an_interaction_is_found_by_its_index(void **state)
{
	struct db *db = fill(*state);
	struct event_filter filter = all;
	struct found found;

	filter.interaction = "call-7";
	assert_int_equal(walk(db, &filter, ROWS, &found), 1);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.ids[0], 15);
	filter.period.to_us = BASE_US + 5000;
	walk(db, &filter, ROWS, &found);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.ids[0], 14);
	filter.media = "chat";
	finds(db, &filter, 0);
	db_close(db);
}

static void looks_up(sqlite3 *raw, enum sql question)
{
	sqlite3_stmt *statement = NULL;
	char sql[5000];

	snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", sql_text[question]);
	assert_int_equal(
	    sqlite3_prepare_v2(raw, sql, -1, &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		const char *plan =
		    (const char *)sqlite3_column_text(statement, 3);

		if (strncmp(plan, "SCAN decision", 13) == 0 ||
		    strncmp(plan, "SCAN outbox", 11) == 0)
			fail_msg("%s: %s", sql_name[question], plan);
	}
	sqlite3_finalize(statement);
}

/* A scan of the whole table would cost minutes at ten million. */
static void no_question_scans_the_table(void **state)
{
	static const enum sql questions[] = {SQL_reports_events,
	    SQL_reports_events_of, SQL_reports_events_newer,
	    SQL_reports_events_page, SQL_reports_events_span, SQL_reports_event,
	    SQL_reports_event_others, SQL_reports_event_queued,
	    SQL_reports_event_attempts};
	struct place *place = *state;
	sqlite3 *raw;

	db_close(must_open(place, DB_SERVE));
	raw = raw_open(place);
	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
		looks_up(raw, questions[i]);
	sqlite3_close(raw);
}

static void the_size_is_told_by_the_numbers(void **state)
{
	struct db *db = fill(*state);
	struct event_filter filter = all;
	int64_t count = -1;

	assert_int_equal(event_list_size(db, &filter, &count), STATUS_OK);
	assert_int_equal(count, ROWS);
	filter.period.from_us = BASE_US + 2000;
	filter.period.to_us = BASE_US + 4000;
	assert_int_equal(event_list_size(db, &filter, &count), STATUS_OK);
	assert_int_equal(count, 6);
	filter.period.from_us = BASE_US + 900000000;
	filter.period.to_us = INT64_MAX;
	assert_int_equal(event_list_size(db, &filter, &count), STATUS_OK);
	assert_int_equal(count, 0);
	db_close(db);
}

static void those_that_came_after_are_given_in_their_order(void **state)
{
	struct db *db = fill(*state);
	struct found found = {.wanted = ROWS + 1};
	int64_t after = ROWS - 5002;
	int64_t newest = 0;

	assert_int_equal(event_list_newest(db, &newest), STATUS_OK);
	assert_int_equal(newest, ROWS);
	assert_int_equal(
	    event_list_newer(db, &all, &after, take, &found), STATUS_OK);
	assert_int_equal(after, ROWS - 2);
	assert_int_equal(found.count, EVENT_LIST_PAGE);
	assert_int_equal(found.ids[0], ROWS - 5001);
	event_list_newer(db, &all, &after, take, &found);
	assert_int_equal(after, ROWS);
	assert_int_equal(found.ids[found.count - 1], ROWS);
	event_list_newer(db, &all, &after, take, &found);
	assert_int_equal(after, ROWS);
	assert_int_equal(found.count, 5002);
	db_close(db);
}

static void an_empty_table_gives_nothing(void **state)
{
	struct found found;
	struct db *db;
	int64_t number = 5;

	db_close(must_open(*state, DB_SERVE));
	db = must_open(*state, DB_READ);
	assert_int_equal(walk(db, &all, ROWS, &found), 1);
	assert_int_equal(found.count, 0);
	assert_int_equal(event_list_size(db, &all, &number), STATUS_OK);
	assert_int_equal(number, 0);
	assert_int_equal(event_list_newest(db, &number), STATUS_OK);
	assert_int_equal(number, 0);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(each_decision_is_found_once_newest_first),
	    WITH_PLACE(who_has_enough_is_given_no_more),
	    WITH_PLACE(a_period_has_its_beginning_but_not_its_end),
	    WITH_PLACE(each_filter_leaves_out_what_does_not_fit),
	    WITH_PLACE(an_interaction_is_found_by_its_index),
	    WITH_PLACE(no_question_scans_the_table),
	    WITH_PLACE(the_size_is_told_by_the_numbers),
	    WITH_PLACE(those_that_came_after_are_given_in_their_order),
	    WITH_PLACE(an_empty_table_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_page_report.c: known decisions -> the pages in tests/golden */
#include "page_report.h"

#include <jansson.h>

#include "clock.h"
#include "db_place.h"
#include "page_event.h"
#include "record.h"

#define NOW_US  INT64_C(1715769045000000) /* 2024-05-15T10:30:45Z */
#define MINUTE  (60 * CLOCK_SECOND)
#define HOSTILE "\"><script>alert('x')</script>&\xe2\x80\xae\x01"

/* A clock that stands still. */
int64_t clock_wall_us(void)
{
	return NOW_US;
}

int64_t clock_mono_us(void)
{
	return NOW_US;
}

void clock_stamp(int64_t wall_us, char stamp[CLOCK_STAMP_BYTES])
{
	(void)wall_us;
	strcpy(stamp, "-");
}

/* One connection, a configuration, and the newest page. */
struct bench {
	struct place *place;
	struct db *db;
	struct config config;
	struct page page;
	int decisions;
};

static int open_bench(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	assert_non_null(bench);
	make_place((void **)&bench->place);
	bench->db = must_open(bench->place, DB_SERVE);
	bench->config.breaker = CONFIG_ON;
	bench->config.queue_max_age_s = 240;
	strcpy(bench->config.cxone_base_url, "https://cxone");
	strcpy(bench->config.cxone_client_id, "us");
	text_init(&bench->page.text, PAGE_MAX);
	*state = bench;
	return 0;
}

static int close_bench(void **state)
{
	struct bench *bench = *state;

	text_done(&bench->page.text);
	db_close(bench->db);
	remove_place((void **)&bench->place);
	free(bench);
	return 0;
}

static void run(struct bench *bench, const char *sql)
{
	sqlite3 *raw = raw_open(bench->place);

	raw_run(raw, sql);
	sqlite3_close(raw);
}

/* The record of a decision so many minutes ago; its number decides all. */
static struct record make_record(struct bench *bench, int minutes_ago)
{
	int number = bench->decisions++;
	struct record record;

	record_init(&record);
	record.received_us = NOW_US - minutes_ago * MINUTE;
	snprintf(record.interaction_id, sizeof record.interaction_id,
	    "call-%03d", number);
	strcpy(record.media_type, number % 3 == 0 ? "chat" : "voice");
	snprintf(record.sku, sizeof record.sku, "SKU-%d", number);
	record.inventory_status = "in_stock";
	record.skills = "[\"skill-premium-support-id\"]";
	record.queues = "[]";
	record.outcome = OUTCOME_ROUTED;
	record.http = 200;
	record.step_us[STEP_GATEWAY] = 50 + number;
	record.step_us[STEP_INVENTORY] = 9000 + 100 * number;
	record.step_us[STEP_CXONE] = 30000 + 500 * number;
	record.total_us = 40000 + 600 * number;
	return record;
}

/* What stands in the row is what is shown: no time of ours in it. */
static void insert(struct bench *bench, struct record *record)
{
	assert_int_equal(db_begin(bench->db, false), STATUS_OK);
	assert_int_equal(record_insert(bench->db, record), STATUS_OK);
	assert_int_equal(db_commit(bench->db), STATUS_OK);
	run(bench, "UPDATE decision SET record_us = NULL");
}

static void decide(struct bench *bench, int minutes_ago, enum outcome outcome)
{
	struct record record = make_record(bench, minutes_ago);

	record.outcome = outcome;
	if (outcome == OUTCOME_FALLBACK) {
		record.inventory_status = "timeout";
		record.inventory_result = STATUS_TIMEOUT;
		record.step_us[STEP_INVENTORY] = 2000000;
		record.total_us += 2000000;
	}
	if (outcome == OUTCOME_FAILED) {
		record.status = STATUS_UPSTREAM_FAILED;
		record.http = 500;
	}
	insert(bench, &record);
}

/* Ten minutes with some of all, and one event in the queue. */
static void fill(struct bench *bench)
{
	for (int i = 0; i < 30; i++)
		decide(bench, 10 - i / 3, OUTCOME_ROUTED);
	decide(bench, 5, OUTCOME_FALLBACK);
	decide(bench, 5, OUTCOME_FAILED);
	decide(bench, 3, OUTCOME_SKIPPED);
	run(bench,
	    "INSERT INTO outbox (interaction_id, claim_key, claim_holder,"
	    " body, accepted_us, due_us, state, attempts)"
	    " VALUES ('call-9', '', 0, '{}', 1715769035000000, 0, 'waiting',"
	    " 0);"
	    "INSERT INTO breaker VALUES ('inventory', 'auto', 'closed', 1,"
	    " 1715768000000000, 5000000, 0, 0, 0, 0, 'two probes succeeded');"
	    "INSERT INTO token (token_url, client_id, version, expires_us,"
	    " obtained_us, sealed_token) VALUES ('https://cxone/oauth/token',"
	    " 'us', 1, 1715772000000000, 1715768400000000, x'01');"
	    "INSERT INTO throttle (upstream, not_before_us, budget, since_us)"
	    " VALUES ('https://cxone', 1715769000000000, 500,"
	    " 1715768990000000)");
}

static const char *ask(
    struct bench *bench, page_write *write, const struct page_ask *asked)
{
	struct page_ask complete = *asked;

	complete.config = &bench->config;
	if (complete.below == NULL)
		complete.below = "";
	if (complete.query == NULL)
		complete.query = "";
	if (complete.accept == NULL)
		complete.accept = "";
	text_clear(&bench->page.text);
	bench->page.http = 200;
	bench->page.headers = "";
	assert_int_equal(db_begin_read(bench->db), STATUS_OK);
	assert_int_equal(write(bench->db, &complete, &bench->page), STATUS_OK);
	db_end_read(bench->db);
	assert_false(text_failed(&bench->page.text));
	return text_string(&bench->page.text);
}

static const char *ask_query(
    struct bench *bench, page_write *write, const char *query)
{
	return ask(bench, write, &(struct page_ask){.query = query});
}

static void has(const char *page, const char *words)
{
	if (strstr(page, words) == NULL)
		fail_msg("no \"%s\" in: %.3000s", words, page);
}

static void has_not(const char *page, const char *words)
{
	if (strstr(page, words) != NULL)
		fail_msg("\"%s\" in the page", words);
}

/* ---- As it was ------------------------------------------------------ */

/* The version and, of HTML, style and script are left out. What differs is
 * shown. To take it over: cp it from where it says. */
static void is_golden(const struct bench *bench, const char *name)
{
	char command[640];
	FILE *file;

	if (access("tests/golden", R_OK) != 0)
		skip();
	snprintf(command, sizeof command,
	    "cd tests/golden && sed -e '/<style>/,/<.style>/d' "
	    "-e '/<script>/,/<.script>/d' -e 's/\"version\":\"[^\"]*/"
	    "\"version\":\"VERSION/' -e 's/>stockroute [0-9.]*</>stockroute "
	    "VERSION</' >%s/%s; diff -u %s %s/%s >&2 || "
	    "{ mkdir -p /tmp/stockroute-golden && "
	    "cp %s/%s /tmp/stockroute-golden; false; }",
	    bench->place->dir, name, name, bench->place->dir, name,
	    bench->place->dir, name);
	file = popen(command, "w"); /* NOLINT(cert-env33-c) */
	assert_non_null(file);
	fputs(text_string(&bench->page.text), file);
	assert_int_equal(pclose(file), 0);
}

/* The page as a value; the caller lets it go. */
static json_t *must_load(const struct bench *bench)
{
	json_t *json = json_loads(text_string(&bench->page.text), 0, NULL);

	assert_non_null(json);
	return json;
}

static void json_is_as_it_was(void **state)
{
	struct bench *bench = *state;

	fill(bench);
	ask_query(bench, page_report_json, "since=15m");
	assert_string_equal(bench->page.type, "application/json");
	json_decref(must_load(bench));
	is_golden(bench, "page.json");
}

static void csv_is_as_it_was(void **state)
{
	struct bench *bench = *state;

	fill(bench);
	ask_query(bench, page_report_csv, "since=15m");
	assert_string_equal(bench->page.type, "text/csv; charset=utf-8");
	is_golden(bench, "page-times.csv");
	ask_query(bench, page_report_csv, "since=15m&table=slowest");
	is_golden(bench, "page-slowest.csv");
	ask_query(bench, page_report_csv, "since=15m&table=state");
	is_golden(bench, "page-state.csv");
}

static void html_is_as_it_was(void **state)
{
	struct bench *bench = *state;

	fill(bench);
	ask_query(bench, page_report_html, "since=15m");
	assert_string_equal(bench->page.type, "text/html; charset=utf-8");
	is_golden(bench, "page.html");
}

static void the_story_is_as_it_was(void **state)
{
	struct bench *bench = *state;

	fill(bench);
	ask(bench, page_event, &(struct page_ask){.below = "/call-030"});
	assert_int_equal(bench->page.http, 200);
	is_golden(bench, "page-event.html");
}

/* ---- Hostile -------------------------------------------------------- */

static void insert_hostile(struct bench *bench)
{
	struct record record = make_record(bench, 1);

	strcpy(record.interaction_id, HOSTILE);
	strcpy(record.media_type, HOSTILE);
	strcpy(record.sku, HOSTILE);
	strcpy(record.inventory_word, HOSTILE);
	strcpy(record.event_type, HOSTILE);
	strcpy(record.event_timestamp, HOSTILE);
	strcpy(record.error, HOSTILE);
	record.inventory_status = HOSTILE;
	record.skills = HOSTILE;
	record.queues = HOSTILE;
	insert(bench, &record);
}

/* Nothing but the page's own script; and what came stands there as text. */
static void is_harmless(const char *page)
{
	const char *own = strstr(page, "<script>");

	assert_non_null(own);
	assert_null(strstr(own + 1, "<script"));
	has(page, "&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"
		  "&amp;\xe2\x80\xae\xef\xbf\xbd");
	has_not(page, "alert('x')");
}

static void what_strangers_sent_stays_text(void **state)
{
	struct bench *bench = *state;

	insert_hostile(bench);
	is_harmless(ask_query(bench, page_report_html, ""));
	is_harmless(ask(bench, page_event, &(struct page_ask){.below = "/1"}));
}

static void what_was_asked_stays_text(void **state)
{
	static const char query[] =
	    "id=%22%3E%3Cscript%3Ealert(%27x%27)%3C/script%3E&since=%22%3E"
	    "%3Cscript%3E&from=%22onload=x&to=%3C";
	struct bench *bench = *state;
	const char *page = ask_query(bench, page_event, query);

	has(page, "value=\"&quot;&gt;&lt;script&gt;alert(");
	has_not(page, "alert('x')");
	assert_int_equal(bench->page.http, 404);
	page = ask_query(bench, page_report_html, query);
	has_not(page, "\"onload");
	has_not(page, "\"><script");
}

static void csv_starts_no_formula(void **state)
{
	struct bench *bench = *state;
	struct record record = make_record(bench, 1);
	const char *page;

	strcpy(record.interaction_id, "=HYPERLINK(\"x\")");
	strcpy(record.sku, "a,b\"c");
	insert(bench, &record);
	page = ask_query(bench, page_report_csv, "table=slowest");
	has(page, ",\"'=HYPERLINK(\"\"x\"\")\",");
	has(page, ",\"a,b\"\"c\",");
}

/* ---- What is asked for ---------------------------------------------- */

static void a_period_that_cannot_be_read_is_told(void **state)
{
	struct bench *bench = *state;
	const char *page = ask_query(bench, page_report_html, "since=soon");

	assert_int_equal(bench->page.http, 200);
	has(page, "soon");
	has(page, "These are the last 24 hours");
	ask_query(bench, page_report_json, "since=soon");
	assert_int_equal(bench->page.http, 400);
	/* What gives way to others is not told as what is shown. */
	page = ask_query(bench, page_report_html, "since=1h&to=now");
	has_not(page, "aria-current=\"page\"");
	ask_query(bench, page_report_csv, "from=x");
	assert_int_equal(bench->page.http, 400);
	/* No text, or longer than any: it was given, too. */
	has(ask_query(bench, page_report_json, "to=%ff"), "to is no text");
	assert_int_equal(bench->page.http, 400);
	ask_query(bench, page_report_csv,
	    "since=0000000000000000000000000000"
	    "00000000000000000000000000000000001h");
	assert_int_equal(bench->page.http, 400);
}

static json_int_t count_of(const json_t *sum)
{
	return json_integer_value(json_object_get(sum, "count"));
}

static json_int_t sum_of(const json_t *report, const char *list)
{
	const json_t *sums = json_object_get(report, list);
	json_int_t count = 0;

	for (size_t i = 0; i < json_array_size(sums); i++)
		count += count_of(json_array_get(sums, i));
	return count;
}

/* And what it is made of adds up. */
static void every_period_can_be_shown(void **state)
{
	static const char *const queries[] = {"", "since=1s", "since=1h",
	    "since=6h", "since=11h", "since=24h", "since=3d", "since=7d",
	    "since=14d", "since=30d", "since=90d", "since=1000d", "since=all",
	    "since=yesterday", "from=2024-05-15T10:00&to=2024-05-15T10:25",
	    "from=2024-05-15&to=", "from=1999-01-01&to=1999-01-02",
	    "from=2024-05-15T10:30:40", "since=&from=&to=", "since=999999d",
	    "from=2024-05-15&to=2124-05-15", "from=2030-01-01&to=2031-01-01"};
	struct bench *bench = *state;
	json_int_t count;
	json_t *json;

	fill(bench);
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
		const char *page =
		    ask_query(bench, page_report_html, queries[i]);

		has(page, "</html>");
		has_not(page, "class=\"bad\"");
		assert_true(bench->page.text.length < 300000);
		ask_query(bench, page_report_json, queries[i]);
		json = must_load(bench);
		count = count_of(json_object_get(json, "total"));
		assert_int_equal(sum_of(json, "slots"), count);
		assert_int_equal(sum_of(json, "inventory"), count);
		json_decref(json);
	}
}

/* What is to come makes no slot longer, so that none reaches back to what
 * was not asked for. */
static void a_period_ends_by_now(void **state)
{
	struct bench *bench = *state;
	json_t *json;
	int64_t slot_s;
	int64_t count;
	double per_minute;

	fill(bench);
	decide(bench, 2 * 24 * 60, OUTCOME_ROUTED);
	ask_query(bench, page_report_json,
	    "from=2024-05-15T10:15:00&to=2124-05-15T10:15:00");
	json = must_load(bench);
	assert_int_equal(
	    json_unpack(json, "{s:{s:I},s:{s:I,s:F}}", "period", "slot_s",
		&slot_s, "total", "count", &count, "per_minute", &per_minute),
	    0);
	assert_int_equal(slot_s, 60);
	assert_int_equal(count, 33);
	/* In 15 minutes and 45 seconds. */
	assert_int_equal((int)(per_minute * 100 + 0.5), 210);
	json_decref(json);
}

/* Of an hour that is only in the sum of its day, the day is shown. */
static void a_period_without_minutes_has_no_more_slots_than_others(void **state)
{
	struct bench *bench = *state;
	const char *page;

	run(bench, "UPDATE rollup_state SET minutes_from_s = 1715731200,"
		   " hours_from_s = 1715731200");
	page = ask_query(bench, page_report_json,
	    "from=2024-01-01T10:00&to=2024-01-01T11:00");
	has(page, "{\"slot_s\":1800,\"from\":\"2024-01-01T00:00:00Z\"");
}

/* As many days as can be said begin with the first decision, too. */
static void a_period_from_before_time_begins_with_the_first(void **state)
{
	struct bench *bench = *state;
	json_t *json;
	int64_t slot_s;

	fill(bench);
	ask_query(bench, page_report_json, "since=999999d");
	json = must_load(bench);
	assert_int_equal(
	    json_unpack(json, "{s:{s:I}}", "period", "slot_s", &slot_s), 0);
	assert_int_equal(slot_s, 60);
	json_decref(json);
}

static void an_empty_database_has_a_page(void **state)
{
	struct bench *bench = *state;
	const char *page = ask_query(bench, page_report_html, "since=all");

	has(page, "Healthy");
	has(page, "No event has come yet.");
	has(page, "No event in this period.");
	page = ask_query(bench, page_report_json, "");
	has(page, "\"count\":0");
}

/* As the verdict counts them, which stands above it. */
static void what_expired_counts_as_failed_on_the_tile(void **state)
{
	struct bench *bench = *state;

	for (int i = 0; i < 8; i++)
		decide(bench, 3, OUTCOME_ROUTED);
	decide(bench, 3, OUTCOME_FAILED);
	decide(bench, 3, OUTCOME_EXPIRED);
	has(ask_query(bench, page_report_html, ""),
	    "<dt>Failed or too late</dt><dd class=\"big\">20.0 %</dd><dd>2 of "
	    "10 events");
}

/* As it is where the secret is wrong from the first event on. */
static void nobody_says_since_when_there_never_was_a_token(void **state)
{
	struct bench *bench = *state;
	const char *page;

	run(bench, "INSERT INTO token (token_url, client_id, failure,"
		   " refresh_not_before_us) VALUES ('https://cxone', 'us',"
		   " 'token_refused', 1715769060000000)");
	page = ask_query(bench, page_report_html, "");
	has(page, "there is no valid access token: token_refused");
	has(page, "since when is not known");
	has_not(page, "for at least a day");
	page = ask_query(bench, page_report_json, "");
	has(page, "{\"state\":\"failing\",\"since\":null");
	page = ask_query(bench, page_report_csv, "table=state");
	has(page, "health_since,\r\n");
}

static void a_table_that_is_none_is_not_found(void **state)
{
	struct bench *bench = *state;
	struct page_ask asked = {.config = &bench->config,
	    .below = "",
	    .query = "table=users",
	    .accept = ""};

	assert_int_equal(db_begin_read(bench->db), STATUS_OK);
	assert_int_equal(page_report_csv(bench->db, &asked, &bench->page),
	    STATUS_PATH_UNKNOWN);
	asked.query = "table=slowest-of-all-the-decisions";
	assert_int_equal(page_report_csv(bench->db, &asked, &bench->page),
	    STATUS_PATH_UNKNOWN);
	db_end_read(bench->db);
}

static void a_story_is_found_by_number_and_by_interaction(void **state)
{
	struct bench *bench = *state;
	const char *page;

	fill(bench);
	page = ask(bench, page_event, &(struct page_ask){.below = "/31"});
	has(page, "call-030");
	has(page, "href=\"../../report\"");
	page = ask_query(bench, page_event, "id=call-030");
	has(page, "Routed to the fallback");
	has(page, "href=\"../report\"");
	page = ask_query(bench, page_event, "id=call-9");
	has(page, "Not decided yet");
}

static void an_outcome_of_a_newer_program_is_shown_as_it_is(void **state)
{
	struct bench *bench = *state;
	const char *page;

	decide(bench, 5, OUTCOME_ROUTED);
	run(bench, "UPDATE decision SET outcome = 'postponed'");
	page = ask_query(bench, page_event, "id=1");
	has(page, "<h2 id=\"verdict\"><b>postponed</b>");
	has_not(page, "it is in the queue");
}

static void an_event_that_nobody_knows_is_not_found(void **state)
{
	static const char *const queries[] = {"id=nobody", "id=", "", "id=%00"};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
		has(ask_query(bench, page_event, queries[i]),
		    "Nothing is known of it");
		assert_int_equal(bench->page.http, 404);
	}
}

static void a_program_gets_the_story_as_json(void **state)
{
	struct bench *bench = *state;

	fill(bench);
	ask(bench, page_event,
	    &(struct page_ask){.below = "/31", .accept = "application/json"});
	assert_string_equal(bench->page.type, "application/json");
	json_decref(must_load(bench));
	ask(bench, page_event,
	    &(struct page_ask){
		.below = "/x", .accept = "text/html,application/json"});
	assert_string_equal(bench->page.type, "text/html; charset=utf-8");
}

int main(void)
{
#define on_bench(test)                                                         \
	cmocka_unit_test_setup_teardown(test, open_bench, close_bench)
	const struct CMUnitTest tests[] = {
	    on_bench(json_is_as_it_was),
	    on_bench(csv_is_as_it_was),
	    on_bench(html_is_as_it_was),
	    on_bench(the_story_is_as_it_was),
	    on_bench(what_strangers_sent_stays_text),
	    on_bench(what_was_asked_stays_text),
	    on_bench(csv_starts_no_formula),
	    on_bench(a_period_that_cannot_be_read_is_told),
	    on_bench(every_period_can_be_shown),
	    on_bench(a_period_ends_by_now),
	    on_bench(a_period_without_minutes_has_no_more_slots_than_others),
	    on_bench(a_period_from_before_time_begins_with_the_first),
	    on_bench(an_empty_database_has_a_page),
	    on_bench(nobody_says_since_when_there_never_was_a_token),
	    on_bench(what_expired_counts_as_failed_on_the_tile),
	    on_bench(a_table_that_is_none_is_not_found),
	    on_bench(a_story_is_found_by_number_and_by_interaction),
	    on_bench(an_outcome_of_a_newer_program_is_shown_as_it_is),
	    on_bench(an_event_that_nobody_knows_is_not_found),
	    on_bench(a_program_gets_the_story_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

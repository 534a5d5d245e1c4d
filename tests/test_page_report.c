/* test_page_report.c: known decisions -> the pages in tests/golden */
#include "page_report.h"

#include "page_event.h"
#include "page_place.h"

#define HOSTILE "\"><script>alert('x')</script>&\xe2\x80\xae\x01"

/* ---- As it was ------------------------------------------------------ */

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
		   " refresh_not_before_us) VALUES ("
		   "'https://cxone/oauth/token', 'us', 'token_refused', "
		   "1715769060000000)");
	page = ask_query(bench, page_report_html, "");
	has(page, "there is no valid access token: token_refused");
	has(page, "since when is not known");
	has_not(page, "for at least a day");
	page = ask_query(bench, page_report_json, "");
	has(page, "{\"state\":\"failing\",\"since\":null");
	page = ask_query(bench, page_report_csv, "table=state");
	has(page, "health_since,\r\n");
}

/* Its row lies there for a client that asks again under the old address. */
static void a_token_of_another_address_is_none_of_ours(void **state)
{
	struct bench *bench = *state;

	run(bench, "INSERT INTO token (token_url, client_id, version,"
		   " expires_us, obtained_us, sealed_token)"
		   " VALUES ('https://old/oauth/token', 'us', 1,"
		   " 1715772000000000, 1715768400000000, x'01')");
	has(ask_query(bench, page_report_html, ""),
	    "<dt>Access token, now</dt><dd class=\"big\">none yet</dd>");
}

/* The processes go on at once: so the page must not say that they wait. */
static void what_a_clock_put_back_left_ahead_holds_nobody_up(void **state)
{
	struct bench *bench = *state;
	const char *page;

	/* Open for 5 s, to an end in an hour. */
	run(bench,
	    "INSERT INTO breaker VALUES ('inventory', 'auto', 'open', 1,"
	    " 1715768000000000, 5000000, 1715772645000000, 0, 0, 0, 'failed');"
	    "INSERT INTO token (token_url, client_id, failure,"
	    " refresh_not_before_us) VALUES ('https://cxone/oauth/token',"
	    " 'us', 'token_refused', 1715772645000000)");
	page = ask_query(bench, page_report_json, "");
	has(page, "\"open_until\":\"2024-05-15T10:30:45Z\"");
	has_not(page, "token_refused");
	has(page, "inventory lets one probe through");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    on_bench(json_is_as_it_was),
	    on_bench(csv_is_as_it_was),
	    on_bench(html_is_as_it_was),
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
	    on_bench(a_token_of_another_address_is_none_of_ours),
	    on_bench(what_a_clock_put_back_left_ahead_holds_nobody_up),
	    on_bench(a_table_that_is_none_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

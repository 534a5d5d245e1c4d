/* test_metrics.c: a database -> its metrics, in both formats */
#include "metrics.h"

#include "clock.h"
#include "db_place.h"
#include "metrics_times.h"
#include "record.h"
#include "rollup_fold.h"

#define TEXT_MAX ((size_t)1 << 20)
#define BEGIN_US INT64_C(1790000000000000)
#define TRACE    "0af7651916cd43dd8448eb211c80319c"

/* One connection, a configuration, and what was written last. */
struct bench {
	struct place *place;
	struct db *db;
	struct config config;
	struct text text;
	int events;
};

static int open_bench(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	assert_non_null(bench);
	make_place((void **)&bench->place);
	bench->db = must_open(bench->place, DB_SERVE);
	bench->config.breaker = CONFIG_ON;
	bench->config.retry_budget = 500;
	bench->config.webhook_auth = WEBHOOK_AUTH_BEARER;
	strcpy(bench->config.db, bench->place->path);
	strcpy(bench->config.cxone_base_url, "https://cxone");
	strcpy(bench->config.cxone_client_id, "us");
	strcpy(bench->config.webhook_secrets.items[0].id, "spring");
	bench->config.webhook_secrets.count = 1;
	text_init(&bench->text, TEXT_MAX);
	*state = bench;
	return 0;
}

static int close_bench(void **state)
{
	struct bench *bench = *state;

	text_done(&bench->text);
	db_close(bench->db);
	remove_place((void **)&bench->place);
	free(bench);
	return 0;
}

/* Sets what is there already, as an operator's shell would. */
static void run(struct bench *bench, const char *sql)
{
	sqlite3 *raw = raw_open(bench->place);

	raw_run(raw, sql);
	sqlite3_close(raw);
}

static const char *scrape(struct bench *bench, enum metrics_format format)
{
	text_clear(&bench->text);
	assert_int_equal(db_begin_read(bench->db), STATUS_OK);
	assert_int_equal(
	    metrics_write(bench->db, &bench->config, format, &bench->text),
	    STATUS_OK);
	db_end_read(bench->db);
	return text_string(&bench->text);
}

/* The value behind a sample's name and labels, as it is written. */
static const char *value_of(const char *text, const char *sample)
{
	static char value[128];
	char line[256];
	const char *found;

	snprintf(line, sizeof line, "\nstockroute_%s ", sample);
	found = strstr(text, line);
	if (!found)
		fail_msg("no %s", sample);
	else
		snprintf(value, sizeof value, "%.*s",
		    (int)strcspn(found + strlen(line), "\n"),
		    found + strlen(line));
	return value;
}

static void is(struct bench *bench, const char *sample, const char *value)
{
	assert_string_equal(
	    value_of(scrape(bench, METRICS_TEXT), sample), value);
}

/* --- decisions --- */

static void decide(struct bench *bench, enum outcome outcome, int64_t us)
{
	struct trace trace = {.id = TRACE};
	struct record record;

	record_init(&record);
	record.received_us = BEGIN_US + bench->events * CLOCK_SECOND;
	record.trace = &trace;
	snprintf(record.interaction_id, sizeof record.interaction_id, "call-%d",
	    bench->events++);
	strcpy(record.media_type, "voice");
	record.inventory_status =
	    outcome == OUTCOME_FALLBACK ? "discontinued" : "in_stock";
	record.outcome = outcome;
	record.step_us[STEP_INVENTORY] = us / 2;
	record.total_us = us;
	assert_int_equal(db_begin(bench->db, false), STATUS_OK);
	assert_int_equal(record_insert(bench->db, &record), STATUS_OK);
	assert_int_equal(db_commit(bench->db), STATUS_OK);
}

static void fold(struct bench *bench)
{
	int64_t folded;

	assert_int_equal(db_begin(bench->db, false), STATUS_OK);
	assert_int_equal(
	    rollup_fold(bench->db, ROLLUP_FOLD_ROWS, &folded), STATUS_OK);
	assert_int_equal(db_commit(bench->db), STATUS_OK);
}

static void bucket_is(struct bench *bench, const char *le, const char *count)
{
	char sample[128];

	snprintf(sample, sizeof sample,
	    "stage_duration_seconds_bucket{stage=\"total\","
	    "outcome=\"routed\",le=\"%s\"}",
	    le);
	is(bench, sample, count);
}

static void buckets_are_exact(struct bench *bench)
{
	bucket_is(bench, "7.62939453125e-06", "2");
	bucket_is(bench, "1.52587890625e-05", "3");
	bucket_is(bench, "0.25", "4");
	bucket_is(bench, "0.5", "6");
	bucket_is(bench, "1.0", "7");
	bucket_is(bench, "2.0", "8");
	bucket_is(bench, "32.0", "9");
	bucket_is(bench, "+Inf", "11");
	is(bench,
	    "stage_duration_seconds_count{stage=\"total\","
	    "outcome=\"routed\"}",
	    "11");
	is(bench,
	    "stage_duration_seconds_sum{stage=\"total\",outcome=\"routed\"}",
	    "3666.500019");
}

/* At a bound is below it; one microsecond more is above. */
static void each_time_is_in_its_bucket(void **state)
{
	static const int64_t times[] = {0, 7, 8, 250000, 250001, 500000, 500001,
	    1000001, 32000000, 32000001, 3600000000};
	struct bench *bench = *state;
	size_t i;

	for (i = 0; i < sizeof times / sizeof *times; i++)
		decide(bench, OUTCOME_ROUTED, times[i]);
	buckets_are_exact(bench);
	fold(bench);
	buckets_are_exact(bench);
}

static void steps_and_outcomes_are_apart(void **state)
{
	struct bench *bench = *state;

	decide(bench, OUTCOME_ROUTED, 3000);
	decide(bench, OUTCOME_FALLBACK, 2000000);
	decide(bench, OUTCOME_FALLBACK, 2000000);
	is(bench, "decisions_total{outcome=\"routed\"}", "1");
	is(bench, "decisions_total{outcome=\"fallback\"}", "2");
	is(bench, "decisions_total{outcome=\"failed\"}", "0");
	is(bench, "fallback_total{reason=\"discontinued\"}", "2");
	is(bench, "fallback_total{reason=\"timeout\"}", "0");
	is(bench,
	    "stage_duration_seconds_sum{stage=\"inventory\","
	    "outcome=\"fallback\"}",
	    "2.000000");
	assert_null(strstr(
	    scrape(bench, METRICS_TEXT), "stage=\"cxone\",outcome=\"routed\""));
}

/* --- counters never fall --- */

static bool is_counter(const char *line)
{
	size_t length = strcspn(line, "{ \n");

	return (length > 6 && strncmp(line + length - 6, "_total", 6) == 0) ||
	       (length > 7 && strncmp(line + length - 7, "_bucket", 7) == 0) ||
	       (length > 6 && strncmp(line + length - 6, "_count", 6) == 0) ||
	       (length > 4 && strncmp(line + length - 4, "_sum", 4) == 0);
}

/* A line of before, up to its value, which starts at value. */
static void has_not_fallen(const char *now, const char *line, size_t value)
{
	char sample[256];
	const char *text;

	snprintf(sample, sizeof sample, "%.*s", (int)value, line);
	text = value_of(now, sample + strlen(METRICS_PREFIX));
	if (strtod(text, NULL) < strtod(line + value, NULL))
		fail_msg("%s fell to %s", sample, text);
}

/* Each sample of before stands in now, with no smaller value. */
static int compare_counters(const char *before, const char *now)
{
	int count = 0;

	while (*before != '\0') {
		size_t length = strcspn(before, "\n");
		size_t value = length;

		while (value > 0 && before[value] != ' ')
			value--;
		if (*before != '#' && is_counter(before)) {
			has_not_fallen(now, before, value);
			count++;
		}
		before += length + 1;
	}
	return count;
}

static void grows(struct bench *bench, char **before)
{
	const char *now = scrape(bench, METRICS_TEXT);

	if (*before)
		assert_true(compare_counters(*before, now) > 300);
	free(*before);
	*before = strdup(now);
	assert_non_null(*before);
}

static void replace(struct bench *bench, int first, int second)
{
	char sql[128];

	snprintf(sql, sizeof sql,
	    "UPDATE decision SET replaced_by = %d WHERE id = %d", second,
	    first);
	run(bench, sql);
}

/* Whether it is already in the sums, or goes there, or neither. */
static void a_replaced_decision_stays_counted(void **state)
{
	struct bench *bench = *state;
	char *before = NULL;

	decide(bench, OUTCOME_FAILED, 5);
	decide(bench, OUTCOME_FAILED, 1000000);
	decide(bench, OUTCOME_FAILED, 40000000);
	grows(bench, &before);
	replace(bench, 1, 4);
	grows(bench, &before);
	fold(bench);
	grows(bench, &before);
	replace(bench, 2, 5);
	grows(bench, &before);
	fold(bench);
	grows(bench, &before);
	replace(bench, 3, 6);
	fold(bench);
	grows(bench, &before);
	free(before);
	is(bench, "decisions_total{outcome=\"failed\"}", "3");
	is(bench,
	    "stage_duration_seconds_sum{stage=\"total\",outcome=\"failed\"}",
	    "41.000005");
	is(bench,
	    "stage_duration_seconds_bucket{stage=\"inventory\","
	    "outcome=\"failed\",le=\"0.5\"}",
	    "2");
}

/* The trigger has its own words for the steps and bounds. */
static void every_step_of_a_replaced_one_stays(void **state)
{
	struct bench *bench = *state;
	char *before = NULL;
	char sql[256];

	decide(bench, OUTCOME_FAILED, 1);
	for (int i = 0; i < STEP_COUNT; i++) {
		snprintf(sql, sizeof sql,
		    "UPDATE decision SET %s_us = 1 << (2 * %d)",
		    step_name((enum step)i), i);
		run(bench, sql);
	}
	grows(bench, &before);
	replace(bench, 1, 2);
	grows(bench, &before);
	free(before);
}

/* --- what all have counted --- */

static void what_never_happened_is_told_as_0(void **state)
{
	struct bench *bench = *state;

	is(bench, "webhook_requests_total{code=\"503\"}", "0");
	is(bench,
	    "auth_failures_total{door=\"admin\",reason=\"signature_wrong\"}",
	    "0");
	is(bench, "auth_key_requests_total{result=\"accepted\",key=\"spring\"}",
	    "0");
	is(bench,
	    "upstream_requests_total{upstream=\"inventory\","
	    "code_class=\"timeout\"}",
	    "0");
	is(bench, "retries_total{upstream=\"cxone\",reason=\"throttled\"}",
	    "0");
	is(bench,
	    "breaker_transitions_total{upstream=\"cxone\",state=\"open\"}",
	    "0");
	is(bench, "store_commit_seconds_count", "0");
}

static void counts_are_told_by_label(void **state)
{
	struct bench *bench = *state;

	run(bench, "INSERT INTO tally VALUES "
		   "('auth_key_requests', 'accepted spring', 7),"
		   "('auth_key_requests', 'accepted winter', 4),"
		   "('upstream_requests', 'cxone 5xx', 3),"
		   "('store_commits', '', 2), ('store_commit_us', '', 1500)");
	is(bench, "auth_key_requests_total{result=\"accepted\",key=\"spring\"}",
	    "7");
	/* A key that was taken out of the configuration. */
	is(bench, "auth_key_requests_total{result=\"accepted\",key=\"winter\"}",
	    "4");
	is(bench,
	    "upstream_requests_total{upstream=\"cxone\",code_class=\"5xx\"}",
	    "3");
	is(bench, "store_commit_seconds_count", "2");
	is(bench, "store_commit_seconds_sum", "0.001500");
}

/* A file that has seen more keys than anybody has at a time. */
static void what_is_configured_is_told_whatever_was_before(void **state)
{
	struct bench *bench = *state;

	run(bench,
	    "WITH RECURSIVE key (n) AS "
	    "(SELECT 100 UNION ALL SELECT n + 1 FROM key WHERE n < 299) "
	    "INSERT INTO tally "
	    "SELECT 'auth_key_requests', 'accepted key-' || n, n FROM key "
	    "UNION ALL VALUES "
	    "('auth_key_requests', 'accepted spring', 7)");
	is(bench, "auth_key_requests_total{result=\"accepted\",key=\"spring\"}",
	    "7");
	is(bench,
	    "auth_key_requests_total{result=\"accepted\",key=\"key-100\"}",
	    "100");
}

/* --- how things stand --- */

static void a_breaker_is_in_one_state(void **state)
{
	struct bench *bench = *state;
	const char *open = "breaker_state{upstream=\"cxone\",state=\"open\"}";

	is(bench, "breaker_state{upstream=\"cxone\",state=\"closed\"}", "1");
	is(bench, open, "0");
	run(bench, "INSERT INTO breaker VALUES ('cxone', 'auto', 'open', 1, 1,"
		   "1, 1790000000500000, 0, 0, 0, 'x')");
	is(bench, "breaker_state{upstream=\"cxone\",state=\"closed\"}", "0");
	is(bench, open, "1");
	is(bench, "breaker_open_until_timestamp_seconds{upstream=\"cxone\"}",
	    "1790000000.500000");
	run(bench, "UPDATE breaker SET mode = 'forced_closed'");
	is(bench, open, "0");
	is(bench, "breaker_state{upstream=\"cxone\",state=\"forced_closed\"}",
	    "1");
	bench->config.breaker = CONFIG_OFF;
	is(bench, "breaker_state{upstream=\"cxone\",state=\"off\"}", "1");
}

static void queue_token_and_patience_are_told(void **state)
{
	struct bench *bench = *state;

	is(bench, "queue_oldest_timestamp_seconds", "0.000000");
	is(bench, "token_expiry_timestamp_seconds", "0.000000");
	is(bench, "retry_budget_tokens", "500");
	run(bench,
	    "INSERT INTO outbox (interaction_id, claim_key, claim_holder,"
	    " body, accepted_us, due_us, state, attempts) VALUES"
	    " ('a', '', 0, 'body', 1790000000000000, 1, 'waiting', 0),"
	    " ('b', '', 0, 'body', 1780000000000000, 1, 'parked', 8);"
	    "INSERT INTO token (token_url, client_id, expires_us,"
	    " sealed_token, refresh_not_before_us) VALUES"
	    " ('https://cxone/oauth/token', 'us', 1790000003600000, x'00',"
	    " 1790000000000001);"
	    "INSERT INTO throttle VALUES ('https://cxone',"
	    " 1790000001000000, 412, 0)");
	is(bench, "queue_depth{state=\"waiting\"}", "1");
	is(bench, "queue_depth{state=\"parked\"}", "1");
	is(bench, "queue_bytes", "8");
	is(bench, "queue_oldest_timestamp_seconds", "1790000000.000000");
	is(bench, "token_expiry_timestamp_seconds", "1790000003.600000");
	is(bench, "retry_budget_tokens", "412");
	is(bench, "not_before_timestamp_seconds{upstream=\"cxone\"}",
	    "1790000001.000000");
	is(bench, "not_before_timestamp_seconds{upstream=\"token\"}",
	    "1790000000.000001");
}

/* --- the formats --- */

static void a_scrape_is_as_it_was(
    struct bench *bench, enum metrics_format format, const char *golden)
{
	char command[512];
	FILE *file;

	snprintf(command, sizeof command,
	    "grep -v '_bytes [0-9]\\|^stockroute_build_info' | "
	    "diff -u %s - >&2",
	    golden);
	scrape(bench, format);
	file = popen(command, "w"); /* NOLINT(cert-env33-c) */
	assert_non_null(file);
	fputs(text_string(&bench->text), file);
	assert_int_equal(pclose(file), 0);
}

/* Version and sizes are left out. */
static void a_whole_scrape_is_as_it_was(void **state)
{
	struct bench *bench = *state;

	decide(bench, OUTCOME_ROUTED, 12340);
	decide(bench, OUTCOME_FAILED, 5000000);
	/* How long this test waited is its own affair. */
	run(bench, "UPDATE decision SET record_us = NULL");
	a_scrape_is_as_it_was(bench, METRICS_TEXT, "tests/metrics/text.golden");
	a_scrape_is_as_it_was(
	    bench, METRICS_OPENMETRICS, "tests/metrics/openmetrics.golden");
}

static void exemplars_are_openmetrics_alone(void **state)
{
	struct bench *bench = *state;
	const char *bucket = "stage_duration_seconds_bucket{stage=\"total\","
			     "outcome=\"routed\",le=\"0.015625\"}";

	decide(bench, OUTCOME_ROUTED, 12340);
	is(bench, bucket, "1");
	assert_string_equal(
	    value_of(scrape(bench, METRICS_OPENMETRICS), bucket),
	    "1 # {trace_id=\"" TRACE "\"} 0.012340 1790000000.012340");
	assert_string_equal(value_of(scrape(bench, METRICS_OPENMETRICS),
				"stage_duration_seconds_bucket{stage=\"total\","
				"outcome=\"routed\",le=\"0.03125\"}"),
	    "1");
}

static void labels_are_escaped(void **state)
{
	const struct metrics_family family = {
	    .name = "x", .kind = METRICS_GAUGE, .help = "X."};
	struct text text;
	struct metrics_out out = {.text = &text, .format = METRICS_TEXT};

	(void)state;
	text_init(&text, TEXT_MAX);
	metrics_begin(&out, &family);
	metrics_open(&out, "");
	metrics_label(&out, "a", "q\"b\\n\nz");
	metrics_label(&out, "b", "");
	metrics_seconds(&out, -1500000);
	assert_string_equal(text_string(&text),
	    "# HELP stockroute_x X.\n"
	    "# TYPE stockroute_x gauge\n"
	    "stockroute_x{a=\"q\\\"b\\\\n\\nz\",b=\"\"} -1.500000\n");
	text_done(&text);
}

static void the_page_has_its_formats_type(void **state)
{
	struct bench *bench = *state;
	struct page_ask ask = {.config = &bench->config,
	    .accept = "application/openmetrics-text;version=1.0.0"};
	struct page page = {.http = 200};

	text_init(&page.text, PAGE_MAX);
	assert_int_equal(metrics_page(bench->db, &ask, &page), STATUS_OK);
	assert_string_equal(page.type,
	    "application/openmetrics-text; version=1.0.0; charset=utf-8");
	assert_non_null(strstr(text_string(&page.text), "# UNIT "));
	text_clear(&page.text);
	ask.accept = "";
	assert_int_equal(metrics_page(bench->db, &ask, &page), STATUS_OK);
	assert_string_equal(
	    page.type, "text/plain; version=0.0.4; charset=utf-8");
	assert_null(strstr(text_string(&page.text), "# EOF"));
	text_done(&page.text);
}

static void the_best_liked_format_is_chosen(void **state)
{
	static const struct {
		const char *accept;
		enum metrics_format format;
	} cases[] = {
	    {NULL, METRICS_TEXT},
	    {"", METRICS_TEXT},
	    {"*/*", METRICS_TEXT},
	    {"text/html,application/xhtml+xml,*/*;q=0.8", METRICS_TEXT},
	    {"text/plain", METRICS_TEXT},
	    {"application/openmetrics-text", METRICS_OPENMETRICS},
	    {"Application/OpenMetrics-Text ; Version=\"1.0.0\"",
		METRICS_OPENMETRICS},
	    {"application/openmetrics-text;version=2.0.0", METRICS_TEXT},
	    /* Prometheus 2.42 */
	    {"application/openmetrics-text;version=1.0.0,"
	     "application/openmetrics-text;version=0.0.1;q=0.75,"
	     "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		METRICS_OPENMETRICS},
	    /* Prometheus 3 */
	    {"application/openmetrics-text;version=1.0.0;"
	     "escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;"
	     "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.2,"
	     "*/*;q=0.1",
		METRICS_OPENMETRICS},
	    {"application/openmetrics-text;q=0.4,text/plain;q=0.5",
		METRICS_TEXT},
	    {"text/plain;q=0.5,application/openmetrics-text;q=0.501",
		METRICS_OPENMETRICS},
	    {"application/openmetrics-text,*/*", METRICS_OPENMETRICS},
	    {"text/plain,application/openmetrics-text", METRICS_TEXT},
	    {"text/plain;q=0,*/*", METRICS_OPENMETRICS},
	    {"application/openmetrics-text;q=0,*/*", METRICS_TEXT},
	    {"application/openmetrics-text;q=0", METRICS_TEXT},
	    {"application/openmetrics-text;q=oops", METRICS_TEXT},
	    {"application/*", METRICS_OPENMETRICS},
	    {",;,=;q=1;q,,", METRICS_TEXT},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		if (metrics_choose(cases[i].accept) != cases[i].format)
			fail_msg("%s", cases[i].accept);
}

#define WITH_BENCH(test)                                                       \
	cmocka_unit_test_setup_teardown(test, open_bench, close_bench)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_BENCH(each_time_is_in_its_bucket),
	    WITH_BENCH(steps_and_outcomes_are_apart),
	    WITH_BENCH(a_replaced_decision_stays_counted),
	    WITH_BENCH(every_step_of_a_replaced_one_stays),
	    WITH_BENCH(what_never_happened_is_told_as_0),
	    WITH_BENCH(counts_are_told_by_label),
	    WITH_BENCH(what_is_configured_is_told_whatever_was_before),
	    WITH_BENCH(a_breaker_is_in_one_state),
	    WITH_BENCH(queue_token_and_patience_are_told),
	    WITH_BENCH(a_whole_scrape_is_as_it_was),
	    WITH_BENCH(exemplars_are_openmetrics_alone),
	    cmocka_unit_test(labels_are_escaped),
	    WITH_BENCH(the_page_has_its_formats_type),
	    cmocka_unit_test(the_best_liked_format_is_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

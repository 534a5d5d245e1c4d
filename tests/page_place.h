#ifndef PAGE_PLACE_H
#define PAGE_PLACE_H

/* What the tests of the pages share: a file with known decisions, and a look at
 * what is made of them. */
#include <jansson.h>

#include "clock.h"
#include "db_place.h"
#include "page.h"
#include "record.h"

#define NOW_US INT64_C(1715769045000000) /* 2024-05-15T10:30:45Z */
#define MINUTE (60 * CLOCK_SECOND)

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

static inline int open_bench(void **state)
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

static inline int close_bench(void **state)
{
	struct bench *bench = *state;

	text_done(&bench->page.text);
	db_close(bench->db);
	remove_place((void **)&bench->place);
	free(bench);
	return 0;
}

static inline void run(struct bench *bench, const char *sql)
{
	sqlite3 *raw = raw_open(bench->place);

	raw_run(raw, sql);
	sqlite3_close(raw);
}

/* The record of a decision so many minutes ago; its number decides all. */
static inline struct record make_record(struct bench *bench, int minutes_ago)
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
static inline void insert(struct bench *bench, struct record *record)
{
	assert_int_equal(db_begin(bench->db, false), STATUS_OK);
	assert_int_equal(record_insert(bench->db, record), STATUS_OK);
	assert_int_equal(db_commit(bench->db), STATUS_OK);
	run(bench, "UPDATE decision SET record_us = NULL");
}

static inline void decide(
    struct bench *bench, int minutes_ago, enum outcome outcome)
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
static inline void fill(struct bench *bench)
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

static inline const char *ask(
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

static inline const char *ask_query(
    struct bench *bench, page_write *write, const char *query)
{
	return ask(bench, write, &(struct page_ask){.query = query});
}

static inline void has(const char *page, const char *words)
{
	if (strstr(page, words) == NULL)
		fail_msg("no \"%s\" in: %.3000s", words, page);
}

static inline void has_not(const char *page, const char *words)
{
	if (strstr(page, words) != NULL)
		fail_msg("\"%s\" in the page", words);
}

/* The version and, of HTML, style and script are left out. What differs is
 * shown. To take it over: cp it from where it says. */
static inline void is_golden(const struct bench *bench, const char *name)
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
static inline json_t *must_load(const struct bench *bench)
{
	json_t *json = json_loads(text_string(&bench->page.text), 0, NULL);

	assert_non_null(json);
	return json;
}

#define on_bench(test)                                                         \
	cmocka_unit_test_setup_teardown(test, open_bench, close_bench)

#endif

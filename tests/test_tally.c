/* test_tally.c: counts in memory, their words, and the sums of all processes */
#include "tally.h"

#include <pthread.h>
#include <time.h>

#include "auth.h"
#include "circuit.h"
#include "clock.h"
#include "db_place.h"
#include "http.h"
#include "tally_keeper.h"
#include "tally_words.h"

#define MANY 10000000

/* One process of several: its loop, its store, its counts. */
struct bench {
	struct place *place;
	struct config config;
	struct loop *loop;
	struct store *store;
	struct tally *tally;
	struct tally_keeper *keeper;
};

static void open_bench(struct bench *bench, struct place *place)
{
	*bench = (struct bench){.place = place};
	bench->config.webhook_auth = WEBHOOK_AUTH_BEARER;
	strcpy(bench->config.webhook_secret, "secret");
	strcpy(bench->config.webhook_secrets.items[0].id, "next");
	bench->config.webhook_secrets.count = 1;
	bench->loop = loop_new();
	assert_non_null(bench->loop);
	assert_int_equal(
	    store_open(bench->loop, place->path, &bench->store, place->problem),
	    STATUS_OK);
	bench->tally = tally_new();
	assert_non_null(bench->tally);
	store_count_into(bench->store, bench->tally);
	bench->keeper = tally_keeper_new(
	    &bench->config, bench->loop, bench->store, bench->tally);
	assert_non_null(bench->keeper);
}

/* As a process ends. */
static void close_bench(struct bench *bench)
{
	tally_keeper_stop(bench->keeper);
	store_flush(bench->store);
	tally_keeper_free(bench->keeper);
	store_close(bench->store);
	tally_free(bench->tally);
	loop_free(bench->loop);
}

static void stop_bench(void *arg)
{
	const struct bench *bench = arg;

	loop_stop(bench->loop);
}

static void run_for(struct bench *bench, int64_t us)
{
	struct loop_timer timer;

	loop_timer_init(&timer, stop_bench, bench);
	loop_timer_set(bench->loop, &timer, clock_mono_us() + us);
	loop_run(bench->loop);
}

/* As if TALLY_KEEP_US were over. */
static void keep_now(struct bench *bench)
{
	loop_hurry(bench->loop);
	run_for(bench, 100 * CLOCK_MS);
}

/* What all have counted, 0 when nobody has. */
static int64_t kept(
    const struct place *place, const char *name, const char *label)
{
	char sql[200];

	snprintf(sql, sizeof sql,
	    "SELECT coalesce(sum(value), 0) FROM tally "
	    "WHERE name = '%s' AND label = '%s'",
	    name, label);
	return raw_int(place, sql);
}

/* --- in memory --- */

static void a_count_is_one_more_each_time(void **state)
{
	struct tally *tally = tally_new();

	(void)state;
	assert_non_null(tally);
	tally_count(tally, TALLY_UPSTREAM, HTTP_CXONE, TALLY_ANSWER_5XX);
	tally_count(tally, TALLY_UPSTREAM, HTTP_CXONE, TALLY_ANSWER_5XX);
	tally_count(tally, TALLY_UPSTREAM, HTTP_INVENTORY, TALLY_ANSWER_5XX);
	tally_add(tally, TALLY_COMMIT_US, 250);
	tally_add(tally, TALLY_COMMIT_US, 50);
	assert_int_equal(
	    tally_get(tally, TALLY_UPSTREAM, HTTP_CXONE, TALLY_ANSWER_5XX), 2);
	assert_int_equal(
	    tally_get(tally, TALLY_UPSTREAM, HTTP_INVENTORY, TALLY_ANSWER_5XX),
	    1);
	assert_int_equal(
	    tally_get(tally, TALLY_UPSTREAM, HTTP_CXONE, TALLY_ANSWER_4XX), 0);
	assert_int_equal(tally_get(tally, TALLY_COMMIT_US, 0, 0), 300);
	tally_free(tally);
}

static void without_a_tally_nothing_is_counted(void **state)
{
	(void)state;
	tally_count(NULL, TALLY_WEBHOOK, 0, TALLY_HTTP_200);
	tally_add(NULL, TALLY_COMMITS, 1);
	tally_free(NULL);
}

/* 5 ns are promised; ten times that are allowed to a busy machine, and the
 * sanitizers may take what they need. */
static void counting_costs_nanoseconds(void **state)
{
	struct tally *tally = tally_new();
	int64_t from_us = clock_mono_us();
	double ns;

	(void)state;
	assert_non_null(tally);
	for (int i = 0; i < MANY; i++)
		tally_count(tally, TALLY_WEBHOOK, 0, i & 7);
	ns = (double)(clock_mono_us() - from_us) * 1000 / MANY;
	print_message("a count costs %.2f ns\n", ns);
	assert_true(ns < 500);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	assert_true(ns < 50);
#endif
	tally_free(tally);
}

static void *count_commits(void *arg)
{
	for (int i = 0; i < MANY / 100; i++)
		tally_add(arg, TALLY_COMMITS, 1);
	return NULL;
}

static void another_thread_may_read_while_one_counts(void **state)
{
	struct tally *tally = tally_new();
	int64_t before = 0;
	int64_t now = 0;
	pthread_t thread;

	(void)state;
	assert_non_null(tally);
	assert_int_equal(
	    pthread_create(&thread, NULL, count_commits, tally), 0);
	while (now < MANY / 100) {
		now = tally_get(tally, TALLY_COMMITS, 0, 0);
		assert_true(now >= before);
		before = now;
		sched_yield();
	}
	pthread_join(thread, NULL);
	assert_int_equal(now, MANY / 100);
	tally_free(tally);
}

/* --- the words --- */

static void is_labelled(enum tally_name name, int who, int what, const char *is)
{
	struct config config = {.webhook_auth = WEBHOOK_AUTH_BEARER,
	    .webhook_secret = "secret",
	    .webhook_secrets = {.items = {{.id = "next"}}, .count = 1}};
	char label[TALLY_LABEL_BYTES];

	if (tally_label(&config, name, who, what, label))
		assert_string_equal(label, is);
	else
		assert_string_equal("", is);
}

static void each_count_has_its_words(void **state)
{
	(void)state;
	is_labelled(TALLY_WEBHOOK, 0, TALLY_HTTP_202, "202");
	is_labelled(TALLY_REFUSED, TALLY_DOOR_WEBHOOK, AUTH_TIMESTAMP_OLD,
	    "webhook timestamp_old");
	is_labelled(
	    TALLY_KEYS, TALLY_KEY_ACCEPTED, 0, "accepted WEBHOOK_SECRET");
	is_labelled(TALLY_KEYS, TALLY_KEY_NOT_VALID, 1, "not_valid next");
	is_labelled(TALLY_SHED, 0, TALLY_SHED_DISK, "disk");
	is_labelled(
	    TALLY_DUPLICATES, 0, TALLY_DUPLICATE_IN_FLIGHT, "in_flight");
	is_labelled(TALLY_UPSTREAM, HTTP_INVENTORY, TALLY_ANSWER_TIMEOUT,
	    "inventory timeout");
	is_labelled(TALLY_RETRIES, HTTP_CXONE, TALLY_RETRY_THROTTLED,
	    "cxone throttled");
	is_labelled(TALLY_TOKEN, 0, TALLY_TOKEN_REFUSED, "refused");
	is_labelled(
	    TALLY_BREAKER, HTTP_CXONE, CIRCUIT_HALF_OPEN, "cxone half_open");
	is_labelled(TALLY_CHECKPOINTS, 0, TALLY_CHECKPOINT_PARTIAL, "partial");
}

static void what_cannot_happen_has_no_words(void **state)
{
	(void)state;
	is_labelled(TALLY_WEBHOOK, 0, TALLY_HTTP_COUNT, "");
	is_labelled(TALLY_WEBHOOK, 1, TALLY_HTTP_200, "");
	is_labelled(TALLY_REFUSED, 0, AUTH_OK, "");
	is_labelled(TALLY_KEYS, TALLY_KEY_ACCEPTED, 2, "");
	is_labelled(TALLY_RETRIES, HTTP_INVENTORY, TALLY_RETRY_THROTTLED, "");
}

static void each_answer_of_ours_has_a_count(void **state)
{
	(void)state;
	assert_int_equal(tally_http(200), TALLY_HTTP_200);
	assert_int_equal(tally_http(413), TALLY_HTTP_413);
	assert_int_equal(tally_http(503), TALLY_HTTP_503);
	assert_int_equal(tally_http(418), TALLY_HTTP_OTHER);
}

/* --- the sums of all --- */

static void after_a_second_the_counts_are_in_the_table(void **state)
{
	struct place *place = *state;
	struct bench bench;

	open_bench(&bench, place);
	tally_count(
	    bench.tally, TALLY_REFUSED, TALLY_DOOR_WEBHOOK, AUTH_SECRET_WRONG);
	tally_count(
	    bench.tally, TALLY_REFUSED, TALLY_DOOR_WEBHOOK, AUTH_SECRET_WRONG);
	tally_count(bench.tally, TALLY_KEYS, TALLY_KEY_NOT_VALID, 1);
	run_for(&bench, TALLY_KEEP_US + 300 * CLOCK_MS);
	assert_int_equal(
	    kept(place, "auth_failures", "webhook secret_wrong"), 2);
	assert_int_equal(kept(place, "auth_key_requests", "not_valid next"), 1);
	tally_count(
	    bench.tally, TALLY_REFUSED, TALLY_DOOR_WEBHOOK, AUTH_SECRET_WRONG);
	close_bench(&bench);
	assert_int_equal(
	    kept(place, "auth_failures", "webhook secret_wrong"), 3);
}

/* A keeping commits, and is counted: that must not lead to the next. */
static void an_idle_process_writes_nothing(void **state)
{
	struct place *place = *state;
	struct bench bench;
	int64_t commits;

	open_bench(&bench, place);
	tally_count(bench.tally, TALLY_TOKEN, 0, TALLY_TOKEN_OK);
	keep_now(&bench);
	commits = tally_get(bench.tally, TALLY_COMMITS, 0, 0);
	assert_int_equal(commits, 1);
	keep_now(&bench);
	assert_int_equal(tally_get(bench.tally, TALLY_COMMITS, 0, 0), commits);
	close_bench(&bench);
	assert_int_equal(kept(place, "store_commits", ""), 1);
	assert_int_equal(kept(place, "store_gate_waits", ""), 1);
	assert_true(kept(place, "store_commit_us", "") > 0);
}

static void the_counts_of_all_processes_are_added(void **state)
{
	struct place *place = *state;
	struct bench one;
	struct bench two;

	open_bench(&one, place);
	open_bench(&two, place);
	for (int i = 0; i < 1000; i++) {
		tally_count(
		    one.tally, TALLY_UPSTREAM, HTTP_CXONE, TALLY_ANSWER_2XX);
		tally_count(
		    two.tally, TALLY_UPSTREAM, HTTP_CXONE, TALLY_ANSWER_2XX);
	}
	keep_now(&one);
	assert_int_equal(kept(place, "upstream_requests", "cxone 2xx"), 1000);
	close_bench(&two);
	assert_int_equal(kept(place, "upstream_requests", "cxone 2xx"), 2000);
	close_bench(&one);
	assert_int_equal(kept(place, "upstream_requests", "cxone 2xx"), 2000);
}

/* The table is away for the first try. */
static void what_could_not_be_kept_is_kept_later(void **state)
{
	struct place *place = *state;
	struct bench bench;
	sqlite3 *raw;

	open_bench(&bench, place);
	raw = raw_open(place);
	raw_run(raw, "ALTER TABLE tally RENAME TO away");
	tally_count(bench.tally, TALLY_DUPLICATES, 0, TALLY_DUPLICATE_ANSWERED);
	keep_now(&bench);
	raw_run(raw, "ALTER TABLE away RENAME TO tally");
	assert_int_equal(kept(place, "duplicates", "answered"), 0);
	tally_count(bench.tally, TALLY_DUPLICATES, 0, TALLY_DUPLICATE_ANSWERED);
	keep_now(&bench);
	assert_int_equal(kept(place, "duplicates", "answered"), 2);
	sqlite3_close(raw);
	close_bench(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_count_is_one_more_each_time),
	    cmocka_unit_test(without_a_tally_nothing_is_counted),
	    cmocka_unit_test(counting_costs_nanoseconds),
	    cmocka_unit_test(another_thread_may_read_while_one_counts),
	    cmocka_unit_test(each_count_has_its_words),
	    cmocka_unit_test(what_cannot_happen_has_no_words),
	    cmocka_unit_test(each_answer_of_ours_has_a_count),
	    WITH_PLACE(after_a_second_the_counts_are_in_the_table),
	    WITH_PLACE(an_idle_process_writes_nothing),
	    WITH_PLACE(the_counts_of_all_processes_are_added),
	    WITH_PLACE(what_could_not_be_kept_is_kept_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

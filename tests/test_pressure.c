/* test_pressure.c: each cap is reached, told, and left again */
#include "pressure.h"

#include "clock.h"
#include "db_place.h"
#include "outbox.h"

/* A store on a loop with the module on it; limits far from everything. */
struct bench {
	struct place *place;
	struct config config;
	struct loop *loop;
	struct store *store;
	struct pressure *pressure;
	struct pressure_wait wait;
	struct loop_timer limit;
	int woken;
};

static struct config wide_config(void)
{
	return (struct config){
	    .queue_max_rows = 1000,
	    .queue_max_bytes = 1000000,
	    .queue_max_age_s = 100,
	    .disk_min_bytes = 1000,
	};
}

static struct health_row light_row(void)
{
	return (struct health_row){
	    .disk_free_bytes = 1000000,
	    .queue = {.waiting = 10,
		.running = 5,
		.parked = 7,
		.bytes = 5000,
		.age_us = 2 * CLOCK_SECOND},
	};
}

static struct pressure_view judge(const struct health_row *row)
{
	struct config config = wide_config();

	return pressure_judge(&config, row);
}

/* --- what is judged, without a store --- */

static void below_its_caps_nothing_is_refused(void **state)
{
	struct health_row row = light_row();
	struct pressure_view view = judge(&row);

	(void)state;
	assert_int_equal(view.status, STATUS_OK);
	assert_int_equal(view.cap, PRESSURE_NONE);
	row.queue.waiting = 994;
	row.queue.bytes = 999999;
	row.queue.age_us = 100 * CLOCK_SECOND;
	row.disk_free_bytes = 1000;
	assert_int_equal(judge(&row).status, STATUS_OK);
}

static void is_over(const struct health_row *row, enum pressure_cap cap)
{
	struct pressure_view view = judge(row);

	if (view.status != STATUS_OVERLOADED || view.cap != cap)
		fail_msg("%s, over %s, not %s", status_name(view.status),
		    pressure_cap_name(view.cap), pressure_cap_name(cap));
	assert_in_range(view.retry_after_s, 1, 60);
}

static void each_cap_refuses(void **state)
{
	struct health_row row = light_row();

	(void)state;
	row.queue.waiting = 995;
	is_over(&row, PRESSURE_ROWS);
	row = light_row();
	row.queue.bytes = 1000000;
	is_over(&row, PRESSURE_BYTES);
	row = light_row();
	row.queue.age_us = 100 * CLOCK_SECOND + 1;
	is_over(&row, PRESSURE_AGE);
	row = light_row();
	row.disk_free_bytes = 999;
	is_over(&row, PRESSURE_DISK);
}

static void parked_rows_are_no_work_ahead_but_take_bytes(void **state)
{
	struct health_row row = light_row();

	(void)state;
	row.queue.parked = 100000;
	assert_int_equal(judge(&row).status, STATUS_OK);
	row.queue = (struct health_queue){.parked = 10, .bytes = 1000000};
	is_over(&row, PRESSURE_BYTES);
	assert_int_equal(judge(&row).retry_after_s, 60);
}

/* 1,000 rows in 20 s: 50 a second, so that a tenth needs 2 s. */
static void the_sender_is_told_when_a_tenth_will_be_free(void **state)
{
	struct health_row row = light_row();

	(void)state;
	row.queue.waiting = 995;
	row.queue.age_us = 20 * CLOCK_SECOND;
	assert_int_equal(judge(&row).retry_after_s, 3);
	row.queue.age_us = 90 * CLOCK_SECOND;
	assert_int_equal(judge(&row).retry_after_s, 10);
	row.queue.age_us = 0;
	assert_int_equal(judge(&row).retry_after_s, 1);
	row.queue.age_us = INT64_MAX / 2;
	assert_int_equal(judge(&row).retry_after_s, 60);
}

static void of_several_caps_the_longest_is_told(void **state)
{
	struct health_row row = light_row();

	(void)state;
	row.queue.waiting = 995;
	row.queue.age_us = 105 * CLOCK_SECOND;
	is_over(&row, PRESSURE_ROWS);
	assert_int_equal(judge(&row).retry_after_s, 11);
	row.disk_free_bytes = 0;
	is_over(&row, PRESSURE_DISK);
	assert_int_equal(judge(&row).retry_after_s, 60);
}

/* --- what is counted --- */

static void put(struct place *place, const char *id, const char *body)
{
	struct db *db = must_open(place, DB_SERVE);
	struct outbox_item item = {.accepted_us = clock_wall_us()};
	char copy[64];

	snprintf(item.interaction_id, sizeof item.interaction_id, "%s", id);
	snprintf(copy, sizeof copy, "%s", body);
	item.body = copy;
	assert_int_equal(db_begin(db, false), STATUS_OK);
	assert_int_equal(outbox_put(db, &item, item.accepted_us), STATUS_OK);
	assert_int_equal(db_commit(db), STATUS_OK);
	db_close(db);
}

#define COUNTED                                                                \
	"SELECT (waiting, running, parked, bytes) = (SELECT "                  \
	"count(*) FILTER (WHERE state = 'waiting'), "                          \
	"count(*) FILTER (WHERE state = 'running'), "                          \
	"count(*) FILTER (WHERE state = 'parked'), "                           \
	"coalesce(sum(length(CAST(body AS BLOB))), 0) FROM outbox) "           \
	"FROM outbox_size"

static void change(struct place *place, const char *sql)
{
	sqlite3 *raw = raw_open(place);

	raw_run(raw, sql);
	sqlite3_close(raw);
	if (raw_int(place, COUNTED) != 1)
		fail_msg("miscounted after: %s", sql);
}

static void whatever_changes_the_outbox_is_counted(void **state)
{
	struct place *place = *state;
	int i;

	for (i = 0; i < 9; i++) {
		char id[16];

		snprintf(id, sizeof id, "i%d", i);
		put(place, id, "h\xc3\xa9llo");
	}
	assert_int_equal(raw_int(place, COUNTED), 1);
	assert_int_equal(
	    raw_int(place, "SELECT waiting + bytes FROM outbox_size"), 63);
	change(place, "UPDATE outbox SET state = 'running' WHERE id < 5");
	change(place, "UPDATE outbox SET state = 'parked' WHERE id = 1");
	change(place, "UPDATE outbox SET state = 'waiting' WHERE id IN (1, 2)");
	change(place, "UPDATE outbox SET state = 'waiting'");
	change(place, "DELETE FROM outbox WHERE id % 2");
	change(place, "BEGIN; DELETE FROM outbox; ROLLBACK");
	change(place, "DELETE FROM outbox");
}

static void a_queue_from_before_is_counted_once(void **state)
{
	struct place *place = *state;

	put(place, "a", "12345");
	put(place, "b", "123");
	change(place, "UPDATE outbox SET state = 'parked' WHERE id = 1");
	{
		sqlite3 *raw = raw_open(place);

		raw_run(raw, "DROP TRIGGER outbox_came;"
			     "DROP TRIGGER outbox_moved;"
			     "DROP TRIGGER outbox_went;"
			     "DROP TABLE outbox_size;"
			     "DROP INDEX outbox_oldest");
		raw_run(raw, sql_text[SQL_schema_8_size]);
		sqlite3_close(raw);
	}
	assert_int_equal(raw_int(place, COUNTED), 1);
	assert_int_equal(
	    raw_int(place, "SELECT bytes + 10 * parked FROM outbox_size"), 18);
}

/* --- looks --- */

static void took_too_long(void *arg)
{
	(void)arg;
	fail_msg("no look ended in time");
}

static void open_bench(struct bench *bench, struct place *place)
{
	*bench = (struct bench){.place = place, .config = wide_config()};
	strcpy(bench->config.db, place->path);
	strcpy(bench->config.cxone_base_url, "http://cxone");
	strcpy(bench->config.cxone_client_id, "us");
	bench->loop = loop_new();
	assert_non_null(bench->loop);
	assert_int_equal(
	    store_open(bench->loop, place->path, &bench->store, place->problem),
	    STATUS_OK);
	bench->pressure = pressure_new(
	    &bench->config, bench->store, "http://cxone/oauth/token");
	assert_non_null(bench->pressure);
	loop_timer_init(&bench->limit, took_too_long, NULL);
}

static void close_bench(struct bench *bench)
{
	store_flush(bench->store);
	store_close(bench->store);
	pressure_free(bench->pressure);
	loop_timer_stop(bench->loop, &bench->limit);
	loop_free(bench->loop);
}

static void woke(void *arg)
{
	struct bench *bench = arg;

	bench->woken++;
	loop_stop(bench->loop);
}

static void wait_for_look(struct bench *bench)
{
	bench->wait = (struct pressure_wait){.done = woke, .arg = bench};
	pressure_wait(bench->pressure, &bench->wait);
	loop_timer_set(
	    bench->loop, &bench->limit, clock_mono_us() + 20 * CLOCK_SECOND);
	loop_run(bench->loop);
	loop_timer_stop(bench->loop, &bench->limit);
}

static int64_t looked_us(struct bench *bench)
{
	store_flush(bench->store);
	return raw_int(bench->place, "SELECT looked_us FROM outbox_size");
}

static void who_asks_first_must_wait_for_a_look(void **state)
{
	struct pressure_view view;
	struct bench bench;

	open_bench(&bench, *state);
	assert_int_equal(pressure_newest(bench.pressure).at_us, 0);
	assert_false(pressure_ask(bench.pressure, &view));
	wait_for_look(&bench);
	assert_int_equal(bench.woken, 1);
	assert_true(pressure_ask(bench.pressure, &view));
	assert_int_equal(view.status, STATUS_OK);
	close_bench(&bench);
}

static void a_thousand_questions_cost_one_look_a_second(void **state)
{
	struct pressure_view view;
	struct bench bench;
	int64_t first_us;
	int i;

	open_bench(&bench, *state);
	wait_for_look(&bench);
	first_us = looked_us(&bench);
	for (i = 0; i < 1000; i++)
		assert_true(pressure_ask(bench.pressure, &view));
	assert_int_equal(looked_us(&bench), first_us);
	usleep(PRESSURE_FRESH_US + 10000);
	/* Still answered from the old look, while a new one is under way. */
	assert_true(pressure_ask(bench.pressure, &view));
	assert_true(looked_us(&bench) > first_us);
	close_bench(&bench);
}

static void a_full_queue_is_seen_and_its_end_as_well(void **state)
{
	struct pressure_view view;
	struct bench bench;

	open_bench(&bench, *state);
	bench.config.queue_max_rows = 2;
	put(bench.place, "a", "{}");
	put(bench.place, "b", "{}");
	wait_for_look(&bench);
	assert_true(pressure_ask(bench.pressure, &view));
	assert_int_equal(view.status, STATUS_OVERLOADED);
	assert_int_equal(view.cap, PRESSURE_ROWS);
	change(bench.place, "DELETE FROM outbox");
	wait_for_look(&bench);
	assert_true(pressure_ask(bench.pressure, &view));
	assert_int_equal(view.status, STATUS_OK);
	assert_int_equal(view.cap, PRESSURE_NONE);
	close_bench(&bench);
}

static void the_oldest_event_gives_the_age_whatever_its_state(void **state)
{
	struct bench bench;
	struct pressure_look look;

	open_bench(&bench, *state);
	put(bench.place, "a", "{}");
	put(bench.place, "b", "{}");
	change(bench.place, "UPDATE outbox SET accepted_us = accepted_us - "
			    "50000000, state = 'running' WHERE id = 1");
	wait_for_look(&bench);
	look = pressure_newest(bench.pressure);
	assert_in_range(
	    look.row->queue.age_us, 50 * CLOCK_SECOND, 60 * CLOCK_SECOND);
	change(bench.place, "UPDATE outbox SET state = 'parked' WHERE id = 1");
	wait_for_look(&bench);
	look = pressure_newest(bench.pressure);
	assert_in_range(look.row->queue.age_us, 0, 10 * CLOCK_SECOND);
	assert_true(look.row->disk_free_bytes > 0);
	close_bench(&bench);
}

static void a_store_that_fails_refuses_until_it_is_back(void **state)
{
	struct pressure_view view;
	struct bench bench;
	int64_t from_us;
	pid_t holder;

	open_bench(&bench, *state);
	wait_for_look(&bench);
	holder = hold_gate(bench.place);
	wait_for_look(&bench);
	assert_true(pressure_ask(bench.pressure, &view));
	assert_int_equal(view.status, STATUS_STORE_BUSY);
	assert_in_range(view.retry_after_s, 1, 60);
	/* The first has waited in vain; the next need not wait as long. */
	from_us = clock_mono_us();
	wait_for_look(&bench);
	assert_in_range(clock_mono_us() - from_us, 0, 2 * CLOCK_SECOND);
	kill_child(holder);
	wait_for_look(&bench);
	assert_true(pressure_ask(bench.pressure, &view));
	assert_int_equal(view.status, STATUS_OK);
	close_bench(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(below_its_caps_nothing_is_refused),
	    cmocka_unit_test(each_cap_refuses),
	    cmocka_unit_test(parked_rows_are_no_work_ahead_but_take_bytes),
	    cmocka_unit_test(the_sender_is_told_when_a_tenth_will_be_free),
	    cmocka_unit_test(of_several_caps_the_longest_is_told),
	    WITH_PLACE(whatever_changes_the_outbox_is_counted),
	    WITH_PLACE(a_queue_from_before_is_counted_once),
	    WITH_PLACE(who_asks_first_must_wait_for_a_look),
	    WITH_PLACE(a_thousand_questions_cost_one_look_a_second),
	    WITH_PLACE(a_full_queue_is_seen_and_its_end_as_well),
	    WITH_PLACE(the_oldest_event_gives_the_age_whatever_its_state),
	    WITH_PLACE(a_store_that_fails_refuses_until_it_is_back),
	};

	return cmocka_run_group_tests_name("pressure", tests, NULL, NULL);
}

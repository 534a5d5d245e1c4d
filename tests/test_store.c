/* test_store.c: group commits through store.h, on real files */
#include "store.h"

#include <pthread.h>
#include <sys/resource.h>

#include "clock.h"
#include "db_place.h"
#include "log.h"
#include "record.h"

#define PROCESSES 8
#define ROWS_EACH 2000
#define MANY      1000

/* A store on a loop, and what its callbacks saw. */
struct bench {
	struct place *place;
	struct loop *loop;
	struct store *store;
	struct loop_timer limit;
	int to_come; /* the loop stops when it gets to 0 */
	int begun;
	int ended[STATUS_COUNT];
	int groups;  /* how often the rider was called */
	int seen;    /* by the rider's body */
	int known;   /* what its done copied */
	int missing; /* dones that came before their rider's */
};

/* One job that adds a row, or fails. */
struct work {
	struct bench *bench;
	struct store_job job;
	enum status gives;
	int runs;
	int rows_by_then; /* when done is called */
};

static void took_too_long(void *arg)
{
	(void)arg;
	fail_msg("the store did not answer in time");
}

static void open_bench(struct bench *bench, struct place *place)
{
	enum status status;

	*bench = (struct bench){.place = place};
	bench->loop = loop_new();
	assert_non_null(bench->loop);
	status =
	    store_open(bench->loop, place->path, &bench->store, place->problem);
	if (status != STATUS_OK)
		fail_msg("%s", place->problem);
	loop_timer_init(&bench->limit, took_too_long, bench);
}

static void close_bench(struct bench *bench)
{
	store_close(bench->store);
	loop_free(bench->loop);
}

static void run_bench(struct bench *bench, int to_come)
{
	bench->to_come = to_come;
	loop_timer_set(
	    bench->loop, &bench->limit, clock_mono_us() + 60 * CLOCK_SECOND);
	loop_run(bench->loop);
	loop_timer_stop(bench->loop, &bench->limit);
}

static enum status do_work(struct db *db, void *arg)
{
	struct work *work = arg;

	work->runs++;
	if (add_row(db, "a") != STATUS_OK)
		return STATUS_STORE_UNAVAILABLE;
	return work->gives;
}

static void did_work(void *arg, enum status status)
{
	struct work *work = arg;
	struct bench *bench = work->bench;

	bench->ended[status]++;
	if (--bench->to_come == 0)
		loop_stop(bench->loop);
}

static void submit(struct bench *bench, struct work *work, enum store_lane lane)
{
	work->bench = bench;
	work->job = (struct store_job){
	    .lane = lane,
	    .body = do_work,
	    .done = did_work,
	    .arg = work,
	};
	store_submit(bench->store, &work->job);
}

static int64_t rows(struct place *place)
{
	return raw_int(place, "SELECT count(*) FROM decision");
}

static enum status look(struct db *db, void *arg)
{
	struct bench *bench = arg;

	bench->seen = (int)count_rows(db);
	return STATUS_OK;
}

static void looked(void *arg, enum status status)
{
	struct bench *bench = arg;

	assert_int_equal(status, STATUS_OK);
	bench->groups++;
	bench->known = bench->seen;
}

static void waiting_jobs_are_committed_in_groups(void **state)
{
	static struct work works[MANY];
	struct bench bench;
	struct store_job rider;

	open_bench(&bench, *state);
	rider = (struct store_job){.body = look, .done = looked, .arg = &bench};
	store_ride(bench.store, &rider);
	for (int i = 0; i < MANY; i++)
		submit(&bench, &works[i], STORE_RECORD);
	assert_int_equal(bench.ended[STATUS_OK], 0);
	run_bench(&bench, MANY);
	assert_int_equal(bench.ended[STATUS_OK], MANY);
	assert_in_range(bench.groups, MANY / STORE_BATCH_MAX, MANY / 20);
	assert_int_equal(bench.known, MANY);
	close_bench(&bench);
	assert_int_equal(rows(*state), MANY);
}

static void stop_loop(void *arg)
{
	loop_stop(arg);
}

/* What was submitted is the thread's from then on. */
static void run_a_turn(struct bench *bench)
{
	struct loop_timer timer;

	loop_timer_init(&timer, stop_loop, bench->loop);
	loop_timer_set(bench->loop, &timer, clock_mono_us() + 50 * CLOCK_MS);
	loop_run(bench->loop);
}

/* While the first waits for the gate others come; gives how many groups. */
static int groups_of(
    struct place *place, enum store_lane lane, struct work works[3])
{
	struct bench bench;
	struct store_job rider;
	pid_t holder;

	open_bench(&bench, place);
	rider = (struct store_job){.body = look, .done = looked, .arg = &bench};
	store_ride(bench.store, &rider);
	holder = hold_gate(place);
	submit(&bench, &works[0], STORE_RECORD);
	run_a_turn(&bench);
	submit(&bench, &works[1], STORE_RECORD);
	submit(&bench, &works[2], lane);
	run_a_turn(&bench);
	kill_child(holder);
	run_bench(&bench, 3);
	assert_int_equal(bench.ended[STATUS_OK], 3);
	close_bench(&bench);
	return bench.groups;
}

static void what_comes_meanwhile_joins_the_group(void **state)
{
	struct work works[3] = {{.runs = 0}};

	assert_int_equal(groups_of(*state, STORE_RECORD, works), 1);
	assert_int_equal(rows(*state), 3);
}

/* Its commit would not be on disk. */
static void a_durable_one_joins_none_that_is_not(void **state)
{
	struct work works[3] = {{.runs = 0}};

	assert_int_equal(groups_of(*state, STORE_DURABLE, works), 2);
	assert_int_equal(rows(*state), 3);
}

static void did_after_rider(void *arg, enum status status)
{
	struct work *work = arg;

	if (work->bench->known < work->rows_by_then)
		work->bench->missing++;
	did_work(arg, status);
}

static enum status do_row(struct db *db, void *arg)
{
	(void)arg;
	return add_row(db, "a");
}

static void a_rider_comes_home_before_its_groups_jobs(void **state)
{
	static struct work works[200];
	struct bench bench;
	struct store_job rider;

	open_bench(&bench, *state);
	rider = (struct store_job){.body = look, .done = looked, .arg = &bench};
	store_ride(bench.store, &rider);
	for (int i = 0; i < 200; i++) {
		works[i] =
		    (struct work){.bench = &bench, .rows_by_then = i + 1};
		works[i].job = (struct store_job){
		    .body = do_row, .done = did_after_rider, .arg = &works[i]};
		store_submit(bench.store, &works[i].job);
		if (i % 7 == 0)
			usleep(200);
	}
	run_bench(&bench, 200);
	assert_int_equal(bench.missing, 0);
	assert_int_equal(bench.ended[STATUS_OK], 200);
	close_bench(&bench);
}

static void a_failing_body_is_undone_alone(void **state)
{
	static struct work works[MANY];
	struct bench bench;

	memset(works, 0, sizeof works);
	open_bench(&bench, *state);
	works[3].gives = STATUS_FIELD_INVALID;
	works[500].gives = STATUS_FIELD_INVALID;
	for (int i = 0; i < MANY; i++)
		submit(&bench, &works[i],
		    i % 100 == 0 ? STORE_DURABLE : STORE_RECORD);
	run_bench(&bench, MANY);
	assert_int_equal(bench.ended[STATUS_OK], MANY - 2);
	assert_int_equal(bench.ended[STATUS_FIELD_INVALID], 2);
	assert_int_equal(works[3].job.status, STATUS_FIELD_INVALID);
	assert_int_equal(works[3].runs, 1);
	close_bench(&bench);
	assert_int_equal(rows(*state), MANY - 2);
}

/* As when a worker that hung comes back with all it had in hand. */
static void many_failing_bodies_take_no_other_with_them(void **state)
{
	static struct work works[100];
	struct bench bench;

	memset(works, 0, sizeof works);
	open_bench(&bench, *state);
	for (int i = 0; i < 100; i++) {
		works[i].gives = i % 3 == 0 ? STATUS_STALE : STATUS_OK;
		submit(&bench, &works[i], STORE_RECORD);
	}
	run_bench(&bench, 100);
	assert_int_equal(bench.ended[STATUS_STALE], 34);
	assert_int_equal(bench.ended[STATUS_OK], 66);
	close_bench(&bench);
	assert_int_equal(rows(*state), 66);
}

static void too_many_waiting_jobs_are_refused_later_from_the_loop(void **state)
{
	static struct work works[STORE_WAITING_MAX + 300];
	int count = (int)(sizeof works / sizeof *works);
	struct bench bench;
	pid_t holder;

	memset(works, 0, sizeof works);
	open_bench(&bench, *state);
	holder = hold_gate(*state);
	for (int i = 0; i < count; i++)
		submit(&bench, &works[i], STORE_RECORD);
	assert_int_equal(bench.ended[STATUS_STORE_BUSY], 0);
	kill_child(holder);
	run_bench(&bench, count);
	assert_in_range(
	    bench.ended[STATUS_STORE_BUSY], 300 - STORE_BATCH_MAX, 300);
	assert_int_equal(
	    bench.ended[STATUS_OK] + bench.ended[STATUS_STORE_BUSY], count);
	close_bench(&bench);
	assert_int_equal(rows(*state), bench.ended[STATUS_OK]);
}

/* The thread has all signals blocked but the one that ends the waiting. */
static void run_one(
    struct bench *bench, struct work *work, enum status expected)
{
	int before = bench->ended[expected];

	*work = (struct work){.runs = 0};
	submit(bench, work, STORE_DURABLE);
	run_bench(bench, 1);
	assert_int_equal(bench->ended[expected], before + 1);
}

static void of_a_stuck_gate_only_the_first_job_waits_for_long(void **state)
{
	struct work work;
	struct bench bench;
	int64_t from_us;
	int64_t then_us;
	pid_t holder;

	open_bench(&bench, *state);
	holder = hold_gate(*state);
	from_us = clock_mono_us();
	run_one(&bench, &work, STATUS_STORE_BUSY);
	then_us = clock_mono_us();
	assert_in_range(then_us - from_us, CLOCK_SECOND, 4 * CLOCK_SECOND);
	run_one(&bench, &work, STATUS_STORE_BUSY);
	assert_in_range(clock_mono_us() - then_us, 0, CLOCK_SECOND);
	kill_child(holder);
	run_one(&bench, &work, STATUS_OK);
	close_bench(&bench);
	assert_int_equal(rows(*state), 1);
}

static void take_file_away(const struct place *place)
{
	char command[400];

	snprintf(command, sizeof command,
	    "mkdir -p %s/away && mv %s %s-* %s/away", place->dir, place->path,
	    place->path, place->dir);
	assert_int_equal(system(command), 0);
}

static void a_file_that_was_taken_away_is_begun_anew(void **state)
{
	struct work work;
	struct bench bench;

	open_bench(&bench, *state);
	run_one(&bench, &work, STATUS_OK);
	take_file_away(*state);
	run_one(&bench, &work, STATUS_OK);
	close_bench(&bench);
	assert_int_equal(rows(*state), 1);
	is_sound(*state);
}

static void a_damaged_file_fails_jobs_until_it_is_replaced(void **state)
{
	struct work work;
	struct bench bench;
	sqlite3 *raw;

	open_bench(&bench, *state);
	raw = raw_open(*state);
	raw_run(raw, "DROP TABLE decision");
	sqlite3_close(raw);
	run_one(&bench, &work, STATUS_STORE_UNAVAILABLE);
	run_one(&bench, &work, STATUS_STORE_UNAVAILABLE);
	take_file_away(*state);
	/* It was opened again just now; so soon it is not once more. */
	run_one(&bench, &work, STATUS_STORE_UNAVAILABLE);
	usleep(1100000);
	run_one(&bench, &work, STATUS_OK);
	close_bench(&bench);
	assert_int_equal(rows(*state), 1);
}

static void did_and_submits(void *arg, enum status status)
{
	struct work *work = arg;

	did_work(arg, status);
	if (work->bench->begun++ < 10)
		store_submit(work->bench->store, &work->job);
}

static void a_flush_waits_for_all_also_what_dones_submit(void **state)
{
	struct work works[50] = {{0}};
	struct bench bench;
	struct store_job rider;

	open_bench(&bench, *state);
	rider = (struct store_job){.body = look, .done = looked, .arg = &bench};
	store_ride(bench.store, &rider);
	store_flush(bench.store);
	for (int i = 0; i < 50; i++) {
		works[i].bench = &bench;
		works[i].job = (struct store_job){
		    .body = do_work, .done = did_and_submits, .arg = &works[i]};
		store_submit(bench.store, &works[i].job);
	}
	bench.to_come = 1000;
	store_flush(bench.store);
	assert_int_equal(bench.ended[STATUS_OK], 60);
	assert_int_equal(rows(*state), 60);
	close_bench(&bench);
}

static void closing_commits_what_was_submitted_without_calling(void **state)
{
	static struct work works[MANY];
	struct bench bench;

	memset(works, 0, sizeof works);
	open_bench(&bench, *state);
	for (int i = 0; i < MANY; i++)
		submit(&bench, &works[i], STORE_RECORD);
	close_bench(&bench);
	assert_int_equal(bench.ended[STATUS_OK], 0);
	assert_int_equal(rows(*state), MANY);
}

static void a_store_that_cannot_open_says_why(void **state)
{
	struct place *place = *state;
	struct loop *loop = loop_new();
	struct store *store = NULL;
	sqlite3 *raw;

	db_close(must_open(place, DB_SERVE));
	raw = raw_open(place);
	raw_run(raw, "PRAGMA user_version = 99");
	sqlite3_close(raw);
	assert_int_equal(store_open(loop, place->path, &store, place->problem),
	    STATUS_STORE_NEWER);
	assert_null(store);
	assert_non_null(strstr(place->problem, "newer"));
	store_close(NULL);
	loop_free(loop);
}

/* Keeps 50 rows on their way until count are committed; prints each id. */
static int write_rows(struct place *place, int count, int ledger)
{
	struct work works[50] = {{0}};
	struct bench bench;

	alarm(120);
	open_bench(&bench, place);
	for (int done = 0; done < count; done += 50) {
		for (int i = 0; i < 50; i++)
			submit(&bench, &works[i], STORE_RECORD);
		run_bench(&bench, 50);
		if (bench.ended[STATUS_OK] != done + 50)
			return 1;
		if (ledger >= 0 && write(ledger, "x", 1) != 1)
			return 2;
	}
	close_bench(&bench);
	return 0;
}

static void several_processes_write_at_once_and_lose_nothing(void **state)
{
	pid_t children[PROCESSES];

	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			_exit(write_rows(*state, ROWS_EACH, -1));
	}
	for (int i = 0; i < PROCESSES; i++)
		ends_well(children[i]);
	assert_int_equal(rows(*state), PROCESSES * ROWS_EACH);
	is_sound(*state);
}

/* What a killed process told as committed is there; groups are whole. */
static void a_writer_killed_at_work_leaves_what_it_committed(void **state)
{
	int64_t before = 0;

	for (int round = 0; round < 5; round++) {
		char marks[4096];
		int64_t told = 50;
		int ledger[2];
		ssize_t got;
		pid_t child;

		assert_int_equal(pipe(ledger), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0)
			_exit(write_rows(*state, 1000000, ledger[1]));
		close(ledger[1]);
		/* It is at work from the first mark on. */
		assert_int_equal(read(ledger[0], marks, 1), 1);
		usleep((useconds_t)(round * 17000));
		kill_child(child);
		while ((got = read(ledger[0], marks, sizeof marks)) > 0)
			told += got * 50;
		close(ledger[0]);
		assert_in_range(rows(*state) - before, told, told + 50);
		before = rows(*state);
		is_sound(*state);
	}
	assert_true(before > 0);
}

static void note_thread(void *arg)
{
	pthread_t *thread = arg;

	*thread = pthread_self();
}

/* The first with a job in the thread's hands or just behind it. */
static void a_chore_is_done_by_the_stores_thread(void **state)
{
	struct bench bench;
	struct work work = {.gives = STATUS_OK};
	pthread_t first = pthread_self();
	pthread_t second = pthread_self();

	open_bench(&bench, *state);
	submit(&bench, &work, STORE_RECORD);
	store_do(bench.store, note_thread, &first);
	run_bench(&bench, 1);
	store_do(bench.store, note_thread, &second);
	assert_false(pthread_equal(first, pthread_self()));
	assert_true(pthread_equal(first, second));
	assert_int_equal(bench.ended[STATUS_OK], 1);
	close_bench(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(waiting_jobs_are_committed_in_groups),
	    WITH_PLACE(what_comes_meanwhile_joins_the_group),
	    WITH_PLACE(a_durable_one_joins_none_that_is_not),
	    WITH_PLACE(a_rider_comes_home_before_its_groups_jobs),
	    WITH_PLACE(a_failing_body_is_undone_alone),
	    WITH_PLACE(many_failing_bodies_take_no_other_with_them),
	    WITH_PLACE(too_many_waiting_jobs_are_refused_later_from_the_loop),
	    WITH_PLACE(of_a_stuck_gate_only_the_first_job_waits_for_long),
	    WITH_PLACE(a_file_that_was_taken_away_is_begun_anew),
	    WITH_PLACE(a_damaged_file_fails_jobs_until_it_is_replaced),
	    WITH_PLACE(a_flush_waits_for_all_also_what_dones_submit),
	    WITH_PLACE(closing_commits_what_was_submitted_without_calling),
	    WITH_PLACE(a_store_that_cannot_open_says_why),
	    WITH_PLACE(several_processes_write_at_once_and_lose_nothing),
	    WITH_PLACE(a_writer_killed_at_work_leaves_what_it_committed),
	    WITH_PLACE(a_chore_is_done_by_the_stores_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

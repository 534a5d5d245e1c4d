/* test_reader.c: questions beside the commits through reader.h */
#include "reader.h"

#include <pthread.h>

#include "clock.h"
#include "db_place.h"
#include "log.h"

#define QUESTIONS_MAX (READER_WAITING_MAX + 4)

/* A reader on a loop, and what its callbacks saw. */
struct bench {
	struct place *place;
	struct db *writer;
	struct loop *loop;
	struct reader *reader;
	struct loop_timer limit;
	int to_come; /* the loop stops when it gets to 0 */
	int ended[STATUS_COUNT];
	pthread_t loop_thread;
	pthread_mutex_t gate; /* held: questions that wait for it stand */
};

struct question {
	struct bench *bench;
	struct reader_job job;
	enum status gives;
	bool waits; /* for the gate */
	int runs;
	int64_t rows;
	int number; /* in the order of the dones */
};

static void took_too_long(void *arg)
{
	(void)arg;
	fail_msg("the reader did not answer in time");
}

static int open_bench(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	assert_non_null(bench);
	assert_int_equal(make_place((void **)&bench->place), 0);
	log_set_level(LOG_ERROR);
	bench->writer = must_open(bench->place, DB_SERVE);
	bench->loop = loop_new();
	bench->reader = reader_open(bench->loop, bench->place->path);
	assert_non_null(bench->reader);
	bench->loop_thread = pthread_self();
	pthread_mutex_init(&bench->gate, NULL);
	loop_timer_init(&bench->limit, took_too_long, bench);
	*state = bench;
	return 0;
}

static int close_bench(void **state)
{
	struct bench *bench = *state;

	reader_close(bench->reader);
	db_close(bench->writer);
	loop_free(bench->loop);
	pthread_mutex_destroy(&bench->gate);
	remove_place((void **)&bench->place);
	free(bench);
	return 0;
}

static void run_bench(struct bench *bench, int to_come)
{
	bench->to_come = to_come;
	loop_timer_set(
	    bench->loop, &bench->limit, clock_mono_us() + 20 * CLOCK_SECOND);
	loop_run(bench->loop);
	loop_timer_stop(bench->loop, &bench->limit);
}

static enum status count(struct db *db, void *arg)
{
	struct question *question = arg;
	struct bench *bench = question->bench;

	assert_false(pthread_equal(pthread_self(), bench->loop_thread));
	question->runs++;
	question->rows = count_rows(db);
	if (question->waits) {
		pthread_mutex_lock(&bench->gate);
		pthread_mutex_unlock(&bench->gate);
	}
	/* One view: what was committed meanwhile is not in it. */
	assert_int_equal(count_rows(db), question->rows);
	return question->gives;
}

static void answered(void *arg, enum status status)
{
	struct question *question = arg;
	struct bench *bench = question->bench;

	assert_true(pthread_equal(pthread_self(), bench->loop_thread));
	assert_int_equal(question->number, 0);
	for (int i = 0; i < STATUS_COUNT; i++)
		question->number += bench->ended[i];
	question->number++;
	bench->ended[status]++;
	if (--bench->to_come == 0)
		loop_stop(bench->loop);
}

static void ask(struct bench *bench, struct question *question)
{
	question->bench = bench;
	question->job = (struct reader_job){
	    .body = count, .done = answered, .arg = question};
	reader_ask(bench->reader, &question->job);
}

static void commit_row(struct bench *bench)
{
	assert_int_equal(db_begin(bench->writer, false), STATUS_OK);
	assert_int_equal(add_row(bench->writer, "a"), STATUS_OK);
	assert_int_equal(db_commit(bench->writer), STATUS_OK);
}

static void a_question_is_answered_from_the_loop(void **state)
{
	struct bench *bench = *state;
	struct question question = {.gives = STATUS_OK};

	commit_row(bench);
	ask(bench, &question);
	assert_int_equal(bench->ended[STATUS_OK], 0);
	run_bench(bench, 1);
	assert_int_equal(bench->ended[STATUS_OK], 1);
	assert_int_equal(question.rows, 1);
}

static void a_body_tells_its_own_status(void **state)
{
	struct bench *bench = *state;
	struct question question = {.gives = STATUS_PATH_UNKNOWN};

	ask(bench, &question);
	run_bench(bench, 1);
	assert_int_equal(bench->ended[STATUS_PATH_UNKNOWN], 1);
}

static void questions_are_answered_in_their_order(void **state)
{
	struct bench *bench = *state;
	struct question questions[5] = {{.gives = STATUS_OK}};

	for (int i = 0; i < 5; i++)
		ask(bench, &questions[i]);
	run_bench(bench, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(questions[i].number, i + 1);
}

static void a_question_that_takes_long_holds_up_no_commit(void **state)
{
	struct bench *bench = *state;
	struct question slow = {.gives = STATUS_OK, .waits = true};
	struct question next = {.gives = STATUS_OK};

	pthread_mutex_lock(&bench->gate);
	ask(bench, &slow);
	for (int i = 0; i < 20; i++)
		commit_row(bench);
	pthread_mutex_unlock(&bench->gate);
	ask(bench, &next);
	run_bench(bench, 2);
	assert_true(slow.rows <= 20);
	assert_int_equal(next.rows, 20);
}

static void more_than_may_wait_are_refused_from_the_loop(void **state)
{
	struct bench *bench = *state;
	struct question questions[QUESTIONS_MAX] = {
	    {.gives = STATUS_OK, .waits = true}};

	pthread_mutex_lock(&bench->gate);
	for (int i = 0; i < QUESTIONS_MAX; i++)
		ask(bench, &questions[i]);
	assert_int_equal(bench->ended[STATUS_OVERLOADED], 0);
	run_bench(bench, QUESTIONS_MAX - READER_WAITING_MAX);
	assert_int_equal(bench->ended[STATUS_OVERLOADED],
	    QUESTIONS_MAX - READER_WAITING_MAX);
	pthread_mutex_unlock(&bench->gate);
	run_bench(bench, READER_WAITING_MAX);
	assert_int_equal(bench->ended[STATUS_OK], READER_WAITING_MAX);
	assert_int_equal(questions[QUESTIONS_MAX - 1].runs, 0);
}

static enum status try_to_write(struct db *db, void *arg)
{
	(void)arg;
	return add_row(db, "a");
}

static void nothing_can_be_written(void **state)
{
	struct bench *bench = *state;
	struct question question = {.bench = bench};

	question.job = (struct reader_job){
	    .body = try_to_write, .done = answered, .arg = &question};
	reader_ask(bench->reader, &question.job);
	run_bench(bench, 1);
	assert_int_equal(bench->ended[STATUS_OK], 0);
	assert_int_equal(count_rows(bench->writer), 0);
}

static void a_file_that_was_replaced_is_opened_again(void **state)
{
	struct bench *bench = *state;
	struct question before = {.gives = STATUS_OK};
	struct question without = {.gives = STATUS_OK};
	struct question after = {.gives = STATUS_OK};
	char away[128];

	commit_row(bench);
	ask(bench, &before);
	run_bench(bench, 1);
	db_close(bench->writer);
	snprintf(away, sizeof away, "%s-away", bench->place->path);
	assert_int_equal(rename(bench->place->path, away), 0);
	ask(bench, &without);
	run_bench(bench, 1);
	assert_int_equal(bench->ended[STATUS_STORE_UNAVAILABLE], 1);
	assert_int_equal(without.runs, 0);
	bench->writer = must_open(bench->place, DB_SERVE);
	ask(bench, &after);
	run_bench(bench, 1);
	assert_int_equal(after.runs, 1);
	assert_int_equal(after.rows, 0);
}

static void closing_answers_all_that_wait(void **state)
{
	struct bench *bench = *state;
	struct question questions[3] = {{.gives = STATUS_OK}};

	for (int i = 0; i < 3; i++)
		ask(bench, &questions[i]);
	reader_close(bench->reader);
	bench->reader = NULL;
	assert_int_equal(
	    bench->ended[STATUS_OK] + bench->ended[STATUS_STOPPING], 3);
}

/* Reads on and on, as a report over all of a large file on a slow disk. */
static enum status read_for_long(struct db *db, void *arg)
{
	struct question *question = arg;
	int64_t end_us = clock_mono_us() + 5 * CLOCK_SECOND;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && clock_mono_us() < end_us) {
		struct db_row *row = db_use(db, SQL_page_last);

		while (db_next(row))
			question->rows++;
		status = db_done(row);
	}
	return status;
}

static void stopping_cuts_a_question_that_takes_long(void **state)
{
	struct bench *bench = *state;
	struct question slow = {.bench = bench};
	struct question next = {.gives = STATUS_OK};
	int64_t begun_us = clock_mono_us();

	slow.job = (struct reader_job){
	    .body = read_for_long, .done = answered, .arg = &slow};
	reader_ask(bench->reader, &slow.job);
	ask(bench, &next);
	/* So that it runs, most likely, and does not only wait. */
	usleep(50000);
	reader_stop(bench->reader);
	run_bench(bench, 2);
	assert_int_equal(bench->ended[STATUS_STOPPING], 2);
	assert_int_equal(next.runs, 0);
	assert_true(clock_mono_us() - begun_us < 2 * CLOCK_SECOND);
}

static void a_reader_that_is_asked_nothing_has_no_thread(void **state)
{
	struct stat about;

	(void)state;
	assert_int_equal(stat("/proc/self/task", &about), 0);
	/* Two for the folder itself, one for each thread. */
	assert_int_equal(about.st_nlink, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_reader_that_is_asked_nothing_has_no_thread, open_bench,
		close_bench),
	    cmocka_unit_test_setup_teardown(
		a_question_is_answered_from_the_loop, open_bench, close_bench),
	    cmocka_unit_test_setup_teardown(
		a_body_tells_its_own_status, open_bench, close_bench),
	    cmocka_unit_test_setup_teardown(
		questions_are_answered_in_their_order, open_bench, close_bench),
	    cmocka_unit_test_setup_teardown(
		a_question_that_takes_long_holds_up_no_commit, open_bench,
		close_bench),
	    cmocka_unit_test_setup_teardown(
		more_than_may_wait_are_refused_from_the_loop, open_bench,
		close_bench),
	    cmocka_unit_test_setup_teardown(
		nothing_can_be_written, open_bench, close_bench),
	    cmocka_unit_test_setup_teardown(
		a_file_that_was_replaced_is_opened_again, open_bench,
		close_bench),
	    cmocka_unit_test_setup_teardown(
		closing_answers_all_that_wait, open_bench, close_bench),
	    cmocka_unit_test_setup_teardown(
		stopping_cuts_a_question_that_takes_long, open_bench,
		close_bench),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

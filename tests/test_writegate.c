/* test_writegate.c: many processes and little disk, with real ones of both */
#include "writegate.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "clock.h"
#include "log.h"
#include "db_place.h"

#define STARTERS 32
#define WRITERS  4
#define NO_MOUNT 77

static void a_taken_gate_is_busy_in_bounded_time(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);
	pid_t holder = hold_gate(place);
	int64_t from_us = clock_mono_us();
	int64_t took_us;

	db_set_wait(db, 200 * CLOCK_MS);
	assert_int_equal(db_begin(db, false), STATUS_STORE_BUSY);
	took_us = clock_mono_us() - from_us;
	assert_in_range(took_us, 200 * CLOCK_MS, 2 * CLOCK_SECOND);
	db_set_wait(db, 0);
	assert_int_equal(db_begin(db, false), STATUS_STORE_BUSY);

	/* The lock of a killed process is free. */
	kill_child(holder);
	assert_int_equal(add_committed(db, "a"), STATUS_OK);
	db_close(db);
}

static void a_waiting_writer_is_woken_at_once(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);
	pid_t holder = hold_gate(place);
	pid_t killer = fork();
	int64_t from_us = clock_mono_us();

	assert_true(killer >= 0);
	if (killer == 0) {
		usleep(100000);
		_exit(kill(holder, SIGKILL) == 0 ? 0 : 1);
	}
	assert_int_equal(add_committed(db, "a"), STATUS_OK);
	assert_in_range(
	    clock_mono_us() - from_us, 50 * CLOCK_MS, 3 * CLOCK_SECOND);
	ends_well(killer);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	db_close(db);
}

static void one_gate_serves_all_names_of_a_file(void **state)
{
	struct place *place = *state;
	struct place other = *place;
	struct db *first = must_open(place, DB_SERVE);
	struct db *second;

	snprintf(other.path, sizeof other.path, "%s/link.db", other.dir);
	assert_int_equal(symlink(place->path, other.path), 0);
	second = must_open(&other, DB_SERVE);
	assert_int_equal(size_of(&other, "-gate"), -1);
	db_set_wait(second, 0);
	assert_int_equal(db_begin(first, false), STATUS_OK);
	assert_int_equal(db_begin(second, false), STATUS_STORE_BUSY);
	db_rollback(first);
	assert_int_equal(db_begin(second, false), STATUS_OK);
	db_rollback(second);
	db_close(second);
	db_close(first);
}

static int open_and_write(const struct place *place, int count)
{
	char problem[DB_PROBLEM_BYTES];
	struct db *db = NULL;
	enum status status;

	alarm(60);
	status = db_open(place->path, DB_SERVE, &db, problem);
	for (int i = 0; i < count && status == STATUS_OK; i++)
		status = add_committed(db, "a-writer-of-several");
	db_close(db);
	return status == STATUS_OK ? 0 : 1;
}

static void many_processes_may_start_at_once_on_no_file(void **state)
{
	struct place *place = *state;
	pid_t children[STARTERS];

	for (int i = 0; i < STARTERS; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			_exit(open_and_write(place, 3));
	}
	for (int i = 0; i < STARTERS; i++)
		ends_well(children[i]);
	assert_int_equal(
	    raw_int(place, "SELECT count(*) FROM decision"), STARTERS * 3);
	assert_int_equal(
	    raw_int(place, "PRAGMA user_version"), newest_schema());
	is_sound(place);
}

static void the_wal_stays_small_under_several_writers(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);
	pid_t children[WRITERS];
	off_t largest = 0;

	for (int i = 0; i < WRITERS; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			_exit(open_and_write(place, 3000));
	}
	for (int i = 0; i < WRITERS; i++) {
		while (waitpid(children[i], NULL, WNOHANG) == 0) {
			off_t size = size_of(place, "-wal");

			largest = size > largest ? size : largest;
			usleep(2000);
		}
	}
	assert_int_equal(count_rows(db), WRITERS * 3000);
	/* 1,000 pages for each writer's mark, 4 kB each. */
	assert_in_range(largest, 1, (WRITERS + 1) * 1100 * 4200);
	db_close(db);
	is_sound(place);
}

static void a_long_reader_delays_but_does_not_stop_the_checkpoints(void **state)
{
	struct place *place = *state;
	struct db *writer = must_open(place, DB_SERVE);
	struct db *reader = must_open(place, DB_READ);
	int64_t held;

	log_set_level(LOG_ERROR);
	assert_int_equal(add_committed(writer, "a"), STATUS_OK);
	assert_int_equal(db_begin_read(reader), STATUS_OK);
	assert_int_equal(count_rows(reader), 1);
	for (int i = 0; i < 2500; i++)
		assert_int_equal(add_committed(writer, "b"), STATUS_OK);
	held = db_wal_pages(writer);
	assert_true(held > 5000);
	assert_int_equal(count_rows(reader), 1);
	db_end_read(reader);
	for (int i = 0; i < 1500; i++)
		assert_int_equal(add_committed(writer, "c"), STATUS_OK);
	assert_true(db_wal_pages(writer) < 4000);
	log_set_level(LOG_INFO);
	db_close(reader);
	db_close(writer);
}

/* Adds rows until one is refused; gives how many went in, or -1. */
static int fill_up(struct db *db, enum status *status)
{
	int written = 0;

	*status = add_committed(db, "a");
	while (*status == STATUS_OK && written < 5000) {
		written++;
		*status = add_committed(db, "a");
	}
	/* Refused is refused: the row is not there, and reading goes on. */
	return count_rows(db) == written ? written : -1;
}

/* In a process of its own, because of the limit. */
static int meet_a_limit(const struct place *place)
{
	struct rlimit limit = {.rlim_max = RLIM_INFINITY};
	char problem[DB_PROBLEM_BYTES];
	enum status status = STATUS_OK;
	struct db *db = NULL;
	int written;

	alarm(60);
	signal(SIGXFSZ, SIG_IGN);
	if (db_open(place->path, DB_SERVE, &db, problem) != STATUS_OK)
		return 2;
	/* The schema has made a log already. */
	limit.rlim_cur = (rlim_t)size_of(place, "-wal") + 256 * 1024;
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 3;
	written = fill_up(db, &status);
	if (written < 1 || status != STATUS_STORE_UNAVAILABLE)
		return 4;
	limit.rlim_cur = RLIM_INFINITY;
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 5;
	if (add_committed(db, "b") != STATUS_OK ||
	    count_rows(db) != written + 1)
		return 6;
	db_close(db);
	return 0;
}

static void a_refused_write_loses_nothing_and_is_got_over(void **state)
{
	struct place *place = *state;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(meet_a_limit(place));
	ends_well(child);
	is_sound(place);
}

/* A disk of 1 MB, seen by this process alone, a third of it taken. */
static bool make_small_disk(const struct place *place, const char *ballast)
{
	static char zeros[300 * 1024];
	bool written;
	FILE *file;

	if (unshare(geteuid() == 0 ? CLONE_NEWNS
				   : CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return false;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", place->dir, "tmpfs", 0, "size=1m") != 0)
		return false;
	file = fopen(ballast, "w");
	if (file == NULL)
		return false;
	written = fwrite(zeros, sizeof zeros, 1, file) == 1;
	return fclose(file) == 0 && written;
}

static int meet_a_full_disk(const struct place *place)
{
	char problem[DB_PROBLEM_BYTES];
	enum status status = STATUS_OK;
	struct db *db = NULL;
	char ballast[128];
	int written;

	alarm(60);
	snprintf(ballast, sizeof ballast, "%s/ballast", place->dir);
	if (!make_small_disk(place, ballast))
		return NO_MOUNT;
	if (db_open(place->path, DB_SERVE, &db, problem) != STATUS_OK)
		return 2;
	written = fill_up(db, &status);
	if (written < 1 || status != STATUS_STORE_FULL)
		return 4;
	if (unlink(ballast) != 0 || add_committed(db, "b") != STATUS_OK)
		return 5;
	if (count_rows(db) != written + 1)
		return 6;
	db_close(db);
	is_sound(place);
	return 0;
}

static void a_full_disk_loses_nothing_and_is_got_over(void **state)
{
	struct place *place = *state;
	pid_t child = fork();
	int how = 0;

	assert_true(child >= 0);
	if (child == 0)
		_exit(meet_a_full_disk(place));
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFEXITED(how));
	if (WEXITSTATUS(how) == NO_MOUNT)
		skip();
	assert_int_equal(WEXITSTATUS(how), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(a_taken_gate_is_busy_in_bounded_time),
	    WITH_PLACE(a_waiting_writer_is_woken_at_once),
	    WITH_PLACE(one_gate_serves_all_names_of_a_file),
	    WITH_PLACE(many_processes_may_start_at_once_on_no_file),
	    WITH_PLACE(the_wal_stays_small_under_several_writers),
	    WITH_PLACE(a_long_reader_delays_but_does_not_stop_the_checkpoints),
	    WITH_PLACE(a_refused_write_loses_nothing_and_is_got_over),
	    WITH_PLACE(a_full_disk_loses_nothing_and_is_got_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

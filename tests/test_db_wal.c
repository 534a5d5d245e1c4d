/* test_db_wal.c: what is asked of the kernel for the WAL, under db.h */
#include "db_place.h"

#define HEAD_BYTES 32
#define CALLS_MAX  64

struct call {
	off_t from;
	off_t to;
	ino_t file;
	unsigned flags;
	bool gate_was_free;
};

/* What sync_file_range was asked, by whom this program is linked with. */
struct calls {
	const struct place *place;
	struct call call[CALLS_MAX];
	size_t count;
};

static struct calls calls;

static bool gate_is_free(const struct place *place)
{
	char path[128];
	bool is_free;
	int fd;

	snprintf(path, sizeof path, "%s-gate", place->path);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	is_free = flock(fd, LOCK_EX | LOCK_NB) == 0;
	close(fd);
	return is_free;
}

/* In the place of libc's. */
int sync_file_range(int fd, off64_t offset, off64_t count, unsigned flags)
{
	struct call *call = &calls.call[calls.count++];
	struct stat about;

	assert_true(calls.count < CALLS_MAX);
	assert_int_equal(fstat(fd, &about), 0);
	*call = (struct call){
	    .from = offset,
	    .to = offset + count,
	    .file = about.st_ino,
	    .flags = flags,
	    .gate_was_free = gate_is_free(calls.place),
	};
	return 0;
}

static void commit_until(struct db *db, size_t calls_wanted)
{
	for (int i = 0; i < 5000 && calls.count < calls_wanted; i++) {
		char id[32];

		snprintf(id, sizeof id, "%d-%d", rand(), i);
		assert_int_equal(add_committed(db, id), STATUS_OK);
	}
	assert_int_equal(calls.count, calls_wanted);
}

static ino_t wal_file(const struct place *place)
{
	char path[128];
	struct stat about;

	snprintf(path, sizeof path, "%s-wal", place->path);
	assert_int_equal(stat(path, &about), 0);
	return about.st_ino;
}

static void the_kernel_writes_the_wal_early_and_piece_by_piece(void **state)
{
	enum { PIECES = 5 };
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);
	size_t i;

	calls = (struct calls){.place = place};
	commit_until(db, PIECES);
	for (i = 0; i < PIECES; i++) {
		const struct call *call = &calls.call[i];

		assert_int_equal(call->file, wal_file(place));
		assert_int_equal(call->flags, SYNC_FILE_RANGE_WRITE);
		assert_int_equal(
		    call->from, i == 0 ? HEAD_BYTES : calls.call[i - 1].to);
		/* Some hundred kB: not each commit, nor 4 MB at once. */
		assert_true(call->to - call->from > 200000);
		assert_true(call->to - call->from < 400000);
		/* Nobody has to wait for it. */
		assert_true(call->gate_was_free);
	}
	assert_true(calls.call[PIECES - 1].to <= size_of(place, "-wal"));
	db_close(db);
}

static void a_wal_that_begins_anew_is_written_from_its_begin(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);
	sqlite3 *raw = raw_open(place);

	calls = (struct calls){.place = place};
	commit_until(db, 2);
	raw_run(raw, "PRAGMA wal_checkpoint(RESTART)");
	commit_until(db, 3);
	assert_int_equal(calls.call[2].from, HEAD_BYTES);
	sqlite3_close(raw);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(the_kernel_writes_the_wal_early_and_piece_by_piece),
	    WITH_PLACE(a_wal_that_begins_anew_is_written_from_its_begin),
	};

	return cmocka_run_group_tests_name("db_wal", tests, NULL, NULL);
}

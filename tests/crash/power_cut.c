/* power_cut.c: writes and fsyncs of a database -> what a power cut leaves */

/*
 * Loaded before the C library (LD_PRELOAD) into each process on a database
 * whose path is POWER_CUT_DB. Before a write to the database or its WAL is
 * done, what stood there goes to a file in POWER_CUT_DIR; an fsync empties it.
 * So it holds what a disk may forget. All writers hold the write
 * gate, hence no lock here.
 *
 * With POWER_CUT_NOW=all or =some, when all processes are dead, it plays the
 * cut in whatever program it is loaded into: all that was not synced is
 * undone, or each write with a chance of one half, as a disk is free to. It
 * prints when the oldest of them was made (microseconds since 1970), and
 * ends the program. With POWER_CUT_LIE=yes the WAL's fsync is a lie: the disk
 * says that it has written, and forgets all the same.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PATH_MAX_BYTES 256
#define WRITE_MAX      (1 << 20)
#define FD_MAX         1024

enum { DATABASE, WAL, FILES };

/*
 * One write that was not synced; behind it stand before_bytes bytes, always a
 * multiple of 8, as all that SQLite writes.
 */
struct undo {
	int64_t at_us;
	int64_t offset;
	int64_t size; /* of the file, before */
	int64_t bytes;
	int64_t before_bytes; /* fewer when the file ended there */
};

static char path[FILES][PATH_MAX_BYTES];
static int journal[FILES] = {-1, -1};
static int lies;
static signed char file_of[FD_MAX]; /* 2 + which, 1: no such; 0: unknown */

static ssize_t real_pwrite(int fd, const void *from, size_t bytes, off_t offset)
{
	return syscall(SYS_pwrite64, fd, from, bytes, offset);
}

/* True time, whatever clock_jump.c tells. */
static int64_t now_us(void)
{
	struct timespec now;

	syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* Asked of the kernel once for each descriptor: SQLite keeps both open. */
static int find_file(int fd)
{
	char link[64];
	char target[PATH_MAX_BYTES];
	ssize_t length;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	length = readlink(link, target, sizeof target - 1);
	if (length < 0)
		return -1;
	target[length] = '\0';
	for (int i = 0; i < FILES; i++)
		if (strcmp(target, path[i]) == 0)
			return i;
	return -1;
}

static int known_file(int fd)
{
	if (fd < 0 || fd >= FD_MAX)
		return -1;
	if (file_of[fd] == 0)
		file_of[fd] = (signed char)(find_file(fd) + 2);
	return file_of[fd] - 2;
}

static void keep_before(int fd, int file, size_t bytes, off_t offset)
{
	static __thread char record[sizeof(struct undo) + WRITE_MAX];
	struct undo undo = {
	    .at_us = now_us(), .offset = offset, .bytes = (int64_t)bytes};
	struct stat about;
	ssize_t got;

	if (bytes > WRITE_MAX || fstat(fd, &about) != 0)
		abort();
	undo.size = about.st_size;
	got = pread(fd, record + sizeof undo, bytes, offset);
	undo.before_bytes = got > 0 ? got : 0;
	memcpy(record, &undo, sizeof undo);
	bytes = sizeof undo + (size_t)undo.before_bytes;
	if (write(journal[file], record, bytes) != (ssize_t)bytes)
		abort();
}

/* The C library's prototypes name their parameters otherwise. */
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
ssize_t pwrite64(int fd, const void *from, size_t bytes, off64_t offset)
{
	int file = known_file(fd);

	if (file >= 0)
		keep_before(fd, file, bytes, offset);
	return real_pwrite(fd, from, bytes, offset);
}

ssize_t pwrite(int fd, const void *from, size_t bytes, off_t offset)
{
	return pwrite64(fd, from, bytes, offset);
}

static int synced(int fd, int rc)
{
	int file = known_file(fd);

	if (rc == 0 && file >= 0 && !(lies && file == WAL) &&
	    ftruncate(journal[file], 0) != 0)
		abort();
	return rc;
}

int fsync(int fd)
{
	return synced(fd, (int)syscall(SYS_fsync, fd));
}

int fdatasync(int fd)
{
	return synced(fd, (int)syscall(SYS_fdatasync, fd));
}

/* A number may come back for another file. */
int close(int fd)
{
	if (fd >= 0 && fd < FD_MAX)
		file_of[fd] = 0;
	return (int)syscall(SYS_close, fd);
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)

/* ---- The cut ---- */

static void undo_one(int fd, const struct undo *undo, int all)
{
	static const char zeros[WRITE_MAX];
	const char *before = (const char *)(undo + 1);
	size_t left = (size_t)(undo->bytes - undo->before_bytes);

	if (!all && rand() % 2 == 0)
		return;
	real_pwrite(fd, before, (size_t)undo->before_bytes, undo->offset);
	if (all && ftruncate(fd, undo->size) != 0)
		abort();
	if (!all && left > 0)
		real_pwrite(fd, zeros, left, undo->offset + undo->before_bytes);
}

/* From the newest to the oldest. Gives when that was. */
static int64_t undo_file(int fd, char *from, size_t bytes, int all)
{
	struct undo **each = calloc(bytes / sizeof **each + 1, sizeof *each);
	int64_t oldest_us = 0;
	size_t count = 0;
	size_t at = 0;

	if (!each)
		abort();
	while (at + sizeof **each <= bytes) {
		each[count] = (struct undo *)(void *)(from + at);
		at += sizeof **each + (size_t)each[count]->before_bytes;
		/* The last one may be torn: then its write was not made. */
		count += at <= bytes;
	}
	if (count > 0)
		oldest_us = each[0]->at_us;
	while (count > 0)
		undo_one(fd, each[--count], all);
	free(each);
	return oldest_us;
}

static int64_t cut_file(int file, int all)
{
	off_t bytes = lseek(journal[file], 0, SEEK_END);
	char *text = malloc((size_t)bytes + 1);
	int fd = open(path[file], O_RDWR | O_CLOEXEC);
	int64_t oldest_us;

	if (!text || pread(journal[file], text, (size_t)bytes, 0) != bytes)
		abort();
	if (fd < 0)
		return 0;
	oldest_us = undo_file(fd, text, (size_t)bytes, all);
	syscall(SYS_close, fd);
	free(text);
	if (ftruncate(journal[file], 0) != 0)
		abort();
	return oldest_us;
}

static void cut(const char *how)
{
	int64_t oldest_us = now_us();

	srand((unsigned)oldest_us);
	for (int i = 0; i < FILES; i++) {
		int64_t at_us = cut_file(i, strcmp(how, "all") == 0);

		if (at_us != 0 && at_us < oldest_us)
			oldest_us = at_us;
	}
	printf("%lld\n", (long long)oldest_us);
	fflush(stdout);
	_exit(0);
}

__attribute__((constructor)) static void begin(void)
{
	const char *db = getenv("POWER_CUT_DB");
	const char *dir = getenv("POWER_CUT_DIR");
	const char *now = getenv("POWER_CUT_NOW");
	char kept[PATH_MAX_BYTES];

	if (!db || !dir)
		abort();
	lies = getenv("POWER_CUT_LIE") != NULL;
	snprintf(path[DATABASE], PATH_MAX_BYTES, "%s", db);
	snprintf(path[WAL], PATH_MAX_BYTES, "%s-wal", db);
	for (int i = 0; i < FILES; i++) {
		snprintf(kept, sizeof kept, "%s/unsynced.%d", dir, i);
		journal[i] =
		    open(kept, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (journal[i] < 0)
			abort();
	}
	if (now)
		cut(now);
}

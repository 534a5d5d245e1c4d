/* clock_jump.c: a number in a file -> a wall clock that is wrong by so much */

/*
 * Loaded before the C library (LD_PRELOAD), it adds the microseconds that
 * stand in the file CLOCK_JUMP, 8 bytes in the machine's order, to every
 * reading of wall time. All processes that map the same file jump at one
 * moment, as those of one machine do. The monotonic clock is left alone, as
 * a step of the real one leaves it.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND_US INT64_C(1000000)

static const volatile int64_t *offset;

__attribute__((constructor)) static void map_offset(void)
{
	const char *path = getenv("CLOCK_JUMP");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map;

	if (fd < 0)
		abort();
	map = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		abort();
	offset = map;
	close(fd);
}

static int64_t wall_us(int64_t us)
{
	return offset ? us + *offset : us;
}

static int is_wall(clockid_t id)
{
	return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
}

/* The C library's prototypes name their parameters otherwise. */
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
int clock_gettime(clockid_t id, struct timespec *now)
{
	int rc = (int)syscall(SYS_clock_gettime, id, now);
	int64_t us;

	if (rc == 0 && is_wall(id)) {
		us = wall_us(now->tv_sec * SECOND_US + now->tv_nsec / 1000);
		now->tv_sec = us / SECOND_US;
		now->tv_nsec = us % SECOND_US * 1000 + now->tv_nsec % 1000;
	}
	return rc;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec exact;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &exact);
	now->tv_sec = exact.tv_sec;
	now->tv_usec = exact.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *kept)
{
	struct timespec exact;

	clock_gettime(CLOCK_REALTIME, &exact);
	if (kept)
		*kept = exact.tv_sec;
	return exact.tv_sec;
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)

#ifndef WRITEGATE_H
#define WRITEGATE_H

#include <stdint.h>

#include "status.h"

/*
 * The lock that every writer of the shared database holds: an exclusive
 * flock on a file of its own. Waiters queue in the kernel, are woken at
 * once, and the lock of a killed process is free. The database file itself
 * cannot serve: closing it would drop the locks SQLite has on it.
 *
 * One gate belongs to one thread. Waiting uses a timer of that thread and
 * the signal WRITEGATE_SIGNAL, whose handler does nothing; the gate
 * unblocks it for the thread that waits.
 */
struct writegate;

#define WRITEGATE_SIGNAL (SIGRTMIN + 7)

/*
 * Opens the gate file, made with mode 0600 when it is not there. Gives it
 * in *gate, free with writegate_close. STATUS_STORE_UNAVAILABLE: errno
 * tells why. STATUS_MEMORY.
 */
enum status writegate_open(const char *path, struct writegate **gate);

/* Closes, and so frees the lock. NULL is allowed. */
void writegate_close(struct writegate *gate);

/*
 * Waits for the lock, at most wait_us. STATUS_STORE_BUSY: another had it
 * all that time. STATUS_STORE_UNAVAILABLE: the kernel refused; errno.
 */
enum status writegate_take(struct writegate *gate, int64_t wait_us);

/* Frees the lock. */
void writegate_leave(struct writegate *gate);

#endif

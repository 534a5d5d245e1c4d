#ifndef SIM_PARK_H
#define SIM_PARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microhttpd.h>

struct park;

enum { PARK_FOREVER = -1 };

/* A connection set aside, inside the request it belongs to. left is true
 * when it was woken because its client went away or the simulator ends, not
 * because its time came. The rest is the park's own. */
struct parked {
	bool left;
	struct MHD_Connection *connection;
	int fd;
	int64_t due_us;
	size_t slot;
	struct parked *next;
};

/* Starts the one thread that wakes parked connections, at most places_max at
 * once. Gives a park, freed with park_free; NULL when it cannot. */
struct park *park_new(size_t places_max);

/* Suspends connection and resumes it after delay_ms, or with PARK_FOREVER
 * only when its client leaves. Borrows item until then. False: not
 * suspended, because the park is full or closing. */
bool park_suspend(struct park *park, struct parked *item,
    struct MHD_Connection *connection, int delay_ms);

/* Wakes everybody with left set and lets nobody in again; to be called before
 * MHD_stop_daemon, which must find no connection suspended. */
void park_close(struct park *park);

/* Frees a closed park; NULL is allowed. */
void park_free(struct park *park);

#endif

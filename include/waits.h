#ifndef WAITS_H
#define WAITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What an event waited for, and which of its requests failed, in the order
 * it happened: column `waits`. Entries STEP:WHAT:DURATION are parted by
 * spaces, as in
 *   claim:in_flight:240.115ms cxone:429:12.500ms cxone:retry_after:1034.210ms
 * Empty for an event that neither waited nor failed, so that it pays nothing.
 * WHAT is the status of an answer ("429") or a status_name() when none came:
 * a request that failed, and how long it took; or what was waited for:
 *   pressure         until the queue's size was known
 *   in_flight        another delivery of the event, to be answered alike
 *   other_lookup     another event's lookup of the same product
 *   connection_slot  all connections to the upstream were in use
 *   token            an access token
 *   not_before       the pause that CXone asked all for
 *   retry_after      what CXone asked for, before the next attempt
 *   backoff          our own wait before the next attempt
 */
#define WAITS_BYTES      384
#define WAITS_WORD_BYTES 32

/* Zeroed, it is empty. What does not fit is left out, and "..." says so. */
struct waits {
	size_t length;
	bool full;
	char text[WAITS_BYTES];
};

/* Adds an entry; step and what are words without a space or a colon. Does
 * nothing when waits is NULL. */
void waits_add(
    struct waits *waits, const char *step, const char *what, int64_t us);

/* A wait for a connection is normal up to here: the loop's next turn. */
#define WAITS_SLOT_US INT64_C(1000)

/* One entry as read back. */
struct waits_entry {
	char step[WAITS_WORD_BYTES];
	char what[WAITS_WORD_BYTES];
	int64_t duration_us;
};

/* Reads the entry at *text and moves on. False: there is no other, or what
 * follows is none, as "...". */
bool waits_next(const char **text, struct waits_entry *entry);

#endif

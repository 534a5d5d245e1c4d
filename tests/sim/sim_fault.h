#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "sim_route.h"

enum fault_kind {
	FAULT_NONE,
	FAULT_HANG,
	FAULT_RESET,
	FAULT_CLOSE,
	FAULT_TRUNCATE,
	FAULT_DRIP,
	FAULT_GARBAGE,
	FAULT_HUGE,
	FAULT_CLOSE_AFTER,
	FAULT_COUNT
};

/* One entry of a fault list as it was written; it never changes while a
 * request borrows it. status is 0, body, headers, set, scope and match are
 * NULL where the entry does not name them; date_s is FAULT_NO_DATE. The texts
 * and values live as long as the entry. */
struct fault {
	int delay_ms;
	int status;
	int date_s;
	enum fault_kind kind;
	const char *match;
	const char *scope;
	json_t *body;
	json_t *headers;
	json_t *set;
};

enum { FAULT_NO_DATE = -1, FAULT_WHY_BYTES = 256 };

struct faults;

/* Empty lists; freed with faults_free, which takes NULL. */
struct faults *faults_new(void);
void faults_free(struct faults *faults);

/* Replaces all lists by those in object (borrows); NULL or {} clears them.
 * False: nothing changed, and why (FAULT_WHY_BYTES of room) says what is
 * wrong in it. */
bool faults_set(struct faults *faults, json_t *object, char *why);

/* Uses up one entry for a request to route with this path. Gives the entry,
 * handed back with faults_release, or NULL: play the normal part. */
const struct fault *faults_take(
    struct faults *faults, enum route route, const char *path);

/* Hands an entry back; NULL is allowed. */
void faults_release(struct faults *faults, const struct fault *fault);

#endif

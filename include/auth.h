#ifndef AUTH_H
#define AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth_verdict.h"
#include "config.h"
#include "gateway.h"
#include "status.h"
#include "tally.h"
#include "trace.h"

/*
 * Who may post events, as WEBHOOK_AUTH says. Keys are made ready once;
 * what came of every request is counted in this process.
 */
struct auth;

/*
 * NULL when memory runs out. Borrows config, which config_load has checked,
 * for its life.
 */
struct auth *auth_new(const struct config *config);

/* From now on refusals and keys are counted in tally, too; borrowed. */
void auth_count_into(struct auth *auth, struct tally *tally);

/* Wipes the keys and frees. NULL is allowed. */
void auth_free(struct auth *auth);

/*
 * True when a request can only be checked with its body: then webhook.c
 * sees to it first that it is there.
 */
bool auth_needs_body(const struct auth *auth);

/*
 * May the sender of request post events? Compares in constant time, over
 * the raw bytes, before anything is parsed. STATUS_OK: yes; *signed_id is
 * the event's id when it was signed (borrowed from request), else NULL.
 * STATUS_UNAUTHENTICATED: answer 401 and nothing more. What failed is
 * logged here, with the key's id where it is known and trace, which
 * may be NULL.
 */
enum status auth_check(struct auth *auth, const struct gateway_request *request,
    const struct trace *trace, const char **signed_id);

/*
 * The header line, with CRLF, that a 401 bears (RFC 9110 11.6.1): the same
 * for every failure.
 */
const char *auth_challenge(const struct auth *auth);

/* The word for a reason ("signature_wrong"); never NULL. */
const char *auth_reason_name(enum auth_reason reason);

/* Requests of this process with that result, AUTH_OK included. */
uint64_t auth_count(const struct auth *auth, enum auth_reason reason);

/* What one key was shown for or signed. */
struct auth_key_count {
	const char *id;     /* borrowed from auth */
	uint64_t accepted;  /* requests let in by it */
	uint64_t not_valid; /* requests kept out: not the key's time */
};

/* The counts of key number, from 0; false when there is no such key. */
bool auth_key_counts(
    const struct auth *auth, size_t number, struct auth_key_count *count);

#endif

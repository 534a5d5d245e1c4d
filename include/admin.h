#ifndef ADMIN_H
#define ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "auth_verdict.h"
#include "config.h"
#include "gateway.h"
#include "reader.h"
#include "tally.h"

/*
 * The pages for the operator: who may see them, which there are (one table in
 * admin.c), and the headers that all of their answers bear. They are asked
 * with GET or HEAD and change nothing.
 *
 * ADMIN_TOKEN is shown as Authorization: Bearer (RFC 6750) by machines, as the
 * password of Basic (RFC 7617) with any user name by browsers. Who shows none
 * of its values gets one and the same 401, and the log tells why. What was
 * sent is never logged.
 *
 * Pages are made by the reader. More than READER_WAITING_MAX that wait, or a
 * file that cannot be read, are answered 503 with Retry-After.
 */
struct admin;

/*
 * NULL when memory runs out. Borrows both for its life. Free it after the
 * reader was closed: its answers are on the way until then.
 */
struct admin *admin_new(const struct config *config, struct reader *reader);

/* From now on refusals are counted in tally, too; borrowed. */
void admin_count_into(struct admin *admin, struct tally *tally);

/* Wipes the keys and frees. NULL is allowed. */
void admin_free(struct admin *admin);

/*
 * Answers request, now or later, when its path is one of the pages. False: it
 * is none, or admin is NULL, and the request is still the caller's.
 */
bool admin_serve(struct admin *admin, struct gateway_request *request);

/* Requests of this process with that result, AUTH_OK included. */
uint64_t admin_count(const struct admin *admin, enum auth_reason reason);

#endif

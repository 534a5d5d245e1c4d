#ifndef ANSWER_H
#define ANSWER_H

#include "event.h"
#include "gateway.h"
#include "record.h"
#include "status.h"
#include "text.h"
#include "trace.h"

/*
 * What the sender of an event is told, as JSON. The HTTP status of a
 * result and the shape of the body are the program's contract, see README.
 */

/* The HTTP status that answers a decision's record. */
int answer_http(const struct record *record);

/*
 * Writes the answer to an event that became a decision: routed, skipped,
 * superseded, expired or failed. The sender of a queued event has long been
 * answered: what is written then is for its duplicates. recorded is false when
 * its row could not be committed: the answer then says so.
 */
void answer_decision(
    const struct record *record, bool recorded, struct text *text);

/* Writes the answer to an event that was put into the queue: reason is why
 * it was not decided at once, STATUS_OK when that was not tried. */
void answer_queued(
    const struct record *record, enum status reason, struct text *text);

/*
 * Writes the answer to a duplicate: the first one's, marked as such. Where
 * that is lost (first is empty or failed), the mark alone.
 */
void answer_duplicate(const struct text *first, struct text *text);

/*
 * Writes the answer to a request that was refused, and gives its HTTP
 * status. problem may be NULL for refusals of the door.
 */
int answer_refusal(
    enum status status, const struct event_problem *problem, struct text *text);

/* Sends what was written, with the header lines http asks for (Allow,
 * Retry-After ...) and the X-Request-Id of trace; NULL: without. Frees
 * request. */
void answer_send(struct gateway_request *request, int http,
    const struct trace *trace, const struct text *text);

/* The same for 401, with the header line of auth_challenge. */
void answer_send_challenge(struct gateway_request *request,
    const char *challenge, const struct trace *trace, const struct text *text);

/* The same, with a Retry-After of its own (RFC 9110 10.2.3). */
void answer_send_later(struct gateway_request *request, int http,
    int64_t retry_after_s, const struct trace *trace, const struct text *text);

#endif

#ifndef ANSWER_H
#define ANSWER_H

#include "event.h"
#include "gateway.h"
#include "record.h"
#include "status.h"
#include "text.h"

/*
 * What the sender of an event is told, as JSON. The HTTP status of a
 * result and the shape of the body are the program's contract, see README.
 */

/* The HTTP status that answers a decision's record. */
int answer_http(const struct record *record);

/*
 * Answers an event that became a decision: routed, skipped or failed.
 * recorded is false when its row could not be committed: the answer then
 * says so. text is used to build it. Frees request.
 */
void answer_decision(struct gateway_request *request,
    const struct record *record, bool recorded, struct text *text);

/*
 * Answers a request that was refused: what gives status, field and words.
 * problem may be NULL for refusals of the door. Frees request.
 */
void answer_refusal(struct gateway_request *request, enum status status,
    const struct event_problem *problem, struct text *text);

#endif

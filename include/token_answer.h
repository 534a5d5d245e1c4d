#ifndef TOKEN_ANSWER_H
#define TOKEN_ANSWER_H

#include "http.h"
#include "status.h"
#include "token_row.h"

/*
 * Reads what a token endpoint answered (RFC 6749 sections 5.1 and 5.2).
 * STATUS_OK: row->text and row->lifetime_us are set. A lifetime that is
 * missing, not positive or not a number counts as 60 s, one over a day as
 * a day, a string of digits as its number.
 * STATUS_TOKEN_REFUSED: 400, 401 or 403, our client or its secret is not
 * accepted. STATUS_RATE_LIMITED, STATUS_UPSTREAM_FAILED, STATUS_UPSTREAM_-
 * REFUSED, STATUS_ANSWER_INVALID: no token this time; row is untouched.
 */
enum status token_answer_read(
    const struct http_answer *answer, struct token_row *row);

/*
 * How long the endpoint is to be left alone after an answer without a
 * token: its Retry-After, but least_us at least and five minutes at most.
 */
int64_t token_answer_pause_us(
    const struct http_answer *answer, int64_t least_us);

#endif

#ifndef TOKEN_HELD_H
#define TOKEN_HELD_H

#include <stdint.h>

#include "http.h"
#include "token_row.h"

/*
 * A token in memory: lent to many at a time, and freed when the last of
 * those who hold it has returned it, its maker included.
 */
struct token_held {
	int holders;
	int64_t version;
	int64_t expires_us; /* wall */
	int64_t refresh_us; /* wall */
	struct http_headers *headers;
};

/* From the row's text, version and times; the maker is its first holder.
 * NULL when memory runs out. */
struct token_held *token_held_new(const struct token_row *row);

/* NULL is allowed. */
void token_held_return(struct token_held *held);

#endif

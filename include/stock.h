#ifndef STOCK_H
#define STOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "routing.h"
#include "sku.h"

/*
 * What this process knows of products: a table in memory of fixed size,
 * which never allocates once it is made. A product is
 *   known   word is the last good one, got at word_us; else word is ""
 *   asked   a request for it is under way; it keeps its place till the end,
 *           and others who want the same wait for that one's answer
 * or both, or neither. A product has its place among the STOCK_NEAR ones
 * from where its hash points; a new one takes, of these, the place of the
 * one whose word is oldest, or has none, and which is not asked for.
 */
struct stock;

#define STOCK_NEAR    8
#define STOCK_WARN_US INT64_C(60000000) /* one line a minute per product */

/* One that waits; in the waiter's struct. */
struct stock_wait {
	void *arg; /* the waiter's */
	struct stock_wait *next;
};

struct stock_item {
	uint64_t hash;
	int64_t word_us; /* monotonic */
	int64_t warn_us; /* no line before; monotonic */
	bool asked;
	struct stock_wait *first; /* of those that wait, in their order */
	struct stock_wait *last;
	char sku[SKU_MAX + 1]; /* "": an empty place */
	char word[ROUTING_WORD_MAX + 1];
};

/*
 * A table of so many places, a power of two, at least STOCK_NEAR. NULL when
 * memory runs out. Free with stock_free.
 */
struct stock *stock_new(size_t places);
void stock_free(struct stock *stock);

/*
 * The product's item, a new one when there was none. NULL when the SKU is
 * over SKU_MAX bytes or all places it could have are asked for: then it is
 * to be looked up without. Valid until the next call, and while asked.
 */
struct stock_item *stock_find(struct stock *stock, const char *sku);

/* A good word has come now; word is at most ROUTING_WORD_MAX bytes. */
void stock_learn(struct stock_item *item, const char *word, int64_t now_us);

/* The word it had is no longer true. */
void stock_forget(struct stock_item *item);

/* The word when it is younger than max_us, else NULL. Borrowed. */
const char *stock_word(
    const struct stock_item *item, int64_t max_us, int64_t now_us);

/* True at most once in STOCK_WARN_US: its old word's use is to be told. */
bool stock_may_warn(struct stock_item *item, int64_t now_us);

/* Waits at the end of the line. Borrows wait until it left or was taken. */
void stock_wait(struct stock_item *item, struct stock_wait *wait);

/* Leaves the line. */
void stock_leave(struct stock_item *item, struct stock_wait *wait);

/*
 * The request has ended: gives all that wait, linked by next, NULL for
 * none. The line is empty then, and the item no longer asked for.
 */
struct stock_wait *stock_end(struct stock_item *item);

#endif

#ifndef INVENTORY_H
#define INVENTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "breaker.h"
#include "config.h"
#include "loop.h"
#include "routing.h"
#include "status.h"
#include "stock.h"
#include "text.h"
#include "trace.h"
#include "waits.h"

/*
 * Asks the inventory API for one product:
 *   GET {INVENTORY_API_URL}/{sku}, Accept: application/json
 * A lookup is
 *   KEPT      answered by a good word younger than INVENTORY_CACHE_MS
 *   WAITING   the same product is being asked for: that answer is taken,
 *             whatever it is, unless this lookup's own time ends before
 *   ASKING    its request is under way
 * Good is a word of the map other than `unknown` and `timeout`. One younger
 * than INVENTORY_STALE_S also stands in for the fallback when the inventory
 * cannot be reached, is too slow, answers 5xx or is left alone; that is
 * logged. A 404 and a word that is not good end the good one before.
 */
struct inventory;

/* What is known of a product afterwards. */
struct inventory_stock {
	char word[ROUTING_WORD_MAX + 1]; /* as it stands in /status, or
						   routing_unknown, _timeout */
	enum status result; /* OK, or why word is one of the two, or
				   stale */
	int http;           /* 0: no whole answer came, or KEPT */
	int attempts;       /* requests sent: 0 when KEPT or WAITING */
	bool stale;         /* word is of an answer before */
};

/* NULL when memory runs out. Borrows all for its life. */
struct inventory *inventory_new(const struct config *config, struct loop *loop,
    struct breaker *breaker, const struct routing *routing);
void inventory_free(struct inventory *inventory);

typedef void inventory_done(void *arg);

/* One lookup under way; the caller's, borrowed until done. */
struct inventory_question {
	const char *sku;
	struct trace *trace; /* NULL: it belongs to none */
	struct waits *waits; /* is told of each wait; NULL: nobody is */
	int64_t deadline_us; /* monotonic */
	inventory_done *done;
	void *arg;
	struct inventory_stock stock; /* filled when done is called */
	struct text url; /* made by the caller with text_init, at least
				   INVENTORY_URL_MAX; kept between uses */
	/* The module's own. */
	struct inventory *inventory;
	struct stock_item *item; /* NULL: it asks alone, with no place */
	struct stock_wait wait;
	struct loop_timer timer;
	int64_t until_us; /* its time ends; monotonic */
	int64_t wait_from_us;
	struct trace_lines lines;
	struct breaker_call call;
};

#define INVENTORY_URL_MAX 4096

/*
 * Looks a SKU up; done is called exactly once, later, from the loop. Takes
 * at most INVENTORY_TIMEOUT_MS, and not past the deadline. Never fails: too
 * slow, 5xx or an open breaker (then nothing is asked: attempts is 0) is the
 * word `timeout`, every other failure is `unknown`, unless a stale word
 * stands in, so that the caller always gets a route.
 */
void inventory_ask(
    struct inventory *inventory, struct inventory_question *question);

#endif

#ifndef INVENTORY_H
#define INVENTORY_H

#include <stdint.h>

#include "breaker.h"
#include "config.h"
#include "routing.h"
#include "status.h"
#include "text.h"
#include "trace.h"

/*
 * Asks the inventory API for one product:
 *   GET {INVENTORY_API_URL}/{sku}, Accept: application/json
 */
struct inventory;

/* What is known of a product afterwards. */
struct inventory_stock {
	char word[ROUTING_WORD_MAX + 1];	/* as it stands in /status, or
						   routing_unknown, _timeout */
	enum status result;	/* OK, or why word is one of the two */
	int http;		/* 0: no whole answer came */
	int attempts;	/* requests sent */
};

/* NULL when memory runs out. Borrows all for its life. */
struct inventory *inventory_new(const struct config *config,
    struct breaker *breaker);
void inventory_free(struct inventory *inventory);

typedef void inventory_done(void *arg);

/* One lookup under way; the caller's, borrowed until done. */
struct inventory_question {
	const char *sku;
	const struct trace *trace;	/* NULL: it belongs to none */
	int64_t deadline_us;	/* monotonic */
	inventory_done *done;
	void *arg;
	struct inventory_stock stock;	/* filled when done is called */
	struct breaker_call call;	/* the module's own */
	struct trace_lines lines;	/* too */
	struct text url;	/* made by the caller with text_init, at least
				   INVENTORY_URL_MAX; kept between uses */
};

#define INVENTORY_URL_MAX 4096

/*
 * Looks a SKU up; done is called exactly once, later, from the loop. Takes
 * at most INVENTORY_TIMEOUT_MS, and not past the deadline. Never fails: too
 * slow, 5xx or an open breaker (then nothing is asked: attempts is 0) is the
 * word `timeout`, every other failure is `unknown`, so that the caller
 * always gets a route.
 */
void inventory_ask(struct inventory *inventory,
    struct inventory_question *question);

#endif

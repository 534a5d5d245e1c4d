#ifndef INVENTORY_H
#define INVENTORY_H

#include <stdint.h>

#include "config.h"
#include "http.h"
#include "routing.h"
#include "status.h"

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
	int http;		/* 0: no answer came */
	int attempts;
};

/* NULL when memory runs out. Borrows all for its life. */
struct inventory *inventory_new(const struct config *config,
    struct http *http);
void inventory_free(struct inventory *inventory);

typedef void inventory_done(void *arg);

/*
 * Looks sku up and fills *stock; done is called exactly once, later, from
 * the loop. Gives at most INVENTORY_TIMEOUT_MS, and not past deadline_us
 * (monotonic). Never fails: too slow or 5xx is the word `timeout`,
 * every other failure is `unknown`, so that the caller always gets a route.
 */
struct inventory_question {
	struct inventory_stock *stock;	/* borrowed until done */
	inventory_done *done;
	void *arg;
	char url[4096];
};
void inventory_ask(struct inventory *inventory, const char *sku,
    int64_t deadline_us, struct inventory_question *question);

#endif

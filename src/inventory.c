/* inventory.c: a SKU -> the status word the inventory has for it */
#include "inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "log.h"

#define DEPTH_MAX 32 /* far deeper than any inventory's answer */

/* Places in the table; fewer when it only serves lookups under way. */
#define PLACES_KEPT  4096
#define PLACES_ASKED 1024

/* One for all questions; each lives in its caller's struct till done. */
struct inventory {
	const struct config *config;
	struct loop *loop;
	struct breaker *breaker;
	const struct routing *routing;
	struct http_headers *headers;
	struct stock *known;
	bool keeps; /* words for later lookups */
};

struct inventory *inventory_new(const struct config *config, struct loop *loop,
    struct breaker *breaker, const struct routing *routing)
{
	struct inventory *inventory = calloc(1, sizeof *inventory);

	if (!inventory)
		return NULL;
	inventory->config = config;
	inventory->loop = loop;
	inventory->breaker = breaker;
	inventory->routing = routing;
	inventory->keeps =
	    config->inventory_cache_us > 0 || config->inventory_stale_s > 0;
	inventory->headers = http_headers_add(NULL, "Accept: application/json");
	inventory->known =
	    stock_new(inventory->keeps ? PLACES_KEPT : PLACES_ASKED);
	if (!inventory->headers || !inventory->known) {
		inventory_free(inventory);
		return NULL;
	}
	return inventory;
}

void inventory_free(struct inventory *inventory)
{
	if (!inventory)
		return;
	stock_free(inventory->known);
	http_headers_free(inventory->headers);
	free(inventory);
}

static void set_word(struct inventory_stock *stock, const char *word)
{
	snprintf(stock->word, sizeof stock->word, "%s", word);
}

/*
 * The word in /status, when it is one that the map could have. A longer one
 * is no answer: cut, it could be another word of the map.
 */
static enum status read_word(
    const struct http_answer *answer, struct inventory_stock *stock)
{
	char problem[JSON_PROBLEM_BYTES];
	json_t *json = NULL;
	const char *word;
	enum status status;

	status = json_parse(
	    answer->body, answer->body_bytes, DEPTH_MAX, &json, problem);
	if (status != STATUS_OK)
		return status == STATUS_MEMORY ? status : STATUS_ANSWER_INVALID;
	word = json_string_value(json_at(json, "/status"));
	if (!word || word[0] == '\0' || strlen(word) > ROUTING_WORD_MAX)
		status = STATUS_ANSWER_INVALID;
	else
		set_word(stock, word);
	json_decref(json);
	return status;
}

/* 404 is a product that the inventory does not know, a refusal like others. */
static enum status read_answer(
    const struct http_answer *answer, struct inventory_stock *stock)
{
	if (answer->code >= 500)
		return STATUS_UPSTREAM_FAILED;
	if (answer->code != 200)
		return STATUS_UPSTREAM_REFUSED;
	return read_word(answer, stock);
}

/*
 * Too slow, 5xx and an open breaker mean "down"; everything else "cannot
 * tell". The map may send the two to different queues.
 */
static const char *fallback_word(enum status status)
{
	if (status == STATUS_TIMEOUT || status == STATUS_UPSTREAM_FAILED ||
	    status == STATUS_BREAKER_OPEN)
		return routing_timeout;
	return routing_unknown;
}

/* The inventory gave no verdict on the product, for now. */
static bool is_passing(enum status status)
{
	return status == STATUS_TIMEOUT || status == STATUS_UPSTREAM_FAILED ||
	       status == STATUS_BREAKER_OPEN || status == STATUS_TRANSPORT ||
	       status == STATUS_UNREACHABLE;
}

/* --- what is kept of answers --- */

static bool is_good(const struct inventory *inventory, const char *word)
{
	return !routing_is_fallback(
	    inventory->routing, routing_choose(inventory->routing, word));
}

static void keep_word(const struct inventory_question *question)
{
	const struct inventory *inventory = question->inventory;
	const struct inventory_stock *stock = &question->stock;

	if (!inventory->keeps || !question->item)
		return;
	if (stock->result == STATUS_OK && is_good(inventory, stock->word))
		stock_learn(question->item, stock->word, clock_mono_us());
	else if (stock->result == STATUS_OK || stock->http == 404)
		stock_forget(question->item);
}

/*
 * The fallback's word, or an old one, which is never used silently: the
 * event's answer says so, and the log once in STOCK_WARN_US.
 */
static void stand_in(struct inventory_question *question)
{
	struct inventory_stock *stock = &question->stock;
	struct stock_item *item = question->item;
	int64_t max_us =
	    question->inventory->config->inventory_stale_s * CLOCK_SECOND;
	int64_t now_us = clock_mono_us();
	const char *word = NULL;

	if (item && is_passing(stock->result))
		word = stock_word(item, max_us, now_us);
	stock->stale = word;
	set_word(stock, word ? word : fallback_word(stock->result));
	if (word && stock_may_warn(item, now_us))
		log_event(LOG_WARN, NULL, question->trace,
		    "inventory: stale \"%s\", %lld s old, is used for %s: %s",
		    word, (long long)((now_us - item->word_us) / CLOCK_SECOND),
		    item->sku, status_name(stock->result));
}

/* --- answered by what is kept --- */

static void kept_due(void *arg)
{
	struct inventory_question *question = arg;

	question->done(question->arg);
}

/* By the timer, since no caller is called back before it has returned. */
static bool answer_kept(struct inventory_question *question)
{
	const struct inventory *inventory = question->inventory;
	int64_t now_us = clock_mono_us();
	const char *word = stock_word(
	    question->item, inventory->config->inventory_cache_us, now_us);

	if (!word)
		return false;
	set_word(&question->stock, word);
	loop_timer_init(&question->timer, kept_due, question);
	return loop_timer_set(inventory->loop, &question->timer, now_us) ==
	       STATUS_OK;
}

/* --- waiting for the answer to another --- */

static void end_wait(struct inventory_question *question)
{
	waits_add(question->waits, "inventory", "other_lookup",
	    clock_mono_us() - question->wait_from_us);
}

/* A stop hurries every timer, but brings the answer waited for as well. */
static void patience_due(void *arg)
{
	struct inventory_question *question = arg;
	struct loop *loop = question->inventory->loop;

	if (clock_mono_us() < question->until_us &&
	    loop_timer_set(loop, &question->timer, question->until_us) ==
		STATUS_OK)
		return;
	end_wait(question);
	stock_leave(question->item, &question->wait);
	question->stock.result = STATUS_TIMEOUT;
	stand_in(question);
	question->done(question->arg);
}

static bool wait_for_other(struct inventory_question *question)
{
	if (!question->item->asked)
		return false;
	loop_timer_init(&question->timer, patience_due, question);
	if (loop_timer_set(question->inventory->loop, &question->timer,
		question->until_us) != STATUS_OK)
		return false;
	question->wait_from_us = clock_mono_us();
	question->wait.arg = question;
	stock_wait(question->item, &question->wait);
	return true;
}

/*
 * stock is a copy: the one that asked may ask again from within done. Its
 * request was counted there; those who waited have sent none. The next is
 * read before done, from which on a question is its caller's.
 */
static void answer_waiting(
    struct loop *loop, struct stock_wait *wait, struct inventory_stock stock)
{
	stock.attempts = 0;
	while (wait) {
		struct inventory_question *question = wait->arg;

		wait = wait->next;
		end_wait(question);
		loop_timer_stop(loop, &question->timer);
		question->stock = stock;
		question->done(question->arg);
	}
}

/* --- asking --- */

/* The breaker's opening was logged; a line per event would bury it. */
static enum log_level lookup_level(enum status status)
{
	return status == STATUS_BREAKER_OPEN ? LOG_DEBUG : LOG_WARN;
}

/* Nobody waits any more when the first is told: it may ask anew. */
static void end_request(struct inventory_question *question)
{
	struct loop *loop = question->inventory->loop;
	struct inventory_stock stock = question->stock;
	struct stock_wait *waiting = NULL;

	if (question->item)
		waiting = stock_end(question->item);
	question->done(question->arg);
	answer_waiting(loop, waiting, stock);
}

static void got_stock(
    void *arg, enum status status, const struct http_answer *answer)
{
	struct inventory_question *question = arg;
	struct inventory_stock *stock = &question->stock;

	if (answer->waited_us > WAITS_SLOT_US)
		waits_add(question->waits, "inventory", "connection_slot",
		    answer->waited_us);
	/* The word stands in the body: a status line alone is no answer. */
	if (status == STATUS_OK) {
		stock->http = (int)answer->code;
		status = read_answer(answer, stock);
	}
	stock->result = status;
	keep_word(question);
	/* Nothing was sent. */
	if (status == STATUS_BREAKER_OPEN)
		stock->attempts = 0;
	if (status != STATUS_OK) {
		log_event(lookup_level(status), NULL, question->trace,
		    "inventory lookup failed: %s, HTTP %ld%s%s",
		    status_name(status), answer->code,
		    answer->problem[0] != '\0' ? ", " : "", answer->problem);
		stand_in(question);
	}
	end_request(question);
}

static void send_request(struct inventory_question *question)
{
	struct inventory *inventory = question->inventory;
	struct http_request request = {
	    .upstream = HTTP_INVENTORY,
	    .method = "GET",
	    .headers = inventory->headers,
	};

	question->stock = (struct inventory_stock){.attempts = 1};
	if (question->trace) {
		trace_write(question->trace, &question->lines);
		request.lines = question->lines.lines;
	}
	text_clear(&question->url);
	text_add(&question->url, inventory->config->inventory_api_url);
	text_add(&question->url, "/");
	text_add_segment(&question->url, question->sku);
	/* A URL cut short would name another product; to "" nothing is sent. */
	request.url =
	    text_failed(&question->url) ? "" : text_string(&question->url);
	request.timeout_us = question->until_us - clock_mono_us();
	breaker_send(
	    inventory->breaker, &question->call, &request, got_stock, question);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void inventory_ask(
    struct inventory *inventory, struct inventory_question *question)
{
	struct stock_item *item = stock_find(inventory->known, question->sku);

	question->inventory = inventory;
	question->item = item;
	question->stock = (struct inventory_stock){0};
	question->until_us = earlier(question->deadline_us,
	    clock_mono_us() + inventory->config->inventory_timeout_us);
	if (item && (answer_kept(question) || wait_for_other(question)))
		return;
	/* No timer was left to wait for the one that asks: go alone. */
	if (item && item->asked)
		question->item = NULL;
	else if (item)
		item->asked = true;
	send_request(question);
}

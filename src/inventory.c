/* inventory.c: a SKU -> the status word the inventory has for it */
#include "inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "log.h"

#define DEPTH_MAX 32 /* far deeper than any inventory's answer */

/* One for all questions; each lives in its caller's struct till done. */
struct inventory {
	const struct config *config;
	struct breaker *breaker;
	struct http_headers *headers;
};

struct inventory *inventory_new(const struct config *config,
    struct breaker *breaker)
{
	struct inventory *inventory = calloc(1, sizeof *inventory);

	if (!inventory)
		return NULL;
	inventory->config = config;
	inventory->breaker = breaker;
	inventory->headers = http_headers_add(NULL,
	    "Accept: application/json");
	if (!inventory->headers) {
		free(inventory);
		return NULL;
	}
	return inventory;
}

void inventory_free(struct inventory *inventory)
{
	if (!inventory)
		return;
	http_headers_free(inventory->headers);
	free(inventory);
}

static void set_word(struct inventory_stock *stock, const char *word)
{
	snprintf(stock->word, sizeof stock->word, "%s", word);
}

/* The word in /status, when it is one that the map could have. */
static enum status read_word(const struct http_answer *answer,
    struct inventory_stock *stock)
{
	char problem[JSON_PROBLEM_BYTES];
	json_t *json = NULL;
	const char *word;
	enum status status;

	status = json_parse(answer->body, answer->body_bytes, DEPTH_MAX, &json,
	    problem);
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
static enum status read_answer(const struct http_answer *answer,
    struct inventory_stock *stock)
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

/* The breaker's opening was logged; a line per event would bury it. */
static enum log_level lookup_level(enum status status)
{
	return status == STATUS_BREAKER_OPEN ? LOG_DEBUG : LOG_WARN;
}

static void got_stock(void *arg, enum status status,
    const struct http_answer *answer)
{
	struct inventory_question *question = arg;
	struct inventory_stock *stock = &question->stock;

	/* The word stands in the body: a status line alone is no answer. */
	if (status == STATUS_OK) {
		stock->http = (int)answer->code;
		status = read_answer(answer, stock);
	}
	stock->result = status;
	/* Nothing was sent. */
	if (status == STATUS_BREAKER_OPEN)
		stock->attempts = 0;
	if (status != STATUS_OK) {
		set_word(stock, fallback_word(status));
		log_event(lookup_level(status), NULL,
		    trace_request_id(question->trace),
		    "inventory lookup failed: %s, HTTP %ld%s%s",
		    status_name(status), answer->code,
		    answer->problem[0] != '\0' ? ", " : "", answer->problem);
	}
	question->done(question->arg);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void inventory_ask(struct inventory *inventory,
    struct inventory_question *question)
{
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
	request.url = text_failed(&question->url) ?
	    "" : text_string(&question->url);
	request.timeout_us = earlier(inventory->config->inventory_timeout_us,
	    question->deadline_us - clock_mono_us());
	breaker_send(inventory->breaker, &question->call, &request, got_stock,
	    question);
}

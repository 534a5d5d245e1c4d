/* sim_inventory.c: SKU -> stock word */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "sim_inventory.h"

enum { WORD_BYTES = 128 };

struct stock {
	pthread_mutex_t lock;
	json_t *words; /* NULL: every SKU is in stock */
};

struct stock *stock_new(void)
{
	struct stock *stock = calloc(1, sizeof *stock);

	if (stock)
		pthread_mutex_init(&stock->lock, NULL);
	return stock;
}

void stock_free(struct stock *stock)
{
	if (!stock)
		return;
	json_decref(stock->words);
	pthread_mutex_destroy(&stock->lock);
	free(stock);
}

bool stock_set(struct stock *stock, json_t *object)
{
	const char *sku;
	json_t *word, *old;

	if (!json_is_object(object))
		return false;
	json_object_foreach (object, sku, word) {
		if (!json_is_string(word) ||
		    json_string_length(word) >= WORD_BYTES)
			return false;
	}
	pthread_mutex_lock(&stock->lock);
	old = stock->words;
	stock->words = json_incref(object);
	pthread_mutex_unlock(&stock->lock);
	json_decref(old);
	return true;
}

static bool stock_find(struct stock *stock, const char *sku, char *word)
{
	json_t *found = NULL;

	if (!stock->words) {
		strcpy(word, "in_stock");
		return true;
	}
	found = json_object_get(stock->words, sku);
	if (!found)
		found = json_object_get(stock->words, "*");
	if (found)
		strcpy(word, json_string_value(found));
	return found;
}

void inventory_play(struct request *request)
{
	struct stock *stock = request->sim->stock;
	const char *sku = request->segment;
	char word[WORD_BYTES];
	bool found;

	/* The word is copied: the stock may be replaced once unlocked. */
	pthread_mutex_lock(&stock->lock);
	found = stock_find(stock, sku, word);
	pthread_mutex_unlock(&stock->lock);
	if (!found)
		reply_error(&request->reply, 404, "unknown sku");
	/* Nearly every SKU is plain; printing it is the benchmark's path. */
	else if (reply_is_plain(sku) && reply_is_plain(word))
		reply_format(&request->reply, 200,
		    "{\"sku\":\"%s\",\"status\":\"%s\"}", sku, word);
	else
		reply_json(&request->reply, 200,
		    json_pack("{s:o,s:s}", "sku", reply_text(sku, strlen(sku)),
			"status", word));
}

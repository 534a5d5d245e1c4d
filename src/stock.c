/* stock.c: a SKU -> what this process knows of it, and who waits for it */
#include "stock.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* items has as many as places says, a power of two: a hash is masked. */
struct stock {
	size_t places;
	struct stock_item items[];
};

struct stock *stock_new(size_t places)
{
	struct stock *stock;

	assert(places >= STOCK_NEAR && (places & (places - 1)) == 0);
	stock = calloc(1, sizeof *stock + places * sizeof *stock->items);
	if (stock == NULL)
		return NULL;
	stock->places = places;
	return stock;
}

void stock_free(struct stock *stock)
{
	free(stock);
}

/* FNV-1a, 64 bits: who floods one place only makes us ask more often. */
static uint64_t hash_of(const char *sku)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *sku != '\0'; sku++) {
		hash ^= (unsigned char)*sku;
		hash *= UINT64_C(0x100000001b3);
	}
	return hash;
}

/* The emptier comes first; a word's age counts only where there is one. */
static bool is_better_place(
    const struct stock_item *item, const struct stock_item *best)
{
	if (item->asked)
		return false;
	if (best == NULL || best->word[0] == '\0')
		return best == NULL;
	return item->word[0] == '\0' || item->word_us < best->word_us;
}

/*
 * All places near are looked at: one emptied meanwhile ends no search. The
 * place that is taken is asked for by nobody, so that nobody waits at it.
 */
struct stock_item *stock_find(struct stock *stock, const char *sku)
{
	uint64_t hash = hash_of(sku);
	struct stock_item *best = NULL;

	if (strlen(sku) > SKU_MAX)
		return NULL;
	for (size_t i = 0; i < STOCK_NEAR; i++) {
		size_t place = (size_t)(hash + i) & (stock->places - 1);
		struct stock_item *item = &stock->items[place];

		if (item->hash == hash && strcmp(item->sku, sku) == 0)
			return item;
		if (is_better_place(item, best))
			best = item;
	}
	if (best == NULL)
		return NULL;
	*best = (struct stock_item){.hash = hash};
	strcpy(best->sku, sku);
	return best;
}

void stock_learn(struct stock_item *item, const char *word, int64_t now_us)
{
	assert(strlen(word) <= ROUTING_WORD_MAX);
	strcpy(item->word, word);
	item->word_us = now_us;
}

void stock_forget(struct stock_item *item)
{
	item->word[0] = '\0';
}

const char *stock_word(
    const struct stock_item *item, int64_t max_us, int64_t now_us)
{
	if (item->word[0] == '\0' || now_us - item->word_us >= max_us)
		return NULL;
	return item->word;
}

bool stock_may_warn(struct stock_item *item, int64_t now_us)
{
	if (now_us < item->warn_us)
		return false;
	item->warn_us = now_us + STOCK_WARN_US;
	return true;
}

void stock_wait(struct stock_item *item, struct stock_wait *wait)
{
	wait->next = NULL;
	if (item->last != NULL)
		item->last->next = wait;
	else
		item->first = wait;
	item->last = wait;
}

/* Those whose time is over came early as a rule: the search is short. */
void stock_leave(struct stock_item *item, struct stock_wait *wait)
{
	struct stock_wait *before = NULL;
	struct stock_wait *at = item->first;

	while (at != NULL && at != wait) {
		before = at;
		at = at->next;
	}
	if (at == NULL)
		return;
	if (before != NULL)
		before->next = wait->next;
	else
		item->first = wait->next;
	if (item->last == wait)
		item->last = before;
}

struct stock_wait *stock_end(struct stock_item *item)
{
	struct stock_wait *first = item->first;

	item->first = NULL;
	item->last = NULL;
	item->asked = false;
	return first;
}

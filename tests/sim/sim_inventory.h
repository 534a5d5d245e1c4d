#ifndef SIM_INVENTORY_H
#define SIM_INVENTORY_H

#include <stdbool.h>

#include <jansson.h>

struct stock;
struct request;

/* Every SKU in stock; freed with stock_free, which takes NULL. */
struct stock *stock_new(void);
void stock_free(struct stock *stock);

/* Replaces the stock by object {"SKU":"word"} (borrows). False: it is not of
 * that shape, or a word is longer than 127 bytes; nothing changed. */
bool stock_set(struct stock *stock, json_t *object);

/* Plays GET /inventory/{sku}. */
void inventory_play(struct request *request);

#endif

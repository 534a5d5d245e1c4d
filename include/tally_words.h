#ifndef TALLY_WORDS_H
#define TALLY_WORDS_H

#include <stdbool.h>

#include "config.h"
#include "tally.h"

/*
 * The words of the counts: what stands in table tally and in the metrics.
 * The label of a count is the word of what; with two labels who's word and a
 * space come before it ("cxone 5xx"); without any it is "".
 */
#define TALLY_LABEL_BYTES 64

/* The count's name, the column `name`: "upstream_requests". */
const char *tally_word(enum tally_name name);

/*
 * Writes the label of a count. False: there is no such count. config is
 * asked for the ids of the keys.
 */
bool tally_label(const struct config *config, enum tally_name name, int who,
    int what, char label[TALLY_LABEL_BYTES]);

/* The count that stands for an answer to the webhook's sender. */
enum tally_http tally_http(int http);

#endif

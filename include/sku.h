#ifndef SKU_H
#define SKU_H

#include "config.h"
#include "event.h"
#include "status.h"

#define SKU_MAX 256 /* bytes */

/*
 * The product an event is about. A string or an integer where
 * config->sku_pointer points comes first; without one, config->sku_rule
 * makes the SKU from media type and interaction id. *rule is given what it
 * was, static: "pointer", or the name of the rule:
 *   media-suffix     SKU-VOICE-567890: media type in upper case, last 6
 *                    characters of the id
 *   channel-default  chat and email SKU-567890 (in upper case), every
 *                    other media type SKU-DEFAULT-VOICE
 * STATUS_FIELD_INVALID: the SKU found is over SKU_MAX bytes, has control
 * characters, or is "." or "..", which no path segment can carry; or a SKU,
 * found or made, has a character that config->sku_alphabet does not.
 */
enum status sku_find(const struct config *config, const struct event *event,
    char sku[SKU_MAX + 1], const char **rule, struct event_problem *problem);

#endif

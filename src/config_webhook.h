#ifndef CONFIG_WEBHOOK_H
#define CONFIG_WEBHOOK_H

#include "config_report.h"

/*
 * The settings of the senders' authentication: several secrets in one
 * setting, and what fits what. Private to the config_*.c files.
 */

/*
 * Splits text at spaces and commas into the field, a struct webhook_secrets
 * whose ids become "1", "2" ... NULL, or what is wrong in words.
 */
const char *config_set_secrets(
    const struct config_key *key, const char *text, void *field);

/*
 * Takes the list of objects of the JSON file: id and secret (or
 * secret_file), and where wanted not_before and not_after as RFC 3339 in
 * UTC. Everything wrong is reported, with the item's number.
 */
void config_take_secrets(
    struct loading *loading, const struct config_key *key, const json_t *list);

/*
 * Reports what WEBHOOK_AUTH needs and has not, secrets that cannot be keys,
 * and settings that have no effect or open a gap; and an ADMIN_TOKEN that the
 * senders know.
 */
void config_check_webhook(struct loading *loading);

#endif

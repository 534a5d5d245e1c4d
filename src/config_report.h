#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include <stdbool.h>

#include "config_key.h"
#include "config_read.h"

/*
 * A loading in progress. status is OK until something is wrong; MEMORY is
 * the worst and stays. Private to the config_*.c files.
 */
struct loading {
	struct config *config;
	struct config_file file;
	struct text *problems;
	enum status status;
	bool file_unusable;    /* named, but not read */
	bool wrong[KEY_COUNT]; /* the keys with a problem of their own */
};

/*
 * Each of these adds one line of problems, "KEY (place): what is wrong:
 * what to do", and fails the loading. The place is that of the key's
 * origin, which stands in config already. No secret is ever shown.
 */

/* wrong: words that follow the value, from config_set. */
void report_value(struct loading *loading, const struct config_key *key,
    const char *value, const char *wrong);

/* The member of the JSON file has the wrong type. */
void report_type(
    struct loading *loading, const struct config_key *key, const json_t *value);

/* The file at path, which the key names, was refused. */
void report_path(struct loading *loading, const struct config_key *key,
    const char *path, const char *wrong);

/* The key must be set, and is not. */
void report_unset(struct loading *loading, const struct config_key *key);

/* The key is right by itself, but not beside another. */
void report_clash(
    struct loading *loading, const struct config_key *key, const char *wrong);

/* The JSON file has a member that is no key. */
void report_unknown(struct loading *loading, const char *member);

#endif

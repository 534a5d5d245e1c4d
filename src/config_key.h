#ifndef CONFIG_KEY_H
#define CONFIG_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"

/*
 * The key table: one row per setting, in the order in which they are
 * printed. Private to the config_*.c files.
 */
enum config_type {
	CONFIG_TEXT, /* min to max bytes */
	CONFIG_PATH, /* a text that begins with a slash */
	CONFIG_URL,
	CONFIG_POINTER,  /* JSON Pointer */
	CONFIG_HEADER,   /* the name of an HTTP header */
	CONFIG_ALPHABET, /* characters and ranges of them */
	CONFIG_LOG_TO,   /* as log_sink.h has it */
	CONFIG_SECRET,   /* never shown; also as NAME_FILE */
	CONFIG_SECRETS,  /* several; in the JSON file a list of objects too */
	CONFIG_WORDS,    /* one of words, kept as its index */
	CONFIG_COUNT,    /* a whole number from min to max */
	CONFIG_BYTES,
	CONFIG_MS, /* kept in microseconds */
	CONFIG_TYPE_COUNT
};

struct config_word {
	const char *word;
	const char *meaning;
};

struct config_key {
	const char *name; /* in the environment */
	enum config_type type;
	size_t offset;        /* of the field in struct config */
	const char *fallback; /* the default; NULL: must be set;
				   "": may be empty */
	int64_t min;
	int64_t max;
	const struct config_word *words; /* ends with a NULL word */
	const char *help;
};

enum config_key_number {
	KEY_CONFIG,
	KEY_DB,
	KEY_KEY,
	KEY_KEY_OLD,
	KEY_SOCKET,
	KEY_CXONE_BASE_URL,
	KEY_CXONE_CLIENT_ID,
	KEY_CXONE_CLIENT_SECRET,
	KEY_CXONE_TIMEOUT,
	KEY_CXONE_ATTEMPT_MIN,
	KEY_CXONE_RETRIES,
	KEY_CXONE_BACKOFF,
	KEY_CXONE_JITTER,
	KEY_RETRY_SCHEDULE,
	KEY_RETRY_BUDGET,
	KEY_INVENTORY_API_URL,
	KEY_INVENTORY_TIMEOUT,
	KEY_INVENTORY_CACHE,
	KEY_INVENTORY_STALE,
	KEY_UPSTREAM_CA_FILE,
	KEY_UPSTREAM_CLIENT_CERT,
	KEY_UPSTREAM_CLIENT_KEY,
	KEY_UPSTREAM_PROXY,
	KEY_UPSTREAM_HTTP,
	KEY_BREAKER,
	KEY_BREAKER_MIN_CALLS,
	KEY_BREAKER_OPEN,
	KEY_BREAKER_OPEN_MAX,
	KEY_SKU_POINTER,
	KEY_SKU_RULE,
	KEY_SKU_ALPHABET,
	KEY_ROUTING_MODE,
	KEY_EVENT_DEADLINE,
	KEY_SPILL,
	KEY_EVENT_MAX_AGE,
	KEY_QUEUE_ATTEMPTS,
	KEY_QUEUE_BACKOFF,
	KEY_CXONE_MAX_INFLIGHT,
	KEY_QUEUE_MAX_ROWS,
	KEY_QUEUE_MAX_BYTES,
	KEY_QUEUE_MAX_AGE,
	KEY_DISK_MIN,
	KEY_CLAIM_WINDOW,
	KEY_RETENTION_DECISIONS,
	KEY_RETENTION_MINUTES,
	KEY_RETENTION_HOURS,
	KEY_RETENTION_DAYS,
	KEY_WEBHOOK_AUTH,
	KEY_WEBHOOK_SECRET,
	KEY_WEBHOOK_SECRETS,
	KEY_WEBHOOK_SCHEME,
	KEY_WEBHOOK_TOLERANCE_PAST,
	KEY_WEBHOOK_TOLERANCE_FUTURE,
	KEY_WEBHOOK_HEADER,
	KEY_WEBHOOK_PREFIX,
	KEY_WEBHOOK_HASH,
	KEY_WEBHOOK_ENCODING,
	KEY_WEBHOOK_TEMPLATE,
	KEY_WEBHOOK_TIMESTAMP_HEADER,
	KEY_WEBHOOK_ID_HEADER,
	KEY_BODY_MAX,
	KEY_GATHER_TIMEOUT,
	KEY_MAX_INFLIGHT,
	KEY_MAX_TRANSFERS,
	KEY_ADMIN_TOKEN,
	KEY_LOG_LEVEL,
	KEY_LOG_FORMAT,
	KEY_LOG_TO,
	KEY_LANDLOCK,
	KEY_SECCOMP,
	KEY_COUNT
};

extern const struct config_key config_keys[KEY_COUNT];

/* The name of the member in the JSON file: the key's in lower case. */
#define CONFIG_MEMBER_BYTES 64
void config_member(
    const struct config_key *key, char member[CONFIG_MEMBER_BYTES]);

/* True for the types that stand as numbers in the JSON file. */
bool config_is_number(const struct config_key *key);

/* True for the types that are never shown, and come from NAME_FILE too. */
bool config_is_secret(const struct config_key *key);

/*
 * Checks text and sets the key's field. NULL when that was done, else what
 * is wrong in words that follow the value ("is out of range").
 */
const char *config_set(
    struct config *config, const struct config_key *key, const char *text);

/* Does text hold a control character of ASCII? No setting may. */
bool config_has_control(const char *text);

/* Adds what the key wants: "give a whole number from 0 to 10". */
void config_add_wanted(struct text *text, const struct config_key *key);

/* The field as config_set understands it. Not for secrets. */
void config_add_value(struct text *text, const struct config *config,
    const struct config_key *key);

#endif

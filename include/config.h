#ifndef CONFIG_H
#define CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "backoff.h"
#include "log.h"
#include "status.h"
#include "text.h"

/*
 * All settings of the program, const after loading. One key table in
 * config_key.c makes the fields, the environment names, the members of the
 * JSON file (the environment name in lower case), the limits, the output
 * of `stockroute config` and the README's table. config.c is the only file
 * that reads the environment.
 *
 * A key's value comes from, in this order: the environment; the JSON file
 * named by STOCKROUTE_CONFIG; the default. A secret has exactly one place:
 * the environment; a file named by NAME_FILE; a credential of systemd's; the
 * JSON file, which others must not be able to read. Two of them are an
 * error. Times are given in ms and kept in microseconds.
 */
#define CONFIG_TEXT_BYTES   1024
#define CONFIG_SECRET_BYTES 4096
#define CONFIG_KEY_BYTES    65 /* 64 hex digits */
#define CONFIG_SHORT_BYTES  128

#define CONFIG_BODY_BYTES_MAX 98304 /* the most that BODY_MAX_BYTES may be */

enum webhook_auth {
	WEBHOOK_AUTH_NONE,
	WEBHOOK_AUTH_BEARER,
	WEBHOOK_AUTH_BASIC,
	WEBHOOK_AUTH_HEADER,
	WEBHOOK_AUTH_HMAC
};
enum webhook_scheme {
	WEBHOOK_SCHEME_STANDARD,
	WEBHOOK_SCHEME_GITHUB,
	WEBHOOK_SCHEME_STRIPE,
	WEBHOOK_SCHEME_NEXUS,
	WEBHOOK_SCHEME_CUSTOM
};
enum webhook_hash {
	WEBHOOK_HASH_SHA256,
	WEBHOOK_HASH_SHA512,
	WEBHOOK_HASH_SHA1
};
enum webhook_encoding { WEBHOOK_ENCODING_HEX, WEBHOOK_ENCODING_BASE64 };
enum routing_mode { ROUTING_MODE_SYNC, ROUTING_MODE_QUEUE };
enum config_switch { CONFIG_OFF, CONFIG_ON };
enum sku_rule { SKU_RULE_MEDIA_SUFFIX, SKU_RULE_CHANNEL_DEFAULT };

/* Where a value came from. */
enum config_origin {
	CONFIG_FROM_DEFAULT,
	CONFIG_FROM_ENVIRONMENT,
	CONFIG_FROM_PARAMETER,   /* SetEnv, for STOCKROUTE_CONFIG */
	CONFIG_FROM_SECRET_FILE, /* NAME_FILE */
	CONFIG_FROM_CREDENTIAL,  /* systemd's, named like the member */
	CONFIG_FROM_FILE,        /* the JSON file */
	CONFIG_ORIGIN_COUNT
};

#define CONFIG_KEYS_MAX 96

/* One of the secrets of WEBHOOK_SECRETS, or of ADMIN_TOKEN. */
#define WEBHOOK_SECRETS_MAX   10
#define WEBHOOK_SECRET_ID_MAX 32
struct webhook_secret {
	char id[WEBHOOK_SECRET_ID_MAX + 1]; /* named in the log; "1", "2" ...
		where the sender of the setting gave none */
	char text[CONFIG_SECRET_BYTES];
	char file[CONFIG_TEXT_BYTES]; /* its "secret_file", "" when none */
	int64_t not_before_us;        /* wall time; 0: always was */
	int64_t not_after_us;         /* wall time; INT64_MAX: has no end */
};
struct webhook_secrets {
	struct webhook_secret items[WEBHOOK_SECRETS_MAX];
	size_t count;
};

struct config {
	char file[CONFIG_TEXT_BYTES]; /* the JSON file, "" when none */
	char db[CONFIG_TEXT_BYTES];
	char key[CONFIG_KEY_BYTES];     /* "" = the key file */
	char key_old[CONFIG_KEY_BYTES]; /* "" = none */
	char socket[CONFIG_TEXT_BYTES]; /* "" = listen on descriptor 0 */

	char cxone_base_url[CONFIG_TEXT_BYTES]; /* no trailing slash */
	char cxone_client_id[CONFIG_TEXT_BYTES];
	char cxone_client_secret[CONFIG_SECRET_BYTES];
	int64_t cxone_timeout_us;
	int64_t cxone_attempt_min_us; /* an attempt needs so much */
	int64_t cxone_retries;        /* of one update */
	int64_t cxone_backoff_us;     /* the first; doubles */
	int64_t cxone_jitter_us;      /* added at random, 0 to this */
	enum backoff_schedule retry_schedule;
	int64_t retry_budget; /* tokens, of all processes */

	char inventory_api_url[CONFIG_TEXT_BYTES]; /* no trailing slash */
	int64_t inventory_timeout_us;
	int64_t inventory_cache_us; /* 0: every lookup is asked for */
	int64_t inventory_stale_s;  /* 0: never */

	char upstream_ca_file[CONFIG_TEXT_BYTES];     /* "" = the system's */
	char upstream_client_cert[CONFIG_TEXT_BYTES]; /* "" = none */
	char upstream_client_key[CONFIG_TEXT_BYTES];  /* "" = in that file */
	char upstream_proxy[CONFIG_TEXT_BYTES];       /* "" = none */
	enum config_switch upstream_http; /* also to other machines */

	enum config_switch breaker;
	int64_t breaker_min_calls;
	int64_t breaker_open_us; /* the first time; doubles */
	int64_t breaker_open_max_us;

	char sku_pointer[CONFIG_TEXT_BYTES]; /* JSON Pointer, "" = none */
	enum sku_rule sku_rule;
	char sku_alphabet[CONFIG_SHORT_BYTES]; /* "" = any */
	enum routing_mode routing_mode;
	int64_t event_deadline_us;
	enum config_switch spill;
	int64_t event_max_age_s;
	int64_t queue_attempts;
	int64_t queue_backoff_us;
	int64_t cxone_max_inflight; /* over all processes */
	int64_t queue_max_rows;
	int64_t queue_max_bytes;
	int64_t queue_max_age_s;
	int64_t disk_min_bytes;
	int64_t claim_window_s;
	int64_t retention_decisions_days; /* 0: for ever; so the next three */
	int64_t retention_minutes_days;
	int64_t retention_hours_days;
	int64_t retention_days_days;

	enum webhook_auth webhook_auth;
	char webhook_secret[CONFIG_SECRET_BYTES]; /* "" = none */
	struct webhook_secrets webhook_secrets;
	enum webhook_scheme webhook_scheme;
	int64_t webhook_tolerance_past_s;
	int64_t webhook_tolerance_future_s;
	char webhook_header[CONFIG_SHORT_BYTES]; /* "" = none, as the others */
	char webhook_prefix[CONFIG_SHORT_BYTES];
	enum webhook_hash webhook_hash;
	enum webhook_encoding webhook_encoding;
	char webhook_template[CONFIG_SHORT_BYTES];
	char webhook_timestamp_header[CONFIG_SHORT_BYTES];
	char webhook_id_header[CONFIG_SHORT_BYTES];
	int64_t body_max_bytes;
	int64_t gather_us;     /* for a whole request to arrive */
	int64_t inflight_max;  /* events in hand in one process */
	int64_t transfers_max; /* running requests per upstream */

	struct webhook_secrets admin_tokens; /* none: there are no pages */
	enum log_level log_level;
	enum log_format log_format;
	char log_to[CONFIG_TEXT_BYTES]; /* see log_sink.h; "" = stderr */

	enum config_switch landlock; /* files and ports confined */
	enum config_switch seccomp;  /* system calls confined */

	json_t *routing; /* section "routing" of the file, or NULL */
	enum config_origin origin[CONFIG_KEYS_MAX]; /* by key number */
};

/* Does what is sent there leave this machine in the clear? */
bool config_is_in_the_clear(const char *url);

/*
 * Loads and checks everything. file_param: the JSON file as a FastCGI
 * parameter named it (.htaccess SetEnv), used when the environment names
 * none; NULL when there is none.
 * STATUS_OK: *config is given, free it with config_free. STATUS_CONFIG_-
 * INVALID: problems has one line for every problem found, each naming the
 * key, the place of its value and the remedy, never a secret's value.
 * STATUS_MEMORY.
 */
enum status config_load(
    const char *file_param, struct config **config, struct text *problems);

/*
 * Loads only what reading the database needs (STOCKROUTE_CONFIG,
 * STOCKROUTE_DB, LOG_LEVEL), so that reports work without secrets. The other
 * keys' fields are zero, not their defaults. Statuses as config_load.
 */
enum status config_load_reader(struct config **config, struct text *problems);

/* The same and how much is kept: the queue's caps, RETENTION_*. */
enum status config_load_caps(struct config **config, struct text *problems);

/* The same and the keys that seal the token. */
enum status config_load_keys(struct config **config, struct text *problems);

/*
 * The files that secrets were read from, by number from 0 on: what NAME_FILE
 * names, credentials of systemd's, and "secret_file" of WEBHOOK_SECRETS and
 * ADMIN_TOKEN. key is the setting's name, static; path is copied. False: there
 * are no more.
 */
bool config_secret_file(const struct config *config, size_t number,
    const char **key, char path[CONFIG_TEXT_BYTES]);

/* Wipes the secrets and frees. NULL is allowed. */
void config_free(struct config *config);

/*
 * True when the environment names a file, or sets WEBHOOK_AUTH itself: the
 * configuration can be loaded before the first request.
 */
bool config_in_environment(void);

/*
 * Prints every key with value and origin, one a line; a secret shows as
 * "(set, N bytes)" or "(not set)".
 */
void config_print(const struct config *config, FILE *out);

/* Prints the key table as a Markdown table, for the README. */
void config_print_markdown(FILE *out);

#endif

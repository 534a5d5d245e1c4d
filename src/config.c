/* config.c: environment and JSON file -> checked settings */
#include "config.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_key.h"
#include "config_read.h"
#include "config_report.h"
#include "config_secret.h"
#include "config_upstream.h"
#include "config_webhook.h"

#define WORDS_MAX 512

/*
 * A value goes through the same check wherever it came from, the default
 * included. The origin is set even for a wrong one: it tells its place.
 */
static void take(struct loading *loading, const struct config_key *key,
    enum config_origin origin, const char *value)
{
	const char *wrong = config_set(loading->config, key, value);

	loading->config->origin[key - config_keys] = origin;
	if (wrong != NULL)
		report_value(loading, key, value, wrong);
}

static void take_secret_file(struct loading *loading,
    const struct config_key *key, const struct secret_source *source)
{
	char secret[CONFIG_SECRET_BYTES];
	enum status status;
	struct text words;

	text_init(&words, WORDS_MAX);
	status =
	    config_secret_read(source->path, secret, sizeof secret, &words);
	if (status == STATUS_OK)
		take(loading, key, source->origin, secret);
	else if (status == STATUS_MEMORY)
		loading->status = status;
	else
		report_path(loading, key, source->path, text_string(&words));
	/* The field keeps its own copy, wiped by config_free. */
	OPENSSL_cleanse(secret, sizeof secret);
	text_done(&words);
}

static void take_member(
    struct loading *loading, const struct config_key *key, const json_t *value)
{
	char digits[32]; /* any int64_t has room */

	loading->config->origin[key - config_keys] = CONFIG_FROM_FILE;
	if (config_is_number(key) && json_is_integer(value)) {
		snprintf(digits, sizeof digits, "%lld",
		    (long long)json_integer_value(value));
		take(loading, key, CONFIG_FROM_FILE, digits);
	} else if (key->type == CONFIG_SECRETS && json_is_array(value)) {
		config_take_secrets(loading, key, value);
	} else if (!config_is_number(key) && json_is_string(value)) {
		take(loading, key, CONFIG_FROM_FILE, json_string_value(value));
	} else {
		report_type(loading, key, value);
	}
}

static void take_default(struct loading *loading, const struct config_key *key)
{
	if (key->fallback != NULL)
		take(loading, key, CONFIG_FROM_DEFAULT, key->fallback);
	else
		report_unset(loading, key);
}

static void load_secret(struct loading *loading, const struct config_key *key,
    const json_t *in_file)
{
	struct secret_source source;

	if (!config_find_secret(loading, key, &source))
		return;
	switch (source.origin) {
	case CONFIG_FROM_ENVIRONMENT:
		take(loading, key, source.origin, source.value);
		break;
	case CONFIG_FROM_SECRET_FILE:
	case CONFIG_FROM_CREDENTIAL:
		take_secret_file(loading, key, &source);
		break;
	case CONFIG_FROM_FILE:
		take_member(loading, key, in_file);
		break;
	default:
		take_default(loading, key);
	}
}

static void load_key(struct loading *loading, const struct config_key *key)
{
	const char *value = getenv(key->name);
	char member[CONFIG_MEMBER_BYTES];
	const json_t *in_file;

	config_member(key, member);
	in_file = json_object_get(loading->file.root, member);
	if (config_is_secret(key))
		load_secret(loading, key, in_file);
	else if (value != NULL)
		take(loading, key, CONFIG_FROM_ENVIRONMENT, value);
	else if (in_file != NULL)
		take_member(loading, key, in_file);
	else
		take_default(loading, key);
}

/* STOCKROUTE_CONFIG is left out: a file cannot name itself. */
static bool is_known(const char *name)
{
	char member[CONFIG_MEMBER_BYTES];
	size_t i;

	for (i = KEY_CONFIG + 1; i < KEY_COUNT; i++) {
		config_member(&config_keys[i], member);
		if (strcmp(name, member) == 0)
			return true;
	}
	return strcmp(name, "routing") == 0;
}

static void check_members(struct loading *loading)
{
	const char *name;
	json_t *member;

	json_object_foreach (loading->file.root, name, member) {
		if (!is_known(name))
			report_unknown(loading, name);
	}
}

/* An empty STOCKROUTE_CONFIG names no file. */
static void find_file(struct loading *loading, const char *file_param)
{
	const struct config_key *key = &config_keys[KEY_CONFIG];
	const char *path = getenv(key->name);

	if (path != NULL && *path != '\0')
		take(loading, key, CONFIG_FROM_ENVIRONMENT, path);
	else if (file_param != NULL)
		take(loading, key, CONFIG_FROM_PARAMETER, file_param);
}

static void load_file(struct loading *loading, const char *file_param)
{
	struct config *config = loading->config;
	enum status status;
	struct text words;

	find_file(loading, file_param);
	if (config->file[0] == '\0')
		return;
	text_init(&words, WORDS_MAX);
	status = config_file_read(config->file, &loading->file, &words);
	loading->file_unusable = status != STATUS_OK;
	if (status == STATUS_MEMORY)
		loading->status = status;
	else if (status != STATUS_OK)
		report_path(loading, &config_keys[KEY_CONFIG], config->file,
		    text_string(&words));
	text_done(&words);
	/*
	 * Without a usable file root is NULL, which has no members. The map is
	 * checked by routing_load, after the file has been wiped and freed.
	 */
	check_members(loading);
	config->routing =
	    json_incref(json_object_get(loading->file.root, "routing"));
}

static void check_below_deadline(
    struct loading *loading, enum config_key_number number, int64_t us)
{
	const struct config *config = loading->config;
	char words[128];

	if (us < config->event_deadline_us || loading->wrong[number] ||
	    loading->wrong[KEY_EVENT_DEADLINE])
		return;
	snprintf(words, sizeof words,
	    "must be less than EVENT_DEADLINE_MS, which is %lld: lower it or "
	    "raise that",
	    (long long)(config->event_deadline_us / 1000));
	report_clash(loading, &config_keys[number], words);
}

/*
 * Values against each other, where each is right by itself. A fallback
 * route, or a retry, that the deadline always forestalls is a mistake.
 */
static void check_together(struct loading *loading)
{
	const struct config *config = loading->config;

	check_below_deadline(
	    loading, KEY_INVENTORY_TIMEOUT, config->inventory_timeout_us);
	if (config->cxone_retries > 0)
		check_below_deadline(
		    loading, KEY_CXONE_BACKOFF, config->cxone_backoff_us);
	config_check_webhook(loading);
	config_check_readers(loading);
	config_check_keys(loading);
	config_check_upstream(loading);
}

/*
 * Gives what was loaded, or frees it when something was wrong. The file goes
 * only now: the lines of problems are looked up in it.
 */
static enum status end(struct loading *loading, struct config **config)
{
	config_file_done(&loading->file);
	if (loading->status == STATUS_OK)
		*config = loading->config;
	else
		config_free(loading->config);
	return loading->status;
}

enum status config_load(
    const char *file_param, struct config **config, struct text *problems)
{
	struct loading loading = {.problems = problems, .status = STATUS_OK};
	size_t i;

	loading.config = calloc(1, sizeof *loading.config);
	if (loading.config == NULL)
		return STATUS_MEMORY;
	load_file(&loading, file_param);
	/* The first key named the file, and is loaded with it. */
	for (i = KEY_CONFIG + 1; i < KEY_COUNT; i++)
		load_key(&loading, &config_keys[i]);
	/* Also after a failure: all problems are told at once. */
	check_together(&loading);
	return end(&loading, config);
}

/* What is not asked for stays zero, with no origin, and is not to be read. */
static enum status load_some(const enum config_key_number *keys, size_t count,
    struct config **config, struct text *problems)
{
	struct loading loading = {.problems = problems, .status = STATUS_OK};

	loading.config = calloc(1, sizeof *loading.config);
	if (loading.config == NULL)
		return STATUS_MEMORY;
	load_file(&loading, NULL);
	for (size_t i = 0; i < count; i++)
		load_key(&loading, &config_keys[keys[i]]);
	config_check_readers(&loading);
	config_check_keys(&loading);
	return end(&loading, config);
}

enum status config_load_reader(struct config **config, struct text *problems)
{
	static const enum config_key_number keys[] = {KEY_DB, KEY_LOG_LEVEL};

	return load_some(keys, sizeof keys / sizeof *keys, config, problems);
}

enum status config_load_caps(struct config **config, struct text *problems)
{
	static const enum config_key_number keys[] = {KEY_DB, KEY_LOG_LEVEL,
	    KEY_QUEUE_MAX_ROWS, KEY_QUEUE_MAX_BYTES, KEY_DISK_MIN,
	    KEY_RETENTION_DECISIONS, KEY_RETENTION_MINUTES, KEY_RETENTION_HOURS,
	    KEY_RETENTION_DAYS};

	return load_some(keys, sizeof keys / sizeof *keys, config, problems);
}

enum status config_load_keys(struct config **config, struct text *problems)
{
	static const enum config_key_number keys[] = {
	    KEY_DB, KEY_LOG_LEVEL, KEY_KEY, KEY_KEY_OLD};

	return load_some(keys, sizeof keys / sizeof *keys, config, problems);
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	/* The map holds no secret; all other memory is in the struct. */
	json_decref(config->routing);
	OPENSSL_cleanse(config, sizeof *config);
	free(config);
}

bool config_in_environment(void)
{
	const char *file = getenv(config_keys[KEY_CONFIG].name);

	return (file != NULL && *file != '\0') ||
	       getenv(config_keys[KEY_WEBHOOK_AUTH].name) != NULL;
}

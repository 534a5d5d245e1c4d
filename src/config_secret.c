/* config_secret.c: a secret's name -> the one place that has it */
#include "config_secret.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "seal.h"

#define NAME_BYTES  (CONFIG_MEMBER_BYTES + 8)
#define WORDS_BYTES (CONFIG_TEXT_BYTES + 256)

/* False: the key is not set there. */
typedef bool find_there(const struct loading *loading,
    const struct config_key *key, struct secret_source *source);

static find_there find_value, find_secret_file, find_credential, find_member;

static const struct {
	enum config_origin origin;
	find_there *find;
} places[] = {
    {CONFIG_FROM_ENVIRONMENT, find_value},
    {CONFIG_FROM_SECRET_FILE, find_secret_file},
    {CONFIG_FROM_CREDENTIAL, find_credential},
    {CONFIG_FROM_FILE, find_member},
};

static bool find_value(const struct loading *loading,
    const struct config_key *key, struct secret_source *source)
{
	(void)loading;
	source->value = getenv(key->name);
	return source->value != NULL;
}

/* A path that does not fit is cut, and no file has so long a name. */
static bool find_secret_file(const struct loading *loading,
    const struct config_key *key, struct secret_source *source)
{
	char name[NAME_BYTES];
	const char *path;

	(void)loading;
	snprintf(name, sizeof name, "%s_FILE", key->name);
	path = getenv(name);
	if (path != NULL)
		snprintf(source->path, sizeof source->path, "%s", path);
	return path != NULL;
}

/* A service has the credentials that its unit names, others are not there. */
static bool find_credential(const struct loading *loading,
    const struct config_key *key, struct secret_source *source)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	char member[CONFIG_MEMBER_BYTES];
	char path[PATH_MAX];

	(void)loading;
	if (directory == NULL || *directory != '/')
		return false;
	config_member(key, member);
	snprintf(path, sizeof path, "%s/%s", directory, member);
	if (access(path, F_OK) != 0)
		return false;
	snprintf(source->path, sizeof source->path, "%s", path);
	return true;
}

static bool find_member(const struct loading *loading,
    const struct config_key *key, struct secret_source *source)
{
	char member[CONFIG_MEMBER_BYTES];

	(void)source;
	config_member(key, member);
	return json_object_get(loading->file.root, member) != NULL;
}

/*
 * Tells the second place; the first is the origin, which stands before. It is
 * never the environment, where config_find_secret looks first.
 */
static void refuse_both(struct loading *loading, const struct config_key *key,
    enum config_origin second)
{
	char member[CONFIG_MEMBER_BYTES];
	char words[WORDS_BYTES];

	config_member(key, member);
	switch (second) {
	case CONFIG_FROM_SECRET_FILE:
		snprintf(words, sizeof words,
		    "%s_FILE is set too: remove one of them", key->name);
		break;
	case CONFIG_FROM_CREDENTIAL:
		snprintf(words, sizeof words,
		    "there is a credential %s too: remove one of them", member);
		break;
	default:
		snprintf(words, sizeof words,
		    "\"%s\" stands in %s too: remove one of them", member,
		    loading->config->file);
	}
	report_clash(loading, key, words);
}

bool config_find_secret(struct loading *loading, const struct config_key *key,
    struct secret_source *source)
{
	enum config_origin *origin =
	    &loading->config->origin[key - config_keys];

	source->origin = CONFIG_FROM_DEFAULT;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (!places[i].find(loading, key, source))
			continue;
		/* source has something of both by now, and is worth nothing. */
		if (source->origin != CONFIG_FROM_DEFAULT) {
			refuse_both(loading, key, places[i].origin);
			return false;
		}
		source->origin = places[i].origin;
		*origin = source->origin;
	}
	return true;
}

/*
 * As it was found when the settings were loaded; else false. No loading is
 * needed: only the JSON file, which is not asked here, is looked up in one.
 */
static bool secret_path(const struct config *config,
    const struct config_key *key, char path[CONFIG_TEXT_BYTES])
{
	enum config_origin origin = config->origin[key - config_keys];
	struct secret_source source;

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (places[i].origin != origin ||
		    (origin != CONFIG_FROM_SECRET_FILE &&
			origin != CONFIG_FROM_CREDENTIAL) ||
		    !places[i].find(NULL, key, &source))
			continue;
		snprintf(path, CONFIG_TEXT_BYTES, "%.*s", CONFIG_TEXT_BYTES - 1,
		    source.path);
		return true;
	}
	return false;
}

/* Counts the files of the list off *number, or gives the one it means. */
static bool list_path(const struct webhook_secrets *secrets, size_t *number,
    char path[CONFIG_TEXT_BYTES])
{
	for (size_t i = 0; i < secrets->count; i++) {
		const char *file = secrets->items[i].file;

		if (*file == '\0' || (*number)-- != 0)
			continue;
		snprintf(path, CONFIG_TEXT_BYTES, "%s", file);
		return true;
	}
	return false;
}

bool config_secret_file(const struct config *config, size_t number,
    const char **key, char path[CONFIG_TEXT_BYTES])
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (!config_is_secret(&config_keys[i]) ||
		    !secret_path(config, &config_keys[i], path) ||
		    number-- != 0)
			continue;
		*key = config_keys[i].name;
		return true;
	}
	if (list_path(&config->webhook_secrets, &number, path))
		*key = config_keys[KEY_WEBHOOK_SECRETS].name;
	else if (list_path(&config->admin_tokens, &number, path))
		*key = config_keys[KEY_ADMIN_TOKEN].name;
	else
		return false;
	return true;
}

void config_check_readers(struct loading *loading)
{
	for (size_t i = 0; i < KEY_COUNT && loading->file.others_read; i++) {
		if (!config_is_secret(&config_keys[i]) || loading->wrong[i] ||
		    loading->config->origin[i] != CONFIG_FROM_FILE)
			continue;
		report_clash(loading, &config_keys[i],
		    "every user of this machine can read that file: run chmod "
		    "o-r on it");
	}
}

static void check_key(
    struct loading *loading, enum config_key_number number, const char *text)
{
	unsigned char bytes[SEAL_KEY_BYTES];

	if (*text == '\0' || loading->wrong[number])
		return;
	if (!seal_key_read(text, bytes))
		report_clash(loading, &config_keys[number],
		    "is no key: give 32 random bytes as 64 hex digits, which "
		    "`openssl rand -hex 32` makes, or in base 64");
	OPENSSL_cleanse(bytes, sizeof bytes);
}

void config_check_keys(struct loading *loading)
{
	check_key(loading, KEY_KEY, loading->config->key);
	check_key(loading, KEY_KEY_OLD, loading->config->key_old);
}

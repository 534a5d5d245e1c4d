/* config_print.c: settings -> lines for the operator, table for the README */
#include <string.h>

#include "config_key.h"

#define VALUE_MAX 2048

/* As operators name them, not as the enum does. */
static const char *const origin_names[CONFIG_ORIGIN_COUNT] = {
    [CONFIG_FROM_DEFAULT] = "default",
    [CONFIG_FROM_ENVIRONMENT] = "environment",
    [CONFIG_FROM_PARAMETER] = "SetEnv",
    [CONFIG_FROM_SECRET_FILE] = "secret file",
    [CONFIG_FROM_CREDENTIAL] = "credential",
    [CONFIG_FROM_FILE] = "file",
};

/* The ids are the operator's own names for them. */
static void add_secrets(
    struct text *text, const struct webhook_secrets *secrets)
{
	size_t i;

	if (secrets->count == 0)
		text_add(text, "(not set)");
	for (i = 0; i < secrets->count; i++)
		text_add_format(text, "%s%s", i == 0 ? "(set: " : ", ",
		    secrets->items[i].id);
	if (secrets->count > 0)
		text_add(text, ")");
}

/* Of a secret only its length leaves this function. */
static void add_shown(struct text *text, const struct config *config,
    const struct config_key *key)
{
	const char *field = (const char *)config + key->offset;

	if (key->type == CONFIG_SECRETS)
		add_secrets(
		    text, (const struct webhook_secrets *)(const void *)field);
	else if (key->type == CONFIG_SECRET && *field != '\0')
		text_add_format(text, "(set, %zu bytes)", strlen(field));
	else if (key->type == CONFIG_SECRET)
		text_add(text, "(not set)");
	else
		config_add_value(text, config, key);
	if (text->length == 0)
		text_add(text, "(not set)");
}

/* The value comes last: it alone has no known width. */
void config_print(const struct config *config, FILE *out)
{
	struct text value;
	size_t i;

	text_init(&value, VALUE_MAX);
	for (i = 0; i < KEY_COUNT; i++) {
		text_clear(&value);
		add_shown(&value, config, &config_keys[i]);
		fprintf(out, "%-26s  %-11s  %s\n", config_keys[i].name,
		    origin_names[config->origin[i]], text_string(&value));
	}
	text_done(&value);
}

/*
 * Names and help hold no bar and no markup, so cells need no escaping; the
 * test counts the bars.
 */
static void print_default(const struct config_key *key, FILE *out)
{
	if (key->fallback == NULL)
		fputs("must be set", out);
	else if (*key->fallback == '\0')
		fputs("not set", out);
	else
		fprintf(out, "`%s`", key->fallback);
}

static void print_words(const struct config_key *key, FILE *out)
{
	const struct config_word *word;

	for (word = key->words; word->word != NULL; word++)
		fprintf(out, "%s`%s`: %s", word == key->words ? "" : "; ",
		    word->word, word->meaning);
}

static void print_range(const struct config_key *key, FILE *out)
{
	switch (key->type) {
	case CONFIG_WORDS:
		print_words(key, out);
		break;
	case CONFIG_COUNT:
	case CONFIG_BYTES:
	case CONFIG_MS:
		fprintf(out, "%lld to %lld", (long long)key->min,
		    (long long)key->max);
		break;
	case CONFIG_URL:
		fputs("http or https URL", out);
		break;
	case CONFIG_PATH:
		fputs("absolute path", out);
		break;
	case CONFIG_POINTER:
		fputs("JSON Pointer", out);
		break;
	case CONFIG_HEADER:
		fputs("letters, digits and hyphens", out);
		break;
	case CONFIG_ALPHABET:
		fputs("visible ASCII", out);
		break;
	case CONFIG_LOG_TO:
		fputs("`stderr`, `file:/PATH`, `syslog` or `journal`", out);
		break;
	case CONFIG_SECRETS:
		fprintf(out, "%lld to %lld bytes each", (long long)key->min,
		    (long long)key->max);
		break;
	default:
		fprintf(out, "%lld to %lld bytes", (long long)key->min,
		    (long long)key->max);
	}
}

void config_print_markdown(FILE *out)
{
	size_t i;

	fputs("| Key | Default | Range or choices | Meaning |\n"
	      "|---|---|---|---|\n",
	    out);
	for (i = 0; i < KEY_COUNT; i++) {
		const struct config_key *key = &config_keys[i];

		fprintf(out, "| `%s`%s | ", key->name,
		    config_is_secret(key) ? " (or `_FILE`)" : "");
		print_default(key, out);
		fputs(" | ", out);
		print_range(key, out);
		fprintf(out, " | %s |\n", key->help);
	}
}

/* tool_queue_words.c: the words of a queue command -> the items it means */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "tool_queue.h"

#define IDS_MAX       65536
#define DEFAULT_LIMIT 20

static bool read_state(struct queue_words *words, const char *value)
{
	static const char *const states[] = {"waiting", "running", "parked"};

	words->filter.state = value;
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (strcmp(value, states[i]) == 0)
			return true;
	return false;
}

static bool read_interaction(struct queue_words *words, const char *value)
{
	words->filter.interaction_id = value;
	return true;
}

static bool read_status(struct queue_words *words, const char *value)
{
	words->filter.status = value;
	return status_named(value) < STATUS_COUNT;
}

static bool read_limit(struct queue_words *words, const char *value)
{
	char *end;
	long limit = strtol(value, &end, 10);

	if (*value == '\0' || *end != '\0')
		return false;
	words->limit = (int)limit;
	return limit >= 1 && limit <= REPORT_EVENTS_MAX;
}

static bool read_format(struct queue_words *words, const char *value)
{
	return table_read_format(value, &words->format);
}

static bool read_parked(struct queue_words *words, const char *value)
{
	(void)value;
	words->filter.state = "parked";
	return true;
}

static bool read_all(struct queue_words *words, const char *value)
{
	(void)value;
	words->all = true;
	return true;
}

static bool read_yes(struct queue_words *words, const char *value)
{
	(void)value;
	words->yes = true;
	return true;
}

static const struct option {
	const char *name;
	unsigned word;
	bool (*read)(struct queue_words *words, const char *value);
	const char *expected; /* NULL: it takes no value */
	bool chooses;
} options[] = {
    {"--state", QUEUE_STATE, read_state, "waiting, running or parked", true},
    {"--interaction", QUEUE_CHOICE, read_interaction, "an interaction id",
	true},
    {"--status", QUEUE_CHOICE, read_status,
	"how the last attempt ended, such as upstream_failed", true},
    {"--parked", QUEUE_CHOICE, read_parked, NULL, true},
    {"--all", QUEUE_ALL, read_all, NULL, true},
    {"--yes", QUEUE_YES, read_yes, NULL, false},
    {"--limit", QUEUE_LIMIT, read_limit, "1 to 10000", false},
    {"--format", QUEUE_FORMAT, read_format, TABLE_FORMATS, false},
};

static const struct option *find_option(const char *name, unsigned allowed)
{
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (strcmp(name, options[i].name) == 0 &&
		    (options[i].word & allowed) != 0)
			return &options[i];
	return NULL;
}

/* 18 digits fit into an int64_t whatever they are. */
static bool is_id(const char *word)
{
	return word[0] != '\0' && strlen(word) < 19 &&
	       word[strspn(word, "0123456789")] == '\0';
}

/* Twice the same is one: the count is compared with what is there. */
static void add_id(struct queue_words *words, const char *word)
{
	/* Without the zeros in front that a number in SQLite has not. */
	int64_t id = strtoll(word, NULL, 10);
	char place[24];

	snprintf(place, sizeof place, ",%lld,", (long long)id);
	words->chosen = true;
	if (strstr(text_string(&words->ids), place) != NULL)
		return;
	if (words->ids_count == 0)
		words->first_id = id;
	/* The comma that ends one begins the next (outbox_admin.h). */
	text_add(&words->ids, words->ids_count == 0 ? place : place + 1);
	words->ids_count++;
}

static bool not_understood(const char *word)
{
	fprintf(stderr, "stockroute queue: '");
	table_print_safe(word, stderr);
	fprintf(stderr, "' is not understood\n");
	return false;
}

/* A number, or the file. */
static bool read_word(
    struct queue_words *words, const char *word, unsigned allowed)
{
	if ((allowed & QUEUE_IDS) != 0 && is_id(word)) {
		add_id(words, word);
		return true;
	}
	if ((allowed & QUEUE_FILE) == 0 || words->file != NULL ||
	    strncmp(word, "--", 2) == 0)
		return not_understood(word);
	words->file = word;
	return true;
}

static bool read_option(
    struct queue_words *words, const struct option *option, const char *value)
{
	if (option->expected != NULL && value == NULL) {
		fprintf(stderr, "stockroute queue: %s takes %s\n", option->name,
		    option->expected);
		return false;
	}
	if (!option->read(words, value)) {
		fprintf(stderr, "stockroute queue: %s takes %s\n", option->name,
		    option->expected);
		return false;
	}
	words->chosen |= option->chooses;
	return true;
}

static bool fits_together(const struct queue_words *words)
{
	const struct outbox_filter *filter = &words->filter;

	if (text_failed(&words->ids)) {
		fprintf(stderr, "stockroute queue: so many numbers do not fit "
				"into one call\n");
		return false;
	}
	if (!words->all || (words->ids_count == 0 && !filter->state &&
			       !filter->interaction_id && !filter->status))
		return true;
	fprintf(stderr, "stockroute queue: --all goes with no other choice\n");
	return false;
}

bool queue_words_read(
    int argc, char **argv, unsigned allowed, struct queue_words *words)
{
	*words = (struct queue_words){.limit = DEFAULT_LIMIT};
	text_init(&words->ids, IDS_MAX);
	for (int i = 1; i < argc; i++) {
		const struct option *option = find_option(argv[i], allowed);
		const char *value = NULL;

		if (option == NULL) {
			if (!read_word(words, argv[i], allowed))
				return false;
			continue;
		}
		if (option->expected != NULL && i + 1 < argc)
			value = argv[++i];
		if (!read_option(words, option, value))
			return false;
	}
	/* Not before: each number may move the text. */
	if (words->ids_count > 0)
		words->filter.ids = text_string(&words->ids);
	return fits_together(words);
}

void queue_words_done(struct queue_words *words)
{
	text_done(&words->ids);
}

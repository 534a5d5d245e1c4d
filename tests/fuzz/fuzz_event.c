/* fuzz_event.c: a webhook's body -> event, SKU and refusal keep their word */
#include "fuzz.h"

#include <string.h>

#include "answer.h"
#include "config.h"
#include "event.h"
#include "json.h"
#include "sku.h"
#include "text.h"

static void is_plain(const char *text, size_t most)
{
	must(text[0] != '\0');
	must(strlen(text) <= most);
	for (; *text != '\0'; text++)
		must((unsigned char)*text >= ' ' && *text != 0x7f);
	must(text[0] != '.' || text[1] != '\0');
}

/* Nothing that would end the segment, the path or the line. */
static void is_one_segment(const char *string)
{
	struct text text;

	text_init(&text, 4096);
	text_add_segment(&text, string);
	must(!text_failed(&text));
	must(strpbrk(text_string(&text), "/?#\\ \r\n\t&=;:@") == NULL);
	text_done(&text);
}

static void is_json(const struct text *text)
{
	char problem[JSON_PROBLEM_BYTES];
	json_t *json = NULL;

	must(!text_failed(text));
	must(json_parse(text_string(text), text->length, 8, &json, problem) ==
	     STATUS_OK);
	json_decref(json);
}

static void read_sku(const struct event *event, struct event_problem *problem)
{
	static const struct {
		const char *pointer;
		enum sku_rule rule;
	} ways[] = {
	    {"", SKU_RULE_MEDIA_SUFFIX},
	    {"", SKU_RULE_CHANNEL_DEFAULT},
	    {"/data/sku", SKU_RULE_MEDIA_SUFFIX},
	};
	static struct config config;
	char sku[SKU_MAX + 1];
	const char *rule;

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		strcpy(config.sku_pointer, ways[i].pointer);
		config.sku_rule = ways[i].rule;
		if (sku_find(&config, event, sku, &rule, problem) != STATUS_OK)
			continue;
		is_plain(sku, SKU_MAX);
		is_one_segment(sku);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *body = fuzz_string(data, size);
	struct event event = {.json = NULL};
	struct event_problem problem = {.field = ""};
	enum status status = event_read(body, size, &event, &problem);

	if (status == STATUS_OK) {
		is_plain(event.interaction_id, EVENT_ID_MAX);
		is_plain(event.media_type, EVENT_MEDIA_MAX);
		is_one_segment(event.interaction_id);
		read_sku(&event, &problem);
	} else {
		struct text text;

		must(status == STATUS_MALFORMED ||
		     status == STATUS_FIELD_INVALID);
		text_init(&text, 8192);
		must(answer_refusal(status, &problem, &text) == 400);
		is_json(&text);
		text_done(&text);
	}
	event_done(&event);
	free(body);
	return 0;
}

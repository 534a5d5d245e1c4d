/* test_routing.c: the map chooses, falls back, and is refused when wrong */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"
#include "routing.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FALLBACKS                                                              \
	"\"unknown\":{\"queues\":[\"q\"]},\"timeout\":{\"queues\":[\"q\"]}"

static json_t *parse(const char *text)
{
	char problem[JSON_PROBLEM_BYTES];
	json_t *value = NULL;

	if (json_parse(text, strlen(text), 16, &value, problem) != STATUS_OK)
		fail_msg("%s: %s", text, problem);
	return value;
}

/* The section is freed at once: the map must not need it any more. */
static struct routing *load(const char *section)
{
	json_t *value = section != NULL ? parse(section) : NULL;
	struct routing *routing = NULL;
	struct text problems;

	text_init(&problems, 10000);
	if (routing_load(value, "FILE", &problems, &routing) != STATUS_OK)
		fail_msg("%s", text_string(&problems));
	assert_int_equal(problems.length, 0);
	text_done(&problems);
	json_decref(value);
	return routing;
}

struct built_in_case {
	const char *word;
	const char *chosen;
	const char *skills;
	const char *queues;
	bool fallback;
};

static void the_built_in_map_is_the_documented_one(void **state)
{
	static const struct built_in_case cases[] = {
	    {"in_stock", "in_stock", "[\"skill-premium-support-id\"]", "[]",
		false},
	    {"low_stock", "low_stock", "[\"skill-expedited-support-id\"]", "[]",
		false},
	    {"out_of_stock", "out_of_stock", "[]",
		"[\"queue-general-support-id\"]", false},
	    {"unknown", "unknown", "[]", "[\"queue-general-support-id\"]",
		true},
	    {"timeout", "timeout", "[]", "[\"queue-general-support-id\"]",
		true},
	    {"discontinued", "unknown", "[]", "[\"queue-general-support-id\"]",
		true},
	    {"IN_STOCK", "unknown", "[]", "[\"queue-general-support-id\"]",
		true},
	    {"in_stock ", "unknown", "[]", "[\"queue-general-support-id\"]",
		true},
	    {"", "unknown", "[]", "[\"queue-general-support-id\"]", true},
	};
	struct routing *routing = load(NULL);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		const struct route *route =
		    routing_choose(routing, cases[i].word);

		assert_string_equal(route->word, cases[i].chosen);
		assert_string_equal(route->skills, cases[i].skills);
		assert_string_equal(route->queues, cases[i].queues);
		assert_int_equal(
		    routing_is_fallback(routing, route), cases[i].fallback);
	}
	routing_free(routing);
	routing_free(NULL);
}

static void the_update_is_the_body_that_cxone_takes(void **state)
{
	struct routing *routing = load(
	    "{\"both\":{\"skills\":[\"s1\",\"s\\\"2\"],\"queues\":[\"q1\"]},"
	    "\"skill\":{\"skills\":[\"s1\"],\"queues\":[]}," FALLBACKS "}");

	(void)state;
	assert_string_equal(routing_choose(routing, "both")->update,
	    "{\"routing\":{\"skills\":[{\"id\":\"s1\"},{\"id\":\"s\\\"2\"}],"
	    "\"queues\":[{\"id\":\"q1\"}]}}");
	assert_string_equal(routing_choose(routing, "skill")->update,
	    "{\"routing\":{\"skills\":[{\"id\":\"s1\"}],\"queues\":[]}}");
	assert_string_equal(
	    routing_choose(routing, "both")->skills, "[\"s1\",\"s\\\"2\"]");
	routing_free(routing);
}

static void equal_maps_have_equal_digests(void **state)
{
	static const char *const equal[] = {
	    "{\"a\":{\"skills\":[\"s\"]}," FALLBACKS "}",
	    "{" FALLBACKS ", \"a\": {\"queues\": [], \"skills\": [\"s\"]}}",
	    "{\"\\u0061\":{\"skills\":[\"\\u0073\"],\"queues\":[]}," FALLBACKS
	    "}",
	};
	static const char *const other[] = {
	    "{\"a\":{\"queues\":[\"s\"]}," FALLBACKS "}",
	    "{\"a\":{\"skills\":[\"t\"]}," FALLBACKS "}",
	    "{\"b\":{\"skills\":[\"s\"]}," FALLBACKS "}",
	    "{\"a\":{\"skills\":[\"s\",\"t\"]}," FALLBACKS "}",
	    "{" FALLBACKS "}",
	};
	struct routing *first = load(equal[0]);
	size_t i;

	(void)state;
	assert_int_equal(strlen(routing_digest(first)), 64);
	for (i = 0; i < COUNT(equal) + COUNT(other); i++) {
		bool same = i < COUNT(equal);
		struct routing *routing =
		    load(same ? equal[i] : other[i - COUNT(equal)]);

		assert_int_equal(
		    strcmp(routing_digest(routing), routing_digest(first)) == 0,
		    same);
		routing_free(routing);
	}
	routing_free(first);
}

/*
 * By sha256sum, of the map without spaces: timeout, then unknown, each
 * {"queues":["q"],"skills":[]}.
 */
static void the_digest_is_the_sha_256_of_the_canonical_map(void **state)
{
	struct routing *routing = load("{" FALLBACKS "}");

	(void)state;
	assert_string_equal(routing_digest(routing),
	    "d9d0eb94d4cafe6dad12706d86dfad54"
	    "4b50aaba9bb5932794748a35b7bfa516");
	routing_free(routing);
}

struct refusal {
	const char *section;
	const char *line; /* the start of the one line of problems */
};

static const struct refusal refusals[] = {
    {"[]", "FILE: /routing: is not an object"},
    {"null", "FILE: /routing: is not an object"},
    {"{\"unknown\":{\"queues\":[\"q\"]}}",
	"FILE: /routing/timeout: is missing"},
    {"{\"timeout\":{\"queues\":[\"q\"]}}",
	"FILE: /routing/unknown: is missing"},
    {"{\"a\":\"s\"," FALLBACKS "}", "FILE: /routing/a: is not an object"},
    {"{\"a\":{}," FALLBACKS "}", "FILE: /routing/a: has no id"},
    {"{\"a\":{\"skills\":[],\"queues\":[]}," FALLBACKS "}",
	"FILE: /routing/a: has no id"},
    {"{\"a\":{\"skills\":[\"s\"],\"skils\":[]}," FALLBACKS "}",
	"FILE: /routing/a/skils: is no known member, perhaps "
	"\"skills\" is meant: known are skills and queues"},
    {"{\"a\":{\"skills\":[\"s\"],\"Queue\":[]}," FALLBACKS "}",
	"FILE: /routing/a/Queue: is no known member, perhaps "
	"\"queues\""},
    {"{\"a\":{\"skills\":[\"s\"],\"priority\":1}," FALLBACKS "}",
	"FILE: /routing/a/priority: is no known member: known are"},
    {"{\"a/b~\\n\":{}," FALLBACKS "}",
	"FILE: /routing/a~1b~0?: must be 1 to 64 bytes"},
    {"{\"\":{\"skills\":[\"s\"]}," FALLBACKS "}",
	"FILE: /routing/: must be 1 to 64 bytes"},
    {"{\"a\":{\"skills\":[\"s\"],\"queues\":\"q\"}," FALLBACKS "}",
	"FILE: /routing/a/queues: is not a list"},
    {"{\"a\":{\"skills\":[\"s\",7]}," FALLBACKS "}",
	"FILE: /routing/a/skills: number 2 is not a string"},
    {"{\"a\":{\"skills\":[{\"id\":\"s\"}]}," FALLBACKS "}",
	"FILE: /routing/a/skills: number 1 is not a string"},
    {"{\"a\":{\"skills\":[\"\"]}," FALLBACKS "}",
	"FILE: /routing/a/skills: number 1 must be 1 to 128 bytes"},
    {"{\"a\":{\"skills\":[\"s\\u0007\"]}," FALLBACKS "}",
	"FILE: /routing/a/skills: number 1 must be 1 to 128 bytes"},
    {"{\"a\":{\"skills\":[\"s\",\"t\",\"s\"]}," FALLBACKS "}",
	"FILE: /routing/a/skills: number 3 stands in this list "
	"already"},
    {"{\"a\":{\"queues\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\","
     "\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\","
     "\"17\"]}," FALLBACKS "}",
	"FILE: /routing/a/queues: has more than 16 ids"},
};

static void each_mistake_is_named_with_its_place(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(refusals); i++) {
		json_t *section = parse(refusals[i].section);
		struct routing *routing = NULL;
		struct text problems;

		text_init(&problems, 10000);
		assert_int_equal(
		    routing_load(section, "FILE", &problems, &routing),
		    STATUS_CONFIG_INVALID);
		assert_null(routing);
		if (strncmp(text_string(&problems), refusals[i].line,
			strlen(refusals[i].line)) != 0)
			fail_msg("case %zu: %s", i, text_string(&problems));
		text_done(&problems);
		json_decref(section);
	}
}

static void all_mistakes_are_named_not_only_the_first(void **state)
{
	json_t *section = parse("{\"a\":{\"skils\":[\"s\"]},\"b\":7}");
	struct routing *routing = NULL;
	struct text problems;
	int lines = 0;
	const char *at;

	(void)state;
	text_init(&problems, 10000);
	assert_int_equal(routing_load(section, "FILE", &problems, &routing),
	    STATUS_CONFIG_INVALID);
	for (at = text_string(&problems); *at != '\0'; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 5);
	text_done(&problems);
	json_decref(section);
}

/* A section with count words w000, w001 ... each with one skill. */
static void write_section(struct text *section, int count)
{
	int i;

	text_add(section, "{" FALLBACKS);
	for (i = count - 1; i >= 0; i--)
		text_add_format(
		    section, ",\"w%03d\":{\"skills\":[\"s%d\"]}", i, i);
	text_add(section, "}");
}

static void a_full_map_finds_every_word(void **state)
{
	struct routing *routing;
	struct text section;
	int i;

	(void)state;
	text_init(&section, 10000);
	write_section(&section, ROUTING_STATUSES_MAX - 2);
	routing = load(text_string(&section));
	for (i = 0; i < ROUTING_STATUSES_MAX - 2; i++) {
		char word[16];
		char skills[24];

		snprintf(word, sizeof word, "w%03d", i);
		snprintf(skills, sizeof skills, "[\"s%d\"]", i);
		assert_string_equal(
		    routing_choose(routing, word)->skills, skills);
	}
	routing_free(routing);
	text_done(&section);
}

static void too_many_words_are_refused(void **state)
{
	struct routing *routing = NULL;
	struct text section, problems;
	json_t *value;

	(void)state;
	text_init(&section, 10000);
	text_init(&problems, 10000);
	write_section(&section, ROUTING_STATUSES_MAX - 1);
	value = parse(text_string(&section));
	assert_int_equal(routing_load(value, "FILE", &problems, &routing),
	    STATUS_CONFIG_INVALID);
	assert_non_null(strstr(text_string(&problems), "more than 64"));
	json_decref(value);
	text_done(&problems);
	text_done(&section);
}

static void the_longest_ids_fit(void **state)
{
	struct routing *routing;
	struct text section;
	char id[ROUTING_ID_MAX + 1] = {0};
	int i;

	(void)state;
	memset(id, '"', ROUTING_ID_MAX);
	text_init(&section, 100000);
	text_add(&section, "{\"a\":{\"skills\":[");
	for (i = 0; i < ROUTING_IDS_MAX; i++) {
		text_add(&section, i > 0 ? "," : "");
		id[i] = 'x';
		text_add_json(&section, id);
	}
	text_add(&section, "]}," FALLBACKS "}");
	assert_false(text_failed(&section));
	routing = load(text_string(&section));
	assert_int_equal(strlen(routing_choose(routing, "a")->skills),
	    16 * 2 * 128 + 16 * 3 + 1 - (16 * 17 / 2));
	routing_free(routing);
	text_done(&section);
}

static void the_map_is_printed_one_word_a_line(void **state)
{
	struct routing *routing = load("{" FALLBACKS "}");
	char printed[1000] = "";
	FILE *out = fmemopen(printed, sizeof printed, "w");

	(void)state;
	assert_non_null(out);
	routing_print(routing, out);
	fclose(out);
	assert_non_null(
	    strstr(printed, "timeout              skills [] queues [\"q\"]\n"));
	assert_non_null(strstr(printed, routing_digest(routing)));
	routing_free(routing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_built_in_map_is_the_documented_one),
	    cmocka_unit_test(the_update_is_the_body_that_cxone_takes),
	    cmocka_unit_test(equal_maps_have_equal_digests),
	    cmocka_unit_test(the_digest_is_the_sha_256_of_the_canonical_map),
	    cmocka_unit_test(each_mistake_is_named_with_its_place),
	    cmocka_unit_test(all_mistakes_are_named_not_only_the_first),
	    cmocka_unit_test(a_full_map_finds_every_word),
	    cmocka_unit_test(too_many_words_are_refused),
	    cmocka_unit_test(the_longest_ids_fit),
	    cmocka_unit_test(the_map_is_printed_one_word_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_json.c: JSON from outside is parsed or refused with a place */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static json_t *parse(const char *text)
{
	char problem[JSON_PROBLEM_BYTES];
	json_t *value = NULL;

	assert_int_equal(
	    json_parse(text, strlen(text), 8, &value, problem), STATUS_OK);
	assert_non_null(value);
	return value;
}

static void whole_documents_are_parsed(void **state)
{
	static const char *const texts[] = {"{}", "[]", "\"a\"", "12.5", "true",
	    "null", " {\"a\":[1,2,{\"b\":null}]} \n",
	    "{\"a\":\"[[[[[[[[[[[[\"}", "{\"a\":\"\\\"[[[[[[[[[[[[\"}",
	    "[[[[[[[[]]]]]]]]", "[[],[],[],[],[],[],[],[],[],[]]"};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++)
		json_decref(parse(texts[i]));
}

struct refusal {
	const char *bytes;
	size_t length;
	const char *words; /* must stand in the problem */
};

#define BYTES(literal) literal, sizeof(literal) - 1

static void what_is_not_one_json_value_is_refused_with_its_place(void **state)
{
	static const struct refusal refusals[] = {
	    {BYTES(""), "empty"},
	    {BYTES(" "), "line 1, column "},
	    {BYTES("{\n\"a\": x}"), "line 2, column "},
	    {BYTES("{\"a\":1,}"), "line 1, column "},
	    {BYTES("{\"a\":1"), "line 1, column "},
	    {BYTES("{\"a\":1}\n{}"), "line 2, column "},
	    {BYTES("{\"a\":1,\n\"a\":2}"), "duplicate"},
	    {BYTES("{\"a\":1}\0"), "line 1, column "},
	    {BYTES("{\"a\":\"x\0y\"}"), "line 1, column "},
	    {BYTES("{\"a\":\"x\\u0000y\"}"), "\\u0000"},
	    {BYTES("{\"a\\u0000\":1}"), "line 1, column "},
	    {BYTES("\"\xc3\""), "unable to decode byte 0xc3"},
	    {BYTES("\"\xc0\x80\""), "unable to decode byte 0xc0"},
	    {BYTES("\"\xed\xa0\x80\""), "unable to decode byte 0xed"},
	    {BYTES("\xef\xbb\xbf{}"), "line 1, column "},
	    {BYTES("'a'"), "line 1, column "},
	    {BYTES("NaN"), "line 1, column "},
	    {BYTES("1e999"), "line 1, column "},
	    {BYTES("123456789012345678901234567890"), "line 1, column "},
	    {BYTES("{\"a\":\"tab\there\"}"), "control character"},
	    {BYTES("]]]"), "line 1, column "},
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(refusals); i++) {
		char problem[JSON_PROBLEM_BYTES] = "";
		json_t *value = NULL;

		assert_int_equal(json_parse(refusals[i].bytes,
				     refusals[i].length, 8, &value, problem),
		    STATUS_MALFORMED);
		assert_null(value);
		if (strstr(problem, refusals[i].words) == NULL)
			fail_msg("case %zu: %s", i, problem);
	}
}

static void deep_nesting_is_refused_before_parsing(void **state)
{
	char problem[JSON_PROBLEM_BYTES];
	json_t *value = NULL;
	size_t length = 1000000;
	char *bytes = malloc(length);

	(void)state;
	assert_non_null(bytes);
	memset(bytes, '[', length);
	assert_int_equal(
	    json_parse(bytes, length, 8, &value, problem), STATUS_MALFORMED);
	assert_string_equal(problem, "line 1, column 9: nested deeper than 8");
	free(bytes);
	assert_int_equal(json_parse(BYTES("[\n [{\"\xc3\xbc\": {\"x\": []}}]]"),
			     4, &value, problem),
	    STATUS_MALFORMED);
	assert_string_equal(problem, "line 2, column 15: nested deeper than 4");
	assert_null(value);
}

static void problem_words_are_printable_and_bounded(void **state)
{
	char bytes[4000];
	char problem[JSON_PROBLEM_BYTES];
	json_t *value = NULL;
	int byte;

	(void)state;
	for (byte = 1; byte < 256; byte++) {
		const char *at;

		memset(bytes, byte, sizeof bytes);
		memset(problem, 'x', sizeof problem);
		if (json_parse(bytes, sizeof bytes, 8, &value, problem) ==
		    STATUS_OK)
			fail_msg("byte %d is no JSON", byte);
		assert_true(strlen(problem) < sizeof problem);
		for (at = problem; *at != '\0'; at++)
			assert_in_range(*at, ' ', '~');
	}
}

struct pointer_case {
	const char *pointer;
	const char *found; /* the value's compact JSON, NULL: none */
};

/* The first twelve are the examples of RFC 6901 section 5. */
static void pointers_name_members_and_elements(void **state)
{
	static const struct pointer_case cases[] = {
	    {"/foo", "[\"bar\",\"baz\"]"},
	    {"/foo/0", "\"bar\""},
	    {"/", "0"},
	    {"/a~1b", "1"},
	    {"/c%d", "2"},
	    {"/e^f", "3"},
	    {"/g|h", "4"},
	    {"/i\\j", "5"},
	    {"/k\"l", "6"},
	    {"/ ", "7"},
	    {"/m~0n", "8"},
	    {"/o~01", "9"},
	    {"/foo/1", "\"baz\""},
	    {"/foo/2", NULL},
	    {"/foo/00", NULL},
	    {"/foo/01", NULL},
	    {"/foo/-", NULL},
	    {"/foo/-1", NULL},
	    {"/foo/1x", NULL},
	    {"/foo/", NULL},
	    {"/foo/99999999999999999999999", NULL},
	    {"/foo/0/x", NULL},
	    {"/nothing", NULL},
	    {"/nothing/more", NULL},
	    {"foo", NULL},
	    {"/m~n", NULL},
	    {"/m~", NULL},
	    {"/m~2n", NULL},
	};
	json_t *root = parse("{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,"
			     "\"c%d\":2,\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,"
			     "\"k\\\"l\":6,\" \":7,\"m~n\":8,\"o~1\":9}");
	size_t i;

	(void)state;
	assert_ptr_equal(json_at(root, ""), root);
	for (i = 0; i < COUNT(cases); i++) {
		const json_t *value = json_at(root, cases[i].pointer);
		char *dump;

		if (cases[i].found == NULL) {
			assert_null(value);
			continue;
		}
		assert_non_null(value);
		dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		assert_string_equal(dump, cases[i].found);
		free(dump);
	}
	json_decref(root);
}

static void pointer_syntax_is_told_apart(void **state)
{
	static const char *const valid[] = {
	    "", "/", "/data/sku", "//", "/~0~1"};
	static const char *const invalid[] = {
	    "data", "data/sku", "/~", "/~2", "/a~/b", " /a"};
	char overlong[JSON_TOKEN_BYTES + 2];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(valid); i++)
		assert_true(json_pointer_is_valid(valid[i]));
	for (i = 0; i < COUNT(invalid); i++)
		assert_false(json_pointer_is_valid(invalid[i]));
	memset(overlong, 'a', sizeof overlong);
	overlong[0] = '/';
	overlong[JSON_TOKEN_BYTES] = '\0';
	assert_true(json_pointer_is_valid(overlong));
	overlong[JSON_TOKEN_BYTES] = 'a';
	overlong[JSON_TOKEN_BYTES + 1] = '\0';
	assert_false(json_pointer_is_valid(overlong));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_documents_are_parsed),
	    cmocka_unit_test(
		what_is_not_one_json_value_is_refused_with_its_place),
	    cmocka_unit_test(deep_nesting_is_refused_before_parsing),
	    cmocka_unit_test(problem_words_are_printable_and_bounded),
	    cmocka_unit_test(pointers_name_members_and_elements),
	    cmocka_unit_test(pointer_syntax_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

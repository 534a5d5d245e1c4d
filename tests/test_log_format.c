/* test_log_format.c: a line's form stays whole, whatever is too long or odd */
#include <jansson.h>

#include "log_place.h"

/* The line as text; valid until the next. */
static const char *as_text(struct log_text *text)
{
	static char made[LOG_TEXT_BYTES + 1];

	snprintf(made, sizeof made, "%.*s", (int)text->length, text->bytes);
	assert_int_equal(strlen(made), text->length);
	return made;
}

/* The member of the line, which must be JSON; valid until the next. */
static const char *member(const char *line, const char *key)
{
	static char made[LOG_TEXT_BYTES + 1];
	json_t *root = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	const char *value = json_string_value(json_object_get(root, key));

	assert_non_null(root);
	strcpy(made, value != NULL ? value : "(none)");
	json_decref(root);
	return made;
}

static const char *json_with(struct log_text *text, const char *value)
{
	log_format_begin(text, LOG_JSON, "info", "m");
	log_format_word(text, "value", value);
	log_format_end(text);
	return as_text(text);
}

static void json_gives_back_the_very_text(void **state)
{
	static const char *const values[] = {"plain", "\"quoted\" \\ back",
	    "line\nfeed\ttab\r\x01", "gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac",
	    "\xf0\x9f\x93\x9e call", "\xf4\x8f\xbf\xbf", "\x7f", "<&'>",
	    "\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"};
	struct log_text text;

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		const char *line = json_with(&text, values[i]);

		for (const char *at = line; at[1] != '\0'; at++)
			assert_true(*at >= ' ' && *at <= '~');
		assert_string_equal(member(line, "value"), values[i]);
	}
}

static void bytes_that_are_no_utf_8_are_replaced_in_json(void **state)
{
	/* And what they become: one U+FFFD for each byte that begins none. */
	static const char *const values[][2] = {
	    {"\xff", "\xef\xbf\xbd"},
	    {"a\xc3", "a\xef\xbf\xbd"},
	    {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
	    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	    {"\xf4\x90\x80\x80",
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	    {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
	    {"\x80x", "\xef\xbf\xbdx"},
	};
	struct log_text text;

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		assert_string_equal(
		    member(json_with(&text, values[i][0]), "value"),
		    values[i][1]);
}

static void a_value_is_quoted_where_logfmt_needs_it(void **state)
{
	static const char *const values[][2] = {{"a1", " value=a1\n"},
	    {"a b", " value=\"a b\"\n"}, {"a=b", " value=\"a=b\"\n"},
	    {"\xc3\xbc", " value=\"\\xc3\\xbc\"\n"},
	    {"\"", " value=\"\\\"\"\n"}, {"[]", " value=[]\n"},
	    {"", " msg=m\n"}};
	struct log_text text;

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		log_format_begin(&text, LOG_LOGFMT, "info", "m");
		log_format_word(&text, "value", values[i][0]);
		log_format_end(&text);
		assert_non_null(strstr(as_text(&text), values[i][1]));
	}
}

static void the_journals_fields_are_a_line_each(void **state)
{
	struct log_text text;

	(void)state;
	log_format_begin(&text, LOG_JOURNAL, NULL, NULL);
	log_format_word(&text, "interaction_id", "a b\nPRIORITY=0");
	log_format_int(&text, "total_us", 12);
	log_format_word(&text, "sku", NULL);
	log_format_end(&text);
	assert_string_equal(
	    as_text(&text), "INTERACTION_ID=a b\\nPRIORITY=0\nTOTAL_US=12\n");
}

/* Of every length around the limit, and of bytes of every escape. */
static void try_lengths(enum log_format format, const char *unit)
{
	static char value[3 * LOG_TEXT_BYTES];
	struct log_text text;

	for (size_t count = 500; count < 4200; count++) {
		value[0] = '\0';
		for (size_t i = 0; i < count; i++)
			memcpy(
			    value + i * strlen(unit), unit, strlen(unit) + 1);
		log_format_begin(&text, format, "info", "m");
		log_format_word(&text, "value", value);
		log_format_word(&text, "more", value);
		log_format_int(&text, "number", 7);
		log_format_end(&text);
		assert_true(text.length <= LOG_TEXT_BYTES);
		if (format == LOG_JSON)
			member(as_text(&text), "value");
		else
			assert_int_equal(lines_in(as_text(&text)), 1);
		/* The slow part is the middle; its ends matter. */
		if (count == 700)
			count = 3800;
	}
	assert_true(text.cut);
	assert_non_null(strstr(as_text(&text), "..."));
}

static void a_line_that_is_too_long_is_cut_and_stays_whole(void **state)
{
	(void)state;
	try_lengths(LOG_LOGFMT, "v");
	try_lengths(LOG_LOGFMT, "\n");
	try_lengths(LOG_LOGFMT, "\x01");
	try_lengths(LOG_JSON, "v");
	try_lengths(LOG_JSON, "\"");
	try_lengths(LOG_JSON, "\x01");
	try_lengths(LOG_JSON, "\xc3\xbc");
}

/* A pair of surrogates is whole or not there. */
static void pairs_are_not_torn(void **state)
{
	char value[4 * 400 + 5];
	struct log_text text;

	(void)state;
	for (size_t shift = 0; shift < 12; shift++) {
		memset(value, 'x', sizeof value);
		for (size_t i = 0; i < 396; i++)
			memcpy(value + shift + 4 * i, "\xf0\x9f\x93\x9e", 4);
		value[shift + (size_t)4 * 396] = '\0';
		member(json_with(&text, value), "value");
		assert_true(text.cut);
	}
}

static void a_long_message_leaves_room_for_ids(void **state)
{
	static char message[LOG_TEXT_BYTES];
	static char id[129];
	struct log_text text;

	(void)state;
	memset(message, 'm', sizeof message - 1);
	memset(id, '\x01', sizeof id - 1);
	for (int format = LOG_LOGFMT; format <= LOG_JSON; format++) {
		log_format_begin(
		    &text, (enum log_format)format, "info", message);
		log_format_word(&text, "interaction_id", id);
		log_format_word(&text, "request_id", "r1");
		log_format_end(&text);
		assert_false(text.cut);
		assert_non_null(strstr(as_text(&text), "mmm..."));
		assert_non_null(strstr(as_text(&text), "r1"));
	}
}

/* A field that has no room is not there; a number is never a part of one. */
static void a_number_is_whole_or_not_there(void **state)
{
	static char filler[LOG_TEXT_BYTES];
	struct log_text text;
	int with = 0;

	(void)state;
	for (size_t length = 3850; length < 3990; length++) {
		const char *line;

		memset(filler, 'f', length);
		filler[length] = '\0';
		log_format_begin(&text, LOG_LOGFMT, "info", "m");
		log_format_word(&text, "filler", filler);
		log_format_int(&text, "number", 1234567);
		log_format_end(&text);
		line = as_text(&text);
		with += strstr(line, " number=1234567\n") != NULL;
		assert_int_equal(strstr(line, " number=1234567\n") == NULL,
		    strstr(line, " number") == NULL);
	}
	assert_in_range(with, 1, 139);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(json_gives_back_the_very_text),
	    cmocka_unit_test(bytes_that_are_no_utf_8_are_replaced_in_json),
	    cmocka_unit_test(a_value_is_quoted_where_logfmt_needs_it),
	    cmocka_unit_test(the_journals_fields_are_a_line_each),
	    cmocka_unit_test(a_line_that_is_too_long_is_cut_and_stays_whole),
	    cmocka_unit_test(pairs_are_not_torn),
	    cmocka_unit_test(a_long_message_leaves_room_for_ids),
	    cmocka_unit_test(a_number_is_whole_or_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

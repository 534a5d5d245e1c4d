/* test_table.c: cells through table.h -> text, CSV, JSON, NDJSON */
#include "table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct table *make_table(const char *const cells[], size_t count)
{
	struct table *table = table_new();

	assert_non_null(table);
	assert_int_equal(table_column(table, "name", TABLE_WORD), STATUS_OK);
	assert_int_equal(table_column(table, "n", TABLE_NUMBER), STATUS_OK);
	assert_int_equal(table_column(table, "note", TABLE_WORD), STATUS_OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(table_cell(table, cells[i]), STATUS_OK);
	return table;
}

static void prints(const char *const cells[], size_t count,
    enum table_format format, const char *expected)
{
	struct table *table = make_table(cells, count);
	char *printed = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&printed, &bytes);

	assert_non_null(out);
	assert_int_equal(table_print(table, format, out), STATUS_OK);
	fclose(out);
	assert_string_equal(printed, expected);
	free(printed);
	table_free(table);
}

static const char *const plain[] = {"a", "1", "x", "long", "12.5", NULL};

static void text_lines_up_words_left_and_numbers_right(void **state)
{
	(void)state;
	prints(plain, 6, TABLE_TEXT,
	    "name     n  note\n"
	    "a        1  x\n"
	    "long  12.5  -\n");
}

static void characters_count_not_bytes(void **state)
{
	static const char *const cells[] = {
	    "h\xc3\xa9", "1", "x", "abcde", "2", "y"};

	(void)state;
	prints(cells, 6, TABLE_TEXT,
	    "name   n  note\n"
	    "h\xc3\xa9     1  x\n"
	    "abcde  2  y\n");
}

static void hostile_cells_cannot_move_the_cursor(void **state)
{
	static const char *const cells[] = {
	    "\x1b[2Jx\n", "1", "\xc2\x9b[A\x7f"};

	(void)state;
	prints(cells, 3, TABLE_TEXT,
	    "name          n  note\n"
	    "\\x1b[2Jx\\x0a  1  \\x9b[A\\x7f\n");
}

static void csv_quotes_what_rfc_4180_says(void **state)
{
	static const char *const cells[] = {
	    "a,b", "1", "say \"hi\"", "two\r\nlines", "2", NULL};

	(void)state;
	prints(cells, 6, TABLE_CSV,
	    "name,n,note\r\n"
	    "\"a,b\",1,\"say \"\"hi\"\"\"\r\n"
	    "\"two\r\nlines\",2,\r\n");
}

/* What strangers sent; numbers stay numbers. */
static void csv_starts_no_formula(void **state)
{
	static const char *const cells[] = {
	    "=HYPERLINK(\"http://x\")", "-1", "-", "\t=1", "2", "@x"};

	(void)state;
	prints(cells, 6, TABLE_CSV,
	    "name,n,note\r\n"
	    "\"'=HYPERLINK(\"\"http://x\"\")\",-1,-\r\n"
	    "\"'\t=1\",2,\"'@x\"\r\n");
}

static void json_keeps_numbers_and_null(void **state)
{
	static const char *const cells[] = {
	    "a\"\n", "1.50", NULL, "b", NULL, "x"};

	(void)state;
	prints(cells, 6, TABLE_JSON,
	    "[\n"
	    "  {\"name\": \"a\\\"\\n\", \"n\": 1.50, \"note\": null},\n"
	    "  {\"name\": \"b\", \"n\": null, \"note\": \"x\"}]\n");
}

/* queue show prints it: 96 KiB, of which each byte takes six as \u0001. */
static void json_takes_the_longest_event_there_is(void **state)
{
	enum { BYTES = 98304 };
	struct table *table = make_table(NULL, 0);
	char *body = malloc(BYTES + 1);
	char *printed = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&printed, &bytes);

	(void)state;
	assert_non_null(body);
	assert_non_null(out);
	memset(body, 1, BYTES);
	body[BYTES] = '\0';
	assert_int_equal(table_cell(table, body), STATUS_OK);
	assert_int_equal(table_cell(table, "1"), STATUS_OK);
	assert_int_equal(table_cell(table, NULL), STATUS_OK);
	assert_int_equal(table_print_object(table, 0, out), STATUS_OK);
	fclose(out);
	assert_true(bytes > (size_t)6 * BYTES);
	free(printed);
	free(body);
	table_free(table);
}

static void ndjson_has_an_object_a_line(void **state)
{
	static const char *const cells[] = {
	    "a\"\n", "1.50", NULL, "b", NULL, "x"};

	(void)state;
	prints(cells, 6, TABLE_NDJSON,
	    "{\"name\": \"a\\\"\\n\", \"n\": 1.50, \"note\": null}\n"
	    "{\"name\": \"b\", \"n\": null, \"note\": \"x\"}\n");
}

/* Three parts, of two rows, of none and of one, as one text. */
static char *print_parts(enum table_format format)
{
	struct table *table = make_table(plain, 6);
	char *bytes = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&bytes, &length);

	assert_non_null(out);
	assert_int_equal(
	    table_print_part(table, format, false, out), STATUS_OK);
	assert_int_equal(table_rows(table), 0);
	assert_int_equal(
	    table_print_part(table, format, false, out), STATUS_OK);
	assert_int_equal(table_cell(table, "c"), STATUS_OK);
	assert_int_equal(table_cell(table, "7"), STATUS_OK);
	assert_int_equal(table_cell(table, "x"), STATUS_OK);
	assert_int_equal(table_print_part(table, format, true, out), STATUS_OK);
	fclose(out);
	table_free(table);
	return bytes;
}

static void parts_make_one_table(void **state)
{
	static const enum table_format formats[] = {
	    TABLE_TEXT, TABLE_CSV, TABLE_JSON, TABLE_NDJSON};

	(void)state;
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		struct table *whole = make_table(plain, 6);
		char *parts = print_parts(formats[i]);
		char *bytes = NULL;
		size_t length = 0;
		FILE *out = open_memstream(&bytes, &length);

		table_cell(whole, "c");
		table_cell(whole, "7");
		table_cell(whole, "x");
		table_print(whole, formats[i], out);
		fclose(out);
		assert_string_equal(parts, bytes);
		free(parts);
		free(bytes);
		table_free(whole);
	}
}

static void no_rows_are_only_the_names(void **state)
{
	(void)state;
	prints(NULL, 0, TABLE_TEXT, "name  n  note\n");
	prints(NULL, 0, TABLE_CSV, "name,n,note\r\n");
	prints(NULL, 0, TABLE_JSON, "[]\n");
	prints(NULL, 0, TABLE_NDJSON, "");
}

static void cells_can_be_read_back(void **state)
{
	struct table *table = make_table(plain, 6);

	(void)state;
	assert_int_equal(table_rows(table), 2);
	assert_int_equal(table_columns(table), 3);
	assert_string_equal(table_name(table, 1), "n");
	assert_string_equal(table_text(table, 1, 0), "long");
	assert_null(table_text(table, 1, 2));
	table_free(table);
	table_free(NULL);
}

static void a_table_has_a_greatest_size(void **state)
{
	struct table *table = table_new();

	(void)state;
	for (int i = 0; i < TABLE_COLUMNS_MAX; i++)
		assert_int_equal(
		    table_column(table, "c", TABLE_WORD), STATUS_OK);
	assert_int_equal(table_column(table, "c", TABLE_WORD), STATUS_MEMORY);
	for (int i = 0; i < TABLE_CELLS_MAX; i++)
		assert_int_equal(table_cell(table, NULL), STATUS_OK);
	assert_int_equal(table_cell(table, NULL), STATUS_MEMORY);
	assert_int_equal(
	    table_rows(table), TABLE_CELLS_MAX / TABLE_COLUMNS_MAX);
	table_free(table);
}

static void an_output_that_is_full_is_told(void **state)
{
	struct table *table = make_table(plain, 6);
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(out);
	assert_int_equal(table_print(table, TABLE_CSV, out), STATUS_IO);
	fclose(out);
	table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_lines_up_words_left_and_numbers_right),
	    cmocka_unit_test(characters_count_not_bytes),
	    cmocka_unit_test(hostile_cells_cannot_move_the_cursor),
	    cmocka_unit_test(csv_quotes_what_rfc_4180_says),
	    cmocka_unit_test(csv_starts_no_formula),
	    cmocka_unit_test(json_keeps_numbers_and_null),
	    cmocka_unit_test(json_takes_the_longest_event_there_is),
	    cmocka_unit_test(ndjson_has_an_object_a_line),
	    cmocka_unit_test(parts_make_one_table),
	    cmocka_unit_test(no_rows_are_only_the_names),
	    cmocka_unit_test(cells_can_be_read_back),
	    cmocka_unit_test(a_table_has_a_greatest_size),
	    cmocka_unit_test(an_output_that_is_full_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_gate.c: which streams the gate lets through to libfcgi */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fastcgi_bytes.h"
#include "gate.h"

#define BODY_MAX 1000

static const char body[BODY_MAX + 1];

static enum gate look(const struct bytes *bytes)
{
	return gate_look(bytes->at, bytes->length, BODY_MAX);
}

/* To the end of PARAMS. */
static struct bytes head(void)
{
	struct bytes bytes = {.length = 0};

	add_begin(&bytes, 1, 1, 0);
	add_param(&bytes, 1, "REQUEST_METHOD", "POST");
	add_end(&bytes, PARAMS);
	return bytes;
}

static void a_request_to_its_empty_stdin_record_is_whole(void **state)
{
	struct bytes bytes = head();

	(void)state;
	add_stdin(&bytes, body, 10, 10);
	add_end(&bytes, STDIN);
	assert_int_equal(look(&bytes), GATE_WHOLE);
}

static void every_shorter_part_waits_and_tells_when_params_are_whole(
    void **state)
{
	struct bytes bytes = head();
	size_t params_end = bytes.length;
	size_t whole;

	(void)state;
	add_stdin(&bytes, body, 100, 30);
	add_end(&bytes, STDIN);
	whole = bytes.length;
	for (bytes.length = 0; bytes.length < whole; bytes.length++)
		assert_int_equal(look(&bytes),
		    bytes.length < params_end ? GATE_PART : GATE_PART_BODY);
}

static void padding_must_have_come_too(void **state)
{
	struct bytes bytes = head();

	(void)state;
	add_record(&bytes, (struct shape){STDIN, 1, 7}, body, 9);
	add_record(&bytes, (struct shape){STDIN, 1, 255}, NULL, 0);
	assert_int_equal(look(&bytes), GATE_WHOLE);
	bytes.length--;
	assert_int_equal(look(&bytes), GATE_PART_BODY);
}

/* libfcgi would take it for records of its own. */
static void padding_where_libfcgi_sees_none_is_no_request(void **state)
{
	struct bytes bytes = {.length = 0};
	unsigned char begin[8] = {0, 1};

	(void)state;
	add_record(&bytes, (struct shape){BEGIN, 1, 8}, begin, sizeof begin);
	add_end(&bytes, PARAMS);
	add_end(&bytes, STDIN);
	assert_int_equal(look(&bytes), GATE_BAD);

	bytes.length = 0;
	add_begin(&bytes, 1, 1, 0);
	add_param(&bytes, 1, "A", "b");
	add_record(&bytes, (struct shape){PARAMS, 1, 8}, NULL, 0);
	add_end(&bytes, STDIN);
	assert_int_equal(look(&bytes), GATE_BAD);
}

static void a_request_may_have_no_params_and_no_body(void **state)
{
	struct bytes bytes = {.length = 0};

	(void)state;
	add_begin(&bytes, 1, 1, 0);
	add_end(&bytes, PARAMS);
	add_end(&bytes, STDIN);
	assert_int_equal(look(&bytes), GATE_WHOLE);
}

static void any_id_but_zero_is_good(void **state)
{
	struct bytes bytes = {.length = 0};

	(void)state;
	add_begin(&bytes, 65535, 1, 1);
	add_param(&bytes, 65535, "A", "b");
	add_record(&bytes, (struct shape){PARAMS, 65535, 0}, NULL, 0);
	add_record(&bytes, (struct shape){STDIN, 65535, 0}, NULL, 0);
	assert_int_equal(look(&bytes), GATE_WHOLE);
	bytes.length = 0;
	add_begin(&bytes, 0, 1, 0);
	assert_int_equal(look(&bytes), GATE_BAD);
}

static void the_longest_body_is_let_in_and_one_byte_more_is_not(void **state)
{
	struct bytes bytes = head();

	(void)state;
	add_stdin(&bytes, body, BODY_MAX, 7);
	add_end(&bytes, STDIN);
	assert_int_equal(look(&bytes), GATE_WHOLE);
	bytes = head();
	add_stdin(&bytes, body, BODY_MAX + 1, 7);
	add_end(&bytes, STDIN);
	assert_int_equal(look(&bytes), GATE_TOO_LARGE);
}

static void too_large_is_seen_before_the_bytes_have_come(void **state)
{
	struct bytes bytes = head();
	size_t header_end = bytes.length + 8;

	(void)state;
	add_record(&bytes, (struct shape){STDIN, 1, 0}, body, BODY_MAX + 1);
	bytes.length = header_end;
	assert_int_equal(look(&bytes), GATE_TOO_LARGE);
}

static void too_many_params_are_refused(void **state)
{
	static const char content[GATE_PARAMS_MAX];
	struct bytes bytes = {.length = 0};

	(void)state;
	add_begin(&bytes, 1, 1, 0);
	add_record(
	    &bytes, (struct shape){PARAMS, 1, 0}, content, GATE_PARAMS_MAX);
	assert_int_equal(look(&bytes), GATE_PART);
	add_record(&bytes, (struct shape){PARAMS, 1, 0}, content, 1);
	assert_int_equal(look(&bytes), GATE_BAD);
}

/* PARAMS of this content, in records of at most piece bytes. */
static enum gate look_at_params(
    const void *content, size_t length, size_t piece)
{
	const unsigned char *from = content;
	struct bytes bytes = {.length = 0};
	size_t part;

	add_begin(&bytes, 1, 1, 0);
	for (; length > 0; length -= part, from += part) {
		part = length < piece ? length : piece;
		add_record(&bytes, (struct shape){PARAMS, 1, 3}, from, part);
	}
	add_end(&bytes, PARAMS);
	add_end(&bytes, STDIN);
	return look(&bytes);
}

#define LITERAL(text) (text), sizeof(text) - 1

static void pairs_may_be_cut_anywhere_into_records(void **state)
{
	static const char pairs[] =
	    "\x01\x02N12\x00\x00\x80\x00\x00\x04\x01LONG!\x00\x80\x00\x00\x00";
	size_t piece;

	(void)state;
	for (piece = 1; piece <= sizeof pairs; piece++)
		assert_int_equal(
		    look_at_params(LITERAL(pairs), piece), GATE_WHOLE);
}

/* Each is cut at every byte: only where a pair ends it is one. */
static void a_pair_that_is_cut_off_is_bad(void **state)
{
	static const char pairs[] = "\x03\x01SKUx\x80\x00\x00\x01\x02Nyz";
	size_t length;

	(void)state;
	for (length = 0; length < sizeof pairs; length++) {
		bool ends =
		    length == 0 || length == 6 || length == sizeof pairs - 1;

		assert_int_equal(look_at_params(pairs, length, 4),
		    ends ? GATE_WHOLE : GATE_BAD);
	}
}

/* libfcgi would reserve what they promise. */
static void lengths_beyond_what_came_are_bad(void **state)
{
	(void)state;
	assert_int_equal(look_at_params(LITERAL("\x01\x03Nyz"), 99), GATE_BAD);
	assert_int_equal(
	    look_at_params(LITERAL("\xff\xff\xff\xff\x01N"), 99), GATE_BAD);
	assert_int_equal(
	    look_at_params(LITERAL("\x01\xff\xff\xff\xffN"), 99), GATE_BAD);
	assert_int_equal(
	    look_at_params(LITERAL("\xff\xff\xff\xff\xff\xff\xff\xffNy"), 99),
	    GATE_BAD);
}

static void pairs_are_looked_at_before_the_body_has_come(void **state)
{
	struct bytes bytes = {.length = 0};

	(void)state;
	add_begin(&bytes, 1, 1, 0);
	add_record(&bytes, (struct shape){PARAMS, 1, 0}, LITERAL("\x01\x03N"));
	assert_int_equal(look(&bytes), GATE_PART);
	add_end(&bytes, PARAMS);
	assert_int_equal(look(&bytes), GATE_BAD);
}

static void another_record_than_begin_first_is_bad(void **state)
{
	static const unsigned types[] = {
	    0, ABORT, END, PARAMS, STDIN, 6, 7, 8, GET_VALUES, 10, 11, 255};
	struct bytes bytes = {.length = 0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof types / sizeof *types; i++) {
		bytes.length = 0;
		add_record(&bytes, (struct shape){types[i], 1, 0}, body, 8);
		assert_int_equal(look(&bytes), GATE_BAD);
	}
}

static void a_begin_of_another_length_version_or_role_is_bad(void **state)
{
	struct bytes bytes = {.length = 0};

	(void)state;
	add_record(&bytes, (struct shape){BEGIN, 1, 0}, body, 7);
	assert_int_equal(look(&bytes), GATE_BAD);
	bytes = head();
	bytes.at[0] = 2;
	assert_int_equal(look(&bytes), GATE_BAD);
	bytes.length = 0;
	add_begin(&bytes, 1, 2, 0);
	assert_int_equal(look(&bytes), GATE_BAD);
	bytes.length = 0;
	add_begin(&bytes, 1, 3, 0);
	assert_int_equal(look(&bytes), GATE_BAD);
}

/* shape instead of what should come after PARAMS, or, early, within. */
static enum gate look_at_odd(struct shape shape, size_t length)
{
	struct bytes bytes = head();
	enum gate late;

	add_stdin(&bytes, body, 5, 5);
	add_record(&bytes, shape, body, length);
	add_end(&bytes, STDIN);
	late = look(&bytes);
	bytes.length = 0;
	add_begin(&bytes, 1, 1, 0);
	add_record(&bytes, shape, body, length);
	add_end(&bytes, PARAMS);
	add_end(&bytes, STDIN);
	assert_int_equal(look(&bytes), late);
	return late;
}

static void what_does_not_belong_between_is_bad(void **state)
{
	(void)state;
	assert_int_equal(look_at_odd((struct shape){ABORT, 1, 0}, 0), GATE_BAD);
	assert_int_equal(look_at_odd((struct shape){BEGIN, 1, 0}, 8), GATE_BAD);
	assert_int_equal(look_at_odd((struct shape){BEGIN, 2, 0}, 8), GATE_BAD);
	assert_int_equal(
	    look_at_odd((struct shape){PARAMS, 2, 0}, 4), GATE_BAD);
	assert_int_equal(look_at_odd((struct shape){STDIN, 2, 0}, 4), GATE_BAD);
	assert_int_equal(
	    look_at_odd((struct shape){GET_VALUES, 0, 0}, 0), GATE_BAD);
	assert_int_equal(look_at_odd((struct shape){8, 1, 0}, 3), GATE_BAD);
}

static void params_after_their_end_and_stdin_before_it_are_bad(void **state)
{
	struct bytes bytes = head();

	(void)state;
	add_param(&bytes, 1, "LATE", "1");
	assert_int_equal(look(&bytes), GATE_BAD);
	bytes.length = 0;
	add_begin(&bytes, 1, 1, 0);
	add_stdin(&bytes, body, 4, 4);
	assert_int_equal(look(&bytes), GATE_BAD);
}

static void anything_after_the_end_is_bad(void **state)
{
	struct bytes bytes = head();

	(void)state;
	add_end(&bytes, STDIN);
	assert_int_equal(look(&bytes), GATE_WHOLE);
	add(&bytes, "", 1);
	assert_int_equal(look(&bytes), GATE_BAD);
}

/* In a block of just its size, so that the sanitizer sees every overrun. */
static void no_bytes_make_it_read_too_far(void **state)
{
	struct bytes bytes;
	unsigned char *block;
	size_t length;
	int round;
	int i;

	(void)state;
	srand(1);
	for (round = 0; round < 20000; round++) {
		bytes = head();
		add_stdin(&bytes, body, (size_t)(rand() % 60), 13);
		add_end(&bytes, STDIN);
		for (i = rand() % 4; i > 0; i--)
			bytes.at[(size_t)rand() % bytes.length] =
			    (unsigned char)rand();
		length = (size_t)rand() % (bytes.length + 1);
		block = malloc(length > 0 ? length : 1);
		assert_non_null(block);
		memcpy(block, bytes.at, length);
		assert_in_range(
		    gate_look(block, length, 20), GATE_PART, GATE_BAD);
		free(block);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_request_to_its_empty_stdin_record_is_whole),
	    cmocka_unit_test(
		every_shorter_part_waits_and_tells_when_params_are_whole),
	    cmocka_unit_test(padding_must_have_come_too),
	    cmocka_unit_test(padding_where_libfcgi_sees_none_is_no_request),
	    cmocka_unit_test(a_request_may_have_no_params_and_no_body),
	    cmocka_unit_test(any_id_but_zero_is_good),
	    cmocka_unit_test(
		the_longest_body_is_let_in_and_one_byte_more_is_not),
	    cmocka_unit_test(too_large_is_seen_before_the_bytes_have_come),
	    cmocka_unit_test(too_many_params_are_refused),
	    cmocka_unit_test(pairs_may_be_cut_anywhere_into_records),
	    cmocka_unit_test(a_pair_that_is_cut_off_is_bad),
	    cmocka_unit_test(lengths_beyond_what_came_are_bad),
	    cmocka_unit_test(pairs_are_looked_at_before_the_body_has_come),
	    cmocka_unit_test(another_record_than_begin_first_is_bad),
	    cmocka_unit_test(a_begin_of_another_length_version_or_role_is_bad),
	    cmocka_unit_test(what_does_not_belong_between_is_bad),
	    cmocka_unit_test(
		params_after_their_end_and_stdin_before_it_are_bad),
	    cmocka_unit_test(anything_after_the_end_is_bad),
	    cmocka_unit_test(no_bytes_make_it_read_too_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_base64.c: base 64 is decoded strictly, and into its room only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base64.h"

/* RFC 4648 section 10. */
static const struct {
	const char *bytes;
	const char *text;
} vectors[] = {
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static void the_vectors_of_the_rfc_hold_both_ways(void **state)
{
	unsigned char bytes[8];
	char text[BASE64_TEXT_BYTES(6)];
	size_t length;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		assert_true(base64_decode(vectors[i].text,
		    strlen(vectors[i].text), bytes, 6, &length));
		assert_int_equal(length, strlen(vectors[i].bytes));
		assert_memory_equal(bytes, vectors[i].bytes, length);
		assert_int_equal(
		    base64_encode(
			(const unsigned char *)vectors[i].bytes, length, text),
		    strlen(vectors[i].text));
		assert_string_equal(text, vectors[i].text);
	}
}

static void nothing_else_is_decoded(void **state)
{
	static const char *const none[] = {"", "Z", "Zg",
	    "Zg=", "Zg===", "Z===", "====", "Zg==Zg==", "Z=g=", "Zm9v\n",
	    " Zm9v", "Zm 9", "Zm9-", "Zm9_", "Zm9vZg"};
	unsigned char bytes[16];
	size_t length = 77;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof none / sizeof *none; i++)
		if (base64_decode(none[i], strlen(none[i]), bytes, 16, &length))
			fail_msg("decoded: %s", none[i]);
	assert_false(base64_decode("Zm9\0", 4, bytes, 16, &length));
	assert_int_equal(length, 77);
}

static void nothing_is_written_beyond_the_room(void **state)
{
	unsigned char bytes[5] = "xxxx";
	size_t length;

	(void)state;
	assert_false(base64_decode("Zm9vYmE=", 8, bytes, 4, &length));
	assert_true(base64_decode("Zm9vYg==", 8, bytes, 4, &length));
	assert_int_equal(length, 4);
	assert_memory_equal(bytes, "foob", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_vectors_of_the_rfc_hold_both_ways),
	    cmocka_unit_test(nothing_else_is_decoded),
	    cmocka_unit_test(nothing_is_written_beyond_the_room),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}

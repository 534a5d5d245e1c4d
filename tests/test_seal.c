/* test_seal.c: what is sealed opens with its key, in its place, unchanged */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "seal.h"

#define TEXT "eyJhbGciOiJub25lIn0.the-secret-of-us-all"
#define LONG 8192

static const struct seal_place place = {
    "token", "sealed", {"https://cxone.example/oauth/token", "client"}};

static struct seal_key *key_of(int fill)
{
	unsigned char bytes[SEAL_KEY_BYTES];
	struct seal_key *key;

	memset(bytes, fill, sizeof bytes);
	key = seal_key_new(bytes);
	assert_non_null(key);
	return key;
}

static size_t shut(struct seal_key *key, unsigned char *sealed)
{
	assert_int_equal(
	    seal_shut(key, &place, TEXT, strlen(TEXT), sealed), STATUS_OK);
	return strlen(TEXT) + SEAL_MORE_BYTES;
}

static void what_was_sealed_opens(void **state)
{
	static const size_t lengths[] = {0, 1, 15, 16, 17, LONG};
	struct seal_key *key = key_of(7);
	unsigned char sealed[LONG + SEAL_MORE_BYTES];
	char text[LONG];
	char opened[LONG + SEAL_MORE_BYTES];

	(void)state;
	memset(text, 'x', sizeof text);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		assert_int_equal(
		    seal_shut(key, &place, text, lengths[i], sealed),
		    STATUS_OK);
		assert_int_equal(seal_open(key, &place, sealed,
				     lengths[i] + SEAL_MORE_BYTES, opened),
		    STATUS_OK);
		assert_memory_equal(opened, text, lengths[i]);
	}
	seal_key_free(key);
}

/* Keys outlive processes: another object with the same bytes opens it. */
static void another_process_opens_it_with_the_same_key(void **state)
{
	struct seal_key *one = key_of(7);
	struct seal_key *two = key_of(7);
	unsigned char sealed[128];
	char opened[128];
	size_t length = shut(one, sealed);

	(void)state;
	seal_key_free(one);
	assert_int_equal(
	    seal_open(two, &place, sealed, length, opened), STATUS_OK);
	assert_memory_equal(opened, TEXT, strlen(TEXT));
	seal_key_free(two);
}

static bool holds(const unsigned char *bytes, size_t length, const char *text)
{
	return memmem(bytes, length, text, strlen(text)) != NULL;
}

static void nothing_of_the_text_or_the_key_is_seen(void **state)
{
	struct seal_key *key = key_of('k');
	unsigned char sealed[128];
	size_t length = shut(key, sealed);

	(void)state;
	assert_false(holds(sealed, length, "eyJ"));
	assert_false(holds(sealed, length, "secret"));
	assert_false(holds(sealed, length, "kkkk"));
	seal_key_free(key);
}

/* A nonce used twice would show what two texts have in common. */
static void the_same_text_is_sealed_differently_each_time(void **state)
{
	enum { TIMES = 2000 };
	static unsigned char nonces[TIMES][12];
	struct seal_key *key = key_of(7);
	unsigned char sealed[128];

	(void)state;
	for (int i = 0; i < TIMES; i++) {
		shut(key, sealed);
		memcpy(nonces[i], sealed + 5, sizeof nonces[i]);
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(
			    nonces[i], nonces[j], sizeof nonces[i]);
	}
	seal_key_free(key);
}

static void another_key_is_known_to_be_another(void **state)
{
	struct seal_key *one = key_of(7);
	struct seal_key *two = key_of(8);
	unsigned char sealed[128];
	char opened[128];
	size_t length = shut(one, sealed);

	(void)state;
	assert_true(seal_is_by(one, sealed, length));
	assert_false(seal_is_by(two, sealed, length));
	assert_int_equal(
	    seal_open(two, &place, sealed, length, opened), STATUS_KEY_UNKNOWN);
	seal_key_free(one);
	seal_key_free(two);
}

/* A key's id may be forged; then the tag tells. */
static void a_wrong_key_with_the_right_id_opens_nothing(void **state)
{
	struct seal_key *one = key_of(7);
	struct seal_key *two = key_of(8);
	unsigned char sealed[128];
	unsigned char other[128];
	char opened[128];
	size_t length = shut(one, sealed);

	(void)state;
	shut(two, other);
	memcpy(sealed, other, 5);
	assert_int_equal(
	    seal_open(two, &place, sealed, length, opened), STATUS_SEAL_BROKEN);
	seal_key_free(one);
	seal_key_free(two);
}

/* Every bit of it counts: version, id, nonce, text and tag. */
static void no_bit_can_be_changed(void **state)
{
	struct seal_key *key = key_of(7);
	unsigned char sealed[128];
	char opened[128];
	size_t length = shut(key, sealed);

	(void)state;
	for (size_t bit = 0; bit < length * 8; bit++) {
		enum status wanted =
		    bit < 5 * 8 ? STATUS_KEY_UNKNOWN : STATUS_SEAL_BROKEN;

		sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(
		    seal_open(key, &place, sealed, length, opened), wanted);
		sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	assert_int_equal(
	    seal_open(key, &place, sealed, length, opened), STATUS_OK);
	seal_key_free(key);
}

static void it_cannot_be_cut_or_lengthened(void **state)
{
	struct seal_key *key = key_of(7);
	unsigned char sealed[128] = "";
	char opened[128];
	size_t length = shut(key, sealed);

	(void)state;
	for (size_t cut = 0; cut < length; cut++)
		assert_int_equal(seal_open(key, &place, sealed, cut, opened),
		    STATUS_SEAL_BROKEN);
	assert_int_equal(seal_open(key, &place, sealed, length + 1, opened),
	    STATUS_SEAL_BROKEN);
	seal_key_free(key);
}

static void it_opens_in_its_own_place_only(void **state)
{
	static const struct seal_place elsewhere[] = {
	    {"tokens", "sealed",
		{"https://cxone.example/oauth/token", "client"}},
	    {"token", "seal", {"https://cxone.example/oauth/token", "client"}},
	    {"token", "sealed", {"https://cxone.example/oauth/token", "clien"}},
	    {"token", "sealed",
		{"https://cxone.example/oauth/toke", "nclient"}},
	    {"token", "sealed",
		{"client", "https://cxone.example/oauth/token"}},
	    {"token", "sealed", {"https://cxone.example/oauth/token", ""}},
	};
	struct seal_key *key = key_of(7);
	unsigned char sealed[128];
	char opened[128] = "";
	size_t length = shut(key, sealed);

	(void)state;
	for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
		assert_int_equal(
		    seal_open(key, &elsewhere[i], sealed, length, opened),
		    STATUS_SEAL_BROKEN);
		assert_false(
		    holds((unsigned char *)opened, sizeof opened, "secret"));
	}
	seal_key_free(key);
}

/*
 * So that it is AES-256-GCM and the layout of the header, and stays so: these
 * bytes were made once with libgcrypt, with a nonce of 0, 1, 2 ... 11.
 */
static void a_text_sealed_elsewhere_opens_here(void **state)
{
	static const unsigned char sealed[] = {0x01, 0x86, 0x92, 0x3f, 0x3a,
	    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a,
	    0x0b, 0x7d, 0xf8, 0xa3, 0x18, 0x7f, 0x4e, 0xba, 0x20, 0x38, 0xdb,
	    0xaf, 0xe9, 0x80, 0x6a, 0x59, 0x96, 0xa8, 0x52, 0x86, 0xa0, 0x6c,
	    0x0a, 0x12, 0x1c, 0x65, 0xab, 0x00, 0xc8, 0xeb, 0xa3, 0x40, 0x6a,
	    0xb8, 0x42, 0x33, 0x91, 0xba, 0xae, 0x5d, 0x91, 0xfa, 0x5c, 0xeb,
	    0x3d, 0xf8, 0x6e, 0xbb, 0x85, 0xba, 0xf5, 0x2b, 0x24, 0x48, 0xe4,
	    0xa6, 0xf5};
	struct seal_key *key = key_of(7);
	char opened[sizeof sealed] = "";

	(void)state;
	assert_int_equal(
	    seal_open(key, &place, sealed, sizeof sealed, opened), STATUS_OK);
	assert_memory_equal(opened, TEXT, strlen(TEXT));
	seal_key_free(key);
}

static void keys_are_read_from_hex_and_base_64(void **state)
{
	static const char hex[] = "000102030405060708090a0b0c0d0e0f"
				  "101112131415161718191A1B1C1D1E1F";
	static const char base64[] =
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
	unsigned char bytes[SEAL_KEY_BYTES];

	(void)state;
	for (int form = 0; form < 2; form++) {
		memset(bytes, 0xff, sizeof bytes);
		assert_true(seal_key_read(form == 0 ? hex : base64, bytes));
		for (int i = 0; i < SEAL_KEY_BYTES; i++)
			assert_int_equal(bytes[i], i);
	}
}

static void what_is_no_key_is_refused(void **state)
{
	static const char *const wrong[] = {
	    "",
	    "0",
	    "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1",
	    "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F0",
	    "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1g",
	    " 00102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F",
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8==",
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh==",
	    " AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh-=",
	};
	unsigned char bytes[SEAL_KEY_BYTES] = {0};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (seal_key_read(wrong[i], bytes))
			fail_msg("taken: %s", wrong[i]);
	for (int i = 0; i < SEAL_KEY_BYTES; i++)
		assert_int_equal(bytes[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_sealed_opens),
	    cmocka_unit_test(another_process_opens_it_with_the_same_key),
	    cmocka_unit_test(nothing_of_the_text_or_the_key_is_seen),
	    cmocka_unit_test(the_same_text_is_sealed_differently_each_time),
	    cmocka_unit_test(another_key_is_known_to_be_another),
	    cmocka_unit_test(a_wrong_key_with_the_right_id_opens_nothing),
	    cmocka_unit_test(no_bit_can_be_changed),
	    cmocka_unit_test(it_cannot_be_cut_or_lengthened),
	    cmocka_unit_test(it_opens_in_its_own_place_only),
	    cmocka_unit_test(a_text_sealed_elsewhere_opens_here),
	    cmocka_unit_test(keys_are_read_from_hex_and_base_64),
	    cmocka_unit_test(what_is_no_key_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

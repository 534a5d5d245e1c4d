/* test_auth_signature.c: only who signs with our keys, and now, may post */
#include "auth_place.h"

/* libraries/go/webhook_test.go of Standard Webhooks 1.0. */
#define SECRET    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID        "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define TIMESTAMP "1614265330"
#define BODY      "{\"test\": 2432232314}"
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define AT        1614265330

/* webhook_asymmetric_test.go; the public key is that of its private one. */
#define PUBLIC "whpk_ZlN4eg7dSSqi0moX9hQUk3orrOouK3QVQSlJa248c/g="
#define SIGNED_BY_PUBLIC                                                       \
	"v1a,tQ9V2XOqn7jL/"                                                    \
	"DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYG"                \
	"b7KaaBRdM5WqyeFiL8Ag=="

/* The same message with the bytes 0 to 23 as key. */
#define NEXT_SECRET    "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define NEXT_SIGNATURE "v1,/485aUtxlie+TIScVpHggMfqOB4so2KWb7+Gf727B44="

/* Of the right form, and wrong: from the reference tests. */
#define WRONG "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="

struct place {
	struct config *config;
	struct gateway_request request;
};

/* The published vector, at the moment it was signed. */
static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	assert_non_null(place);
	place->config = new_config(WEBHOOK_AUTH_HMAC);
	add_secret(place->config, "now", SECRET);
	set_param(&place->request, "HTTP_WEBHOOK_ID", ID);
	set_param(&place->request, "HTTP_WEBHOOK_TIMESTAMP", TIMESTAMP);
	set_param(&place->request, "HTTP_WEBHOOK_SIGNATURE", SIGNATURE);
	set_body(&place->request, BODY);
	now_s = AT;
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	free(place->config);
	free(place);
	return 0;
}

static void expect(struct place *place, enum auth_reason reason)
{
	expect_reason(place->config, &place->request, reason);
}

static void with_signature(
    struct place *place, const char *signature, enum auth_reason reason)
{
	set_param(&place->request, "HTTP_WEBHOOK_SIGNATURE", signature);
	expect(place, reason);
}

static void the_published_vector_is_let_in(void **state)
{
	struct place *place = *state;

	expect(place, AUTH_OK);
	/* As the only secret of all as well. */
	place->config->webhook_secrets.count = 0;
	strcpy(place->config->webhook_secret, SECRET);
	expect(place, AUTH_OK);
}

static void the_id_that_was_signed_is_given(void **state)
{
	struct place *place = *state;
	struct auth *auth = auth_new(place->config);
	const char *signed_id = NULL;

	assert_int_equal(
	    auth_check(auth, &place->request, NULL, &signed_id), STATUS_OK);
	assert_string_equal(signed_id, ID);
	auth_free(auth);
}

/* The key's context is used for every event. */
static void one_request_after_the_other_is_verified(void **state)
{
	struct place *place = *state;
	struct auth *auth = auth_new(place->config);
	struct auth_key_count count;
	int i;

	for (i = 0; i < 3; i++) {
		assert_int_equal(reason_of(auth, &place->request), AUTH_OK);
		set_body(&place->request, "{}");
		assert_int_equal(
		    reason_of(auth, &place->request), AUTH_SIGNATURE_WRONG);
		set_body(&place->request, BODY);
	}
	assert_true(auth_key_counts(auth, 0, &count));
	assert_int_equal(count.accepted, 3);
	auth_free(auth);
}

static void each_header_must_be_there(void **state)
{
	static const char *const names[] = {"HTTP_WEBHOOK_ID",
	    "HTTP_WEBHOOK_TIMESTAMP", "HTTP_WEBHOOK_SIGNATURE"};
	struct place *place = *state;
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		struct gateway_request whole = place->request;

		set_param(&place->request, names[i], NULL);
		expect(place, AUTH_HEADER_MISSING);
		place->request = whole;
	}
}

static void a_wrong_or_cut_signature_is_kept_out(void **state)
{
	static const char *const wrong[] = {
	    WRONG,
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE",
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA=",
	    "v1,G0HM9SSE+OTPJTGT/TMIKTSYZLE3UFJELVLNIOLJ1OE=",
	    "v1,g0hM",
	    "v1,=",
	};
	static const char *const none[] = {"", " ", "v1", "v1,", "v1, v1,",
	    "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
	    "V1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
	    "v1=g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="};
	struct place *place = *state;
	size_t i;

	for (i = 0; i < COUNT(wrong); i++)
		with_signature(place, wrong[i], AUTH_SIGNATURE_WRONG);
	for (i = 0; i < COUNT(none); i++)
		with_signature(place, none[i], AUTH_SIGNATURE_INVALID);
}

static void an_old_timestamp_is_kept_out(void **state)
{
	struct place *place = *state;

	now_s = AT + 300;
	expect(place, AUTH_OK);
	now_s = AT + 301;
	expect(place, AUTH_TIMESTAMP_OLD);
	place->config->webhook_tolerance_past_s = 301;
	expect(place, AUTH_OK);
}

static void a_timestamp_of_the_future_is_kept_out(void **state)
{
	struct place *place = *state;

	now_s = AT - 300;
	expect(place, AUTH_OK);
	now_s = AT - 301;
	expect(place, AUTH_TIMESTAMP_FUTURE);
	place->config->webhook_tolerance_future_s = 301;
	expect(place, AUTH_OK);
	/* The other side is another setting. */
	now_s = AT + 301;
	expect(place, AUTH_TIMESTAMP_OLD);
}

static void a_timestamp_must_be_a_whole_number(void **state)
{
	static const char *const none[] = {"", "hello", "Infinity", "NaN",
	    "1614265330abc", "1614265330.5", "1614265330 ", " 1614265330",
	    "+1614265330", "-1614265330", "0x6037B8F2", "1.614265330e9",
	    "1614265330,1614265330", "99999999999999999999999",
	    "9223372036854775807", "1614265330000000"};
	struct place *place = *state;
	size_t i;

	for (i = 0; i < COUNT(none); i++) {
		set_param(&place->request, "HTTP_WEBHOOK_TIMESTAMP", none[i]);
		expect(place, AUTH_TIMESTAMP_INVALID);
	}
	set_param(&place->request, "HTTP_WEBHOOK_TIMESTAMP", "999999999999");
	expect(place, AUTH_TIMESTAMP_FUTURE);
	set_param(&place->request, "HTTP_WEBHOOK_TIMESTAMP", "0");
	expect(place, AUTH_TIMESTAMP_OLD);
}

static void one_right_signature_of_several_lets_in(void **state)
{
	struct place *place = *state;

	with_signature(place, WRONG " " SIGNATURE, AUTH_OK);
	with_signature(place, SIGNATURE " " WRONG, AUTH_OK);
	with_signature(place, "v1,x   " WRONG "  " SIGNATURE " ", AUTH_OK);
	/* Two headers, as a web server joins them. */
	with_signature(place, WRONG ", " SIGNATURE ", " WRONG, AUTH_OK);
	with_signature(place, SIGNATURE ", " WRONG, AUTH_OK);
}

static void several_wrong_signatures_are_kept_out(void **state)
{
	with_signature(*state, WRONG " " WRONG " " WRONG, AUTH_SIGNATURE_WRONG);
}

static void signatures_of_unknown_versions_are_passed_over(void **state)
{
	struct place *place = *state;

	with_signature(place, "v2,x v3 v1b,y " SIGNATURE, AUTH_OK);
	with_signature(place, "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
	    AUTH_SIGNATURE_INVALID);
	/* The right bytes under the other kind's name are not right. */
	with_signature(place,
	    "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
	    AUTH_SIGNATURE_WRONG);
}

static void a_signature_of_digits_is_only_text(void **state)
{
	static const char *const digits[] = {"v1,0", "v1,1e5", "v1,0x0",
	    "v1,00000000000000000000000000000000000000000000"};
	size_t i;

	for (i = 0; i < COUNT(digits); i++)
		with_signature(*state, digits[i], AUTH_SIGNATURE_WRONG);
}

static void the_body_counts_byte_by_byte(void **state)
{
	static const char *const others[] = {"{\"test\":2432232314}",
	    "{\"test\": 2432232314} ", "{\"test\": 2432232314}\n",
	    " {\"test\": 2432232314}", "{\"test\": 2432232315}",
	    "{ \"test\": 2432232314 }", "{\"test\": 2432232314.0}", ""};
	struct place *place = *state;
	size_t i;

	for (i = 0; i < COUNT(others); i++) {
		set_body(&place->request, others[i]);
		expect(place, AUTH_SIGNATURE_WRONG);
	}
	/* What stands behind a NUL is signed like everything else. */
	place->request.body = BODY "\0x";
	place->request.body_length = strlen(BODY) + 2;
	expect(place, AUTH_SIGNATURE_WRONG);
	/* An empty body can be signed: it fails where it is read. */
	set_body(&place->request, "");
	with_signature(
	    place, "v1,v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A=", AUTH_OK);
}

static void id_and_timestamp_are_signed(void **state)
{
	struct place *place = *state;

	set_param(&place->request, "HTTP_WEBHOOK_ID", ID "x");
	expect(place, AUTH_SIGNATURE_WRONG);
	set_param(&place->request, "HTTP_WEBHOOK_ID", ID);
	set_param(&place->request, "HTTP_WEBHOOK_TIMESTAMP", "1614265331");
	expect(place, AUTH_SIGNATURE_WRONG);
	/* The same number, but not the same bytes. */
	set_param(&place->request, "HTTP_WEBHOOK_TIMESTAMP", "01614265330");
	expect(place, AUTH_SIGNATURE_WRONG);
}

/* "a.1.2.body" would else be the event a of second 1, and a.1 of 2. */
static void an_id_with_a_full_stop_is_kept_out(void **state)
{
	static const char *const ids[] = {"msg.1614265330", ".", "msg.", "",
	    "a b", "a\tb", "a\177", "\303\244"};
	struct place *place = *state;
	char longest[130];
	size_t i;

	for (i = 0; i < COUNT(ids); i++) {
		set_param(&place->request, "HTTP_WEBHOOK_ID", ids[i]);
		expect(place, AUTH_ID_INVALID);
	}
	memset(longest, 'i', sizeof longest);
	longest[129] = '\0';
	set_param(&place->request, "HTTP_WEBHOOK_ID", longest);
	expect(place, AUTH_ID_INVALID);
	longest[128] = '\0';
	expect(place, AUTH_SIGNATURE_WRONG);
}

/* Its own signature is right for the id; the first one's is not for it. */
static void another_body_under_the_same_id_needs_its_own_signature(void **state)
{
	struct place *place = *state;

	set_body(&place->request, "{\"test\": 1}");
	expect(place, AUTH_SIGNATURE_WRONG);
	with_signature(
	    place, "v1,9sV6Sa+ekXLnhUkrOCE3SJVGOcubdjGsseFXTLj8pSc=", AUTH_OK);
}

static void old_and_new_key_are_both_good_while_they_change(void **state)
{
	struct place *place = *state;

	with_signature(place, NEXT_SIGNATURE, AUTH_SIGNATURE_WRONG);
	add_secret(place->config, "next", NEXT_SECRET);
	with_signature(place, NEXT_SIGNATURE, AUTH_OK);
	with_signature(place, SIGNATURE, AUTH_OK);
	with_signature(place, NEXT_SIGNATURE " " SIGNATURE, AUTH_OK);
}

static void a_key_is_good_within_its_time_only(void **state)
{
	struct place *place = *state;
	struct webhook_secret *old = &place->config->webhook_secrets.items[0];
	struct auth_key_count count;
	struct auth *auth;

	old->not_after_us = (AT + 1) * CLOCK_SECOND;
	expect(place, AUTH_OK);
	now_s = AT + 1;
	expect(place, AUTH_KEY_NOT_VALID);
	/* The new one goes on, and what still signs with the old is told. */
	add_secret(place->config, "next", NEXT_SECRET);
	place->config->webhook_secrets.items[1].not_before_us =
	    (AT + 1) * CLOCK_SECOND;
	auth = auth_new(place->config);
	assert_int_equal(reason_of(auth, &place->request), AUTH_KEY_NOT_VALID);
	set_param(
	    &place->request, "HTTP_WEBHOOK_SIGNATURE", SIGNATURE " " WRONG);
	assert_int_equal(reason_of(auth, &place->request), AUTH_KEY_NOT_VALID);
	set_param(&place->request, "HTTP_WEBHOOK_SIGNATURE",
	    SIGNATURE " " NEXT_SIGNATURE);
	assert_int_equal(reason_of(auth, &place->request), AUTH_OK);
	assert_true(auth_key_counts(auth, 0, &count));
	assert_string_equal(count.id, "now");
	assert_int_equal(count.accepted, 0);
	assert_int_equal(count.not_valid, 2);
	assert_true(auth_key_counts(auth, 1, &count));
	assert_int_equal(count.accepted, 1);
	auth_free(auth);
	now_s = AT;
	with_signature(place, NEXT_SIGNATURE, AUTH_KEY_NOT_VALID);
}

static void the_published_vector_of_ed25519_is_let_in(void **state)
{
	struct place *place = *state;

	with_signature(place, SIGNED_BY_PUBLIC, AUTH_SIGNATURE_WRONG);
	strcpy(place->config->webhook_secrets.items[0].text, PUBLIC);
	with_signature(place, SIGNED_BY_PUBLIC, AUTH_OK);
	with_signature(place, SIGNATURE " " SIGNED_BY_PUBLIC, AUTH_OK);
	with_signature(place, SIGNATURE, AUTH_SIGNATURE_WRONG);
	/* Both kinds beside each other. */
	add_secret(place->config, "next", SECRET);
	with_signature(place, SIGNATURE, AUTH_OK);
	with_signature(place, SIGNED_BY_PUBLIC, AUTH_OK);
}

/* The reference tests' own, and ours. */
static void a_wrong_signature_of_ed25519_is_kept_out(void **state)
{
	struct place *place = *state;

	strcpy(place->config->webhook_secrets.items[0].text, PUBLIC);
	with_signature(place,
	    "v1a,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=",
	    AUTH_SIGNATURE_WRONG);
	with_signature(place, "v1a,", AUTH_SIGNATURE_INVALID);
	with_signature(place,
	    "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtai"
	    "HeYGb7KaaBRdM5WqyeFiL8Aw==",
	    AUTH_SIGNATURE_WRONG);
	set_body(&place->request, BODY " ");
	with_signature(place, SIGNED_BY_PUBLIC, AUTH_SIGNATURE_WRONG);
}

/* Each costs a tenth of a millisecond: nobody shall make us do many. */
static void only_the_first_signatures_are_verified(void **state)
{
	static const char other[] =
	    "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtai"
	    "HeYGb7KaaBRdM5WqyeFiL8Aw== ";
	struct place *place = *state;
	char list[17 * 100] = "";
	int i;

	strcpy(place->config->webhook_secrets.items[0].text, PUBLIC);
	for (i = 0; i < 7; i++)
		strcat(list, other);
	strcat(list, SIGNED_BY_PUBLIC " ");
	with_signature(place, list, AUTH_OK);
	list[0] = '\0';
	for (i = 0; i < 8; i++)
		strcat(list, other);
	strcat(list, SIGNED_BY_PUBLIC " ");
	with_signature(place, list, AUTH_SIGNATURE_WRONG);
	for (i = 9; i < 16; i++)
		strcat(list, other);
	with_signature(place, list, AUTH_SIGNATURE_WRONG);
	strcat(list, other);
	with_signature(place, list, AUTH_SIGNATURE_INVALID);
}

static void more_than_sixteen_signatures_are_kept_out(void **state)
{
	struct place *place = *state;
	char list[18 * 64] = SIGNATURE;
	int i;

	for (i = 1; i < 16; i++)
		strcat(list, " " WRONG);
	with_signature(place, list, AUTH_OK);
	strcat(list, " " WRONG);
	with_signature(place, list, AUTH_SIGNATURE_INVALID);
}

/* A body that is not there was refused before; it is nobody's anyway. */
static void without_a_body_nobody_is_let_in(void **state)
{
	struct place *place = *state;

	place->request.body = NULL;
	expect(place, AUTH_SIGNATURE_WRONG);
}

static void the_longest_body_is_verified(void **state)
{
	struct place *place = *state;
	char *body = calloc(1, 65536);

	memset(body, ' ', 65536);
	place->request.body = body;
	place->request.body_length = 65536;
	expect(place, AUTH_SIGNATURE_WRONG);
	strcpy(place->config->webhook_secrets.items[0].text, PUBLIC);
	with_signature(place, SIGNED_BY_PUBLIC, AUTH_SIGNATURE_WRONG);
	free(body);
}

/* Pieces of what is right, put together at random, and bytes between. */
static void fill_at_random(char *text, size_t room)
{
	static const char *const pieces[] = {"v1,", "v1a,", " ", ",", "=", ".",
	    "t=", TIMESTAMP, ID, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJE", "AAAA",
	    "\377", "\t", "-", "0"};
	size_t length = 0;
	int left = rand() % 12;

	text[0] = '\0';
	while (left-- > 0) {
		const char *piece = pieces[(size_t)rand() % COUNT(pieces)];

		if (length + strlen(piece) >= room)
			return;
		strcpy(text + length, piece);
		length += strlen(piece);
	}
}

static void headers_put_together_at_random_are_kept_out(void **state)
{
	static const char *const names[] = {"HTTP_WEBHOOK_ID",
	    "HTTP_WEBHOOK_TIMESTAMP", "HTTP_WEBHOOK_SIGNATURE"};
	struct place *place = *state;
	struct auth *auth;
	char text[512];
	int i;

	strcpy(place->config->webhook_secret, PUBLIC);
	auth = auth_new(place->config);
	srand(1);
	for (i = 0; i < 20000; i++) {
		struct gateway_request request = place->request;

		set_body(&request, "{}");
		fill_at_random(text, sizeof text);
		set_param(&request, names[i % 3], text);
		assert_int_not_equal(reason_of(auth, &request), AUTH_OK);
	}
	auth_free(auth);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_PLACE(the_published_vector_is_let_in),
	    IN_PLACE(the_id_that_was_signed_is_given),
	    IN_PLACE(one_request_after_the_other_is_verified),
	    IN_PLACE(each_header_must_be_there),
	    IN_PLACE(a_wrong_or_cut_signature_is_kept_out),
	    IN_PLACE(an_old_timestamp_is_kept_out),
	    IN_PLACE(a_timestamp_of_the_future_is_kept_out),
	    IN_PLACE(a_timestamp_must_be_a_whole_number),
	    IN_PLACE(one_right_signature_of_several_lets_in),
	    IN_PLACE(several_wrong_signatures_are_kept_out),
	    IN_PLACE(signatures_of_unknown_versions_are_passed_over),
	    IN_PLACE(a_signature_of_digits_is_only_text),
	    IN_PLACE(the_body_counts_byte_by_byte),
	    IN_PLACE(id_and_timestamp_are_signed),
	    IN_PLACE(an_id_with_a_full_stop_is_kept_out),
	    IN_PLACE(another_body_under_the_same_id_needs_its_own_signature),
	    IN_PLACE(old_and_new_key_are_both_good_while_they_change),
	    IN_PLACE(a_key_is_good_within_its_time_only),
	    IN_PLACE(the_published_vector_of_ed25519_is_let_in),
	    IN_PLACE(a_wrong_signature_of_ed25519_is_kept_out),
	    IN_PLACE(only_the_first_signatures_are_verified),
	    IN_PLACE(more_than_sixteen_signatures_are_kept_out),
	    IN_PLACE(without_a_body_nobody_is_let_in),
	    IN_PLACE(the_longest_body_is_verified),
	    IN_PLACE(headers_put_together_at_random_are_kept_out),
	};

	return cmocka_run_group_tests_name("auth_signature", tests, NULL, NULL);
}

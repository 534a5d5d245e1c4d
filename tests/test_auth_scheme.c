/* test_auth_scheme.c: each way to sign is verified as its senders sign */
#include "auth_place.h"

#include "auth_scheme.h"

#define ID        "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define TIMESTAMP "1614265330"
#define BODY      "{\"test\": 2432232314}"
#define AT        1614265330
#define KEY       "secret-of-sixteen"

struct place {
	struct config *config;
	struct gateway_request request;
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	assert_non_null(place);
	place->config = new_config(WEBHOOK_AUTH_HMAC);
	place->config->webhook_scheme = WEBHOOK_SCHEME_CUSTOM;
	strcpy(place->config->webhook_secret, KEY);
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

static void preset(
    struct place *place, enum webhook_scheme scheme, const char *secret)
{
	place->config->webhook_scheme = scheme;
	strcpy(place->config->webhook_secret, secret);
}

static void with(struct place *place, const char *name, const char *value,
    enum auth_reason reason)
{
	set_param(&place->request, name, value);
	expect_reason(place->config, &place->request, reason);
}

/* docs.github.com, "Validating webhook deliveries". */
static void githubs_published_vector_is_let_in(void **state)
{
	static const char param[] = "HTTP_X_HUB_SIGNATURE_256";
	struct place *place = *state;

	preset(place, WEBHOOK_SCHEME_GITHUB, "It's a Secret to Everybody");
	set_body(&place->request, "Hello, World!");
	with(place, param,
	    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b0"
	    "43e17",
	    AUTH_OK);
	with(place, param,
	    "sha256=757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B0"
	    "43E17",
	    AUTH_OK);
	with(place, param,
	    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b0"
	    "43e18",
	    AUTH_SIGNATURE_WRONG);
	with(place, param,
	    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
	    AUTH_SIGNATURE_INVALID);
	with(place, param, "sha256=", AUTH_SIGNATURE_INVALID);
	with(place, param, NULL, AUTH_HEADER_MISSING);
}

/* docs.stripe.com/webhooks: the whole secret is the key, prefix and all. */
#define STRIPES                                                                \
	"066023adba245b1ffb9a49fe6671a8fac6b37a01b9403f0e1da65f7939d8ce59"

static void stripes_form_is_let_in(void **state)
{
	static const char param[] = "HTTP_STRIPE_SIGNATURE";
	struct place *place = *state;

	preset(place, WEBHOOK_SCHEME_STRIPE, "whsec_test_secret_of_stripe");
	with(place, param, "t=" TIMESTAMP ",v1=" STRIPES, AUTH_OK);
	with(place, param, "t=" TIMESTAMP ",v1=" STRIPES ",v0=" STRIPES,
	    AUTH_OK);
	with(place, param, "t=" TIMESTAMP ",v1=00,v1=" STRIPES, AUTH_OK);
	with(place, param, "t=" TIMESTAMP ", v1=" STRIPES, AUTH_OK);
	with(place, param, "t=1614265331,v1=" STRIPES, AUTH_SIGNATURE_WRONG);
	with(place, param, "t=" TIMESTAMP ",v0=" STRIPES,
	    AUTH_SIGNATURE_INVALID);
	with(place, param, "t=" TIMESTAMP, AUTH_SIGNATURE_INVALID);
	with(place, param, "v1=" STRIPES, AUTH_TIMESTAMP_INVALID);
	with(place, param, "t=,v1=" STRIPES, AUTH_TIMESTAMP_INVALID);
	with(place, param, "t=1e9,v1=" STRIPES, AUTH_TIMESTAMP_INVALID);
	now_s = AT + 301;
	with(place, param, "t=" TIMESTAMP ",v1=" STRIPES, AUTH_TIMESTAMP_OLD);
}

static void the_timestamp_need_not_come_first(void **state)
{
	static const char param[] = "HTTP_STRIPE_SIGNATURE";
	struct place *place = *state;

	preset(place, WEBHOOK_SCHEME_STRIPE, "whsec_test_secret_of_stripe");
	with(place, param, "v1=" STRIPES ",t=" TIMESTAMP, AUTH_OK);
	with(place, param, "v0=x,v1=" STRIPES ",t=" TIMESTAMP ",v2=y", AUTH_OK);
	/* The first one is the one that counts. */
	with(place, param, "t=" TIMESTAMP ",t=1,v1=" STRIPES, AUTH_OK);
	with(place, param, "t=1,t=" TIMESTAMP ",v1=" STRIPES,
	    AUTH_TIMESTAMP_OLD);
}

/* The Expert Success Center's "Webhook integration guide". */
static void expert_signs_timestamp_and_body(void **state)
{
	static const char param[] = "HTTP_X_NEXUS_SIGNATURE_256";
	static const char signature[] =
	    "sha256=a2e4ca9b7856d170b0e1887ec10b31fc4e1d24fa5f53a1ab7fb794fe3c3"
	    "bf686";
	struct place *place = *state;

	preset(place, WEBHOOK_SCHEME_NEXUS, "secret-of-cxone-expert");
	with(place, param, signature, AUTH_HEADER_MISSING);
	with(place, "HTTP_X_NEXUS_TIMESTAMP", TIMESTAMP, AUTH_OK);
	with(place, "HTTP_X_NEXUS_TIMESTAMP", "1614265331",
	    AUTH_SIGNATURE_WRONG);
	with(place, "HTTP_X_NEXUS_TIMESTAMP", "1614265029", AUTH_TIMESTAMP_OLD);
}

/* A form of our own, which uses every setting. */
static void describe(
    struct place *place, enum webhook_hash hash, enum webhook_encoding encoding)
{
	struct config *config = place->config;

	strcpy(config->webhook_header, "X-Our-Signature");
	strcpy(config->webhook_prefix, "v0=");
	config->webhook_hash = hash;
	config->webhook_encoding = encoding;
	strcpy(config->webhook_template, "v0:{timestamp}:{id}:{body}");
	strcpy(config->webhook_timestamp_header, "X-Our-Time");
	strcpy(config->webhook_id_header, "x-our-id");
	set_param(&place->request, "HTTP_X_OUR_TIME", TIMESTAMP);
	set_param(&place->request, "HTTP_X_OUR_ID", ID);
}

static void every_hash_and_encoding_can_be_set(void **state)
{
	static const struct {
		enum webhook_hash hash;
		enum webhook_encoding encoding;
		const char *signature;
	} forms[] = {
	    {WEBHOOK_HASH_SHA256, WEBHOOK_ENCODING_HEX,
		"v0=6603bbb84caa85f3440f7b8409ab7eecb81dac8921fa7c707e627637830"
		"66ce4"},
	    {WEBHOOK_HASH_SHA256, WEBHOOK_ENCODING_BASE64,
		"v0=ZgO7uEyqhfNED3uECat+7LgdrIkh+nxwfmJ2N4MGbOQ="},
	    {WEBHOOK_HASH_SHA512, WEBHOOK_ENCODING_HEX,
		"v0=c79c4784d8568daf95ac69446750b33c69480e42552bbae90cf40e569ca"
		"af5b269fcaa176ba67a09ceddd7dc0c69372668194e512c88d07f471668f66"
		"9fc9010"},
	    {WEBHOOK_HASH_SHA512, WEBHOOK_ENCODING_BASE64,
		"v0=x5xHhNhWja+VrGlEZ1CzPGlIDkJVK7rpDPQOVpyq9bJp/KoXa6Z6Cc7d19w"
		"MaTcmaBlOUSyI0H9HFmj2afyQEA=="},
	    {WEBHOOK_HASH_SHA1, WEBHOOK_ENCODING_HEX,
		"v0=325970a237020cd74df029e78af0d51547cdbdfa"},
	    {WEBHOOK_HASH_SHA1, WEBHOOK_ENCODING_BASE64,
		"v0=MllwojcCDNdN8CnnivDVFUfNvfo="},
	};
	struct place *place = *state;
	size_t i;

	for (i = 0; i < COUNT(forms); i++) {
		describe(place, forms[i].hash, forms[i].encoding);
		with(
		    place, "HTTP_X_OUR_SIGNATURE", forms[i].signature, AUTH_OK);
		set_body(&place->request, "{}");
		with(place, "HTTP_X_OUR_SIGNATURE", forms[i].signature,
		    AUTH_SIGNATURE_WRONG);
		set_body(&place->request, BODY);
	}
}

/* In base 64 each case is another letter. */
static void only_hexadecimal_digits_have_no_case(void **state)
{
	struct place *place = *state;

	describe(place, WEBHOOK_HASH_SHA1, WEBHOOK_ENCODING_BASE64);
	with(place, "HTTP_X_OUR_SIGNATURE",
	    "v0=MLLWOJCCDNDN8CNNIVDVFUFNVFO=", AUTH_SIGNATURE_WRONG);
}

static void a_signed_id_of_a_custom_scheme_is_given(void **state)
{
	struct place *place = *state;
	const char *signed_id = NULL;
	struct auth *auth;

	describe(place, WEBHOOK_HASH_SHA1, WEBHOOK_ENCODING_HEX);
	with(place, "HTTP_X_OUR_SIGNATURE",
	    "v0=325970a237020cd74df029e78af0d51547cdbdfa", AUTH_OK);
	auth = auth_new(place->config);
	assert_int_equal(
	    auth_check(auth, &place->request, NULL, &signed_id), STATUS_OK);
	assert_string_equal(signed_id, ID);
	auth_free(auth);
	/* A colon ends the id here, and a full stop may be in it. */
	with(place, "HTTP_X_OUR_ID", "a:b", AUTH_ID_INVALID);
	with(place, "HTTP_X_OUR_ID", "a.b", AUTH_SIGNATURE_WRONG);
}

static const char *template_wrong(struct place *place, const char *template)
{
	struct auth_scheme scheme;

	strcpy(place->config->webhook_template, template);
	return auth_scheme_init(&scheme, place->config);
}

static void a_template_is_pieces_and_text(void **state)
{
	struct place *place = *state;
	struct auth_scheme scheme;

	assert_null(template_wrong(place, "{body}"));
	assert_null(template_wrong(place, "a{timestamp}{id}}.{body}b"));
	assert_null(template_wrong(place, "1{id}2{id}3{id}4{body}"));
	assert_string_equal(template_wrong(place, "1{id}2{id}3{id}4{body}5"),
	    "has more than 8 parts");
	assert_non_null(strstr(template_wrong(place, "{bdy}"), "begins none"));
	assert_non_null(strstr(template_wrong(place, "{body"), "begins none"));
	assert_non_null(strstr(template_wrong(place, "{Body}"), "begins none"));
	assert_non_null(
	    strstr(template_wrong(place, "{timestamp}"), "has no {body}"));
	assert_null(template_wrong(place, "{timestamp}.{body}"));
	assert_null(auth_scheme_init(&scheme, place->config));
	assert_int_equal(scheme.pieces_count, 3);
	assert_true(auth_scheme_signs(&scheme, AUTH_PIECE_TIMESTAMP));
	assert_false(auth_scheme_signs(&scheme, AUTH_PIECE_ID));
}

static void a_header_is_named_as_in_cgi(void **state)
{
	char param[AUTH_PARAM_BYTES];

	(void)state;
	auth_param("X-Hub-Signature-256", param);
	assert_string_equal(param, "HTTP_X_HUB_SIGNATURE_256");
	auth_param("", param);
	assert_string_equal(param, "");
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_PLACE(githubs_published_vector_is_let_in),
	    IN_PLACE(stripes_form_is_let_in),
	    IN_PLACE(the_timestamp_need_not_come_first),
	    IN_PLACE(expert_signs_timestamp_and_body),
	    IN_PLACE(every_hash_and_encoding_can_be_set),
	    IN_PLACE(only_hexadecimal_digits_have_no_case),
	    IN_PLACE(a_signed_id_of_a_custom_scheme_is_given),
	    IN_PLACE(a_template_is_pieces_and_text),
	    IN_PLACE(a_header_is_named_as_in_cgi),
	};

	return cmocka_run_group_tests_name("auth_scheme", tests, NULL, NULL);
}

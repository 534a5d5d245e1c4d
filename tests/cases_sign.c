/* cases_sign.c: an event and what request.json says -> signed headers */
#include "cases.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * The sender's side, with nothing of the program's own: what it verifies is
 * made here by other means.
 */
#define KEY_MAX       128
#define SIGNED_MAX    (1024 * 1024)
#define SIGNATURE_MAX 64

struct signing {
	const json_t *how;
	const struct case_event *event;
	char timestamp[24];
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	char base64[2 * EVP_MAX_MD_SIZE + 1];
};

static const char *member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

/* The template with its words replaced; what is no word stays. */
static void fill_in(
    const struct signing *signing, const char *template, struct text *out)
{
	const struct {
		const char *word;
		const char *value;
		size_t length;
	} words[] = {
	    {"{id}", member(signing->how, "id"), 0},
	    {"{timestamp}", signing->timestamp, 0},
	    {"{hex}", signing->hex, 0},
	    {"{base64}", signing->base64, 0},
	    {"{body}", signing->event->body ? signing->event->body : "",
		signing->event->body_bytes},
	};
	size_t i;

	while (*template != '\0') {
		for (i = 0; i < sizeof words / sizeof *words; i++)
			if (strncmp(template, words[i].word,
				strlen(words[i].word)) == 0)
				break;
		if (i == sizeof words / sizeof *words) {
			text_add_bytes(out, template ++, 1);
			continue;
		}
		text_add_bytes(out, words[i].value,
		    words[i].length > 0 ? words[i].length
					: strlen(words[i].value));
		template += strlen(words[i].word);
	}
}

/* key: as it stands; key_base64 and seed_base64: decoded. Its bytes. */
static size_t read_key(const json_t *how, unsigned char key[KEY_MAX])
{
	const char *text = member(how, "key");
	int padding;
	int length;

	if (*text != '\0') {
		return (size_t)snprintf((char *)key, KEY_MAX, "%s", text);
	}
	text = member(how, "key_base64");
	if (*text == '\0')
		text = member(how, "seed_base64");
	padding = (int)(strlen(text) - strcspn(text, "="));
	length = EVP_DecodeBlock(
	    key, (const unsigned char *)text, (int)strlen(text));
	if (length < padding)
		abort();
	return (size_t)(length - padding);
}

static size_t sign_ed25519(const unsigned char *seed, size_t seed_bytes,
    const struct text *text, unsigned char signature[SIGNATURE_MAX])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, seed, seed_bytes);
	EVP_MD_CTX *signer = EVP_MD_CTX_new();
	size_t length = SIGNATURE_MAX;

	if (EVP_DigestSignInit(signer, NULL, NULL, NULL, key) != 1 ||
	    EVP_DigestSign(signer, signature, &length,
		(const unsigned char *)text->bytes, text->length) != 1)
		abort();
	EVP_MD_CTX_free(signer);
	EVP_PKEY_free(key);
	return length;
}

static void make_signature(struct signing *signing)
{
	unsigned char signature[SIGNATURE_MAX];
	unsigned char key[KEY_MAX];
	size_t key_bytes = read_key(signing->how, key);
	unsigned int hmac_bytes = 0;
	struct text text;
	size_t length;
	size_t i;

	text_init(&text, SIGNED_MAX);
	fill_in(signing, member(signing->how, "over"), &text);
	if (json_object_get(signing->how, "seed_base64") != NULL) {
		length = sign_ed25519(key, key_bytes, &text, signature);
	} else {
		HMAC(EVP_sha256(), key, (int)key_bytes,
		    (const unsigned char *)text.bytes, text.length, signature,
		    &hmac_bytes);
		length = hmac_bytes;
	}
	for (i = 0; i < length; i++)
		snprintf(signing->hex + 2 * i, 3, "%02x", signature[i]);
	EVP_EncodeBlock(
	    (unsigned char *)signing->base64, signature, (int)length);
	text_done(&text);
}

json_t *signed_request(const struct case_event *event)
{
	json_t *request = json_deep_copy(event->request);
	json_t *how = json_object_get(request, "sign");
	struct signing signing = {.how = how, .event = event};
	json_int_t age_s = json_integer_value(json_object_get(how, "age_s"));
	const char *name;
	json_t *value;

	if (how == NULL)
		return request;
	snprintf(signing.timestamp, sizeof signing.timestamp, "%lld",
	    (long long)(time(NULL) - age_s));
	make_signature(&signing);
	json_object_foreach (json_object_get(how, "headers"), name, value) {
		struct text text;

		text_init(&text, SIGNED_MAX);
		fill_in(&signing, json_string_value(value), &text);
		json_object_set_new(json_object_get(request, "headers"), name,
		    json_string(text_string(&text)));
		text_done(&text);
	}
	return request;
}

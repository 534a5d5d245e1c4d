/* base64.c: base 64 -> bytes, and back */
#include "base64.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>

#define ALPHABET                                                               \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/* The bytes that the "=" at the end stand for, or 3 when it is no base 64. */
static size_t padding(const char *text, size_t length)
{
	size_t letters = 0;
	size_t i;

	while (letters < length && text[letters] != '\0' &&
	       strchr(ALPHABET, text[letters]) != NULL)
		letters++;
	for (i = letters; i < length; i++)
		if (text[i] != '=')
			return 3;
	if (length % 4 != 0 || length - letters > 2)
		return 3;
	return length - letters;
}

/*
 * OpenSSL writes whole groups of three: the last one goes by a detour. After
 * padding() it can find nothing wrong, so its result is not asked for.
 */
bool base64_decode(const char *text, size_t length, unsigned char *bytes,
    size_t max, size_t *bytes_length)
{
	size_t pad = padding(text, length);
	unsigned char last[3];
	size_t whole;

	if (pad == 3 || length == 0 || length > INT32_MAX)
		return false;
	/* Of all groups but the last: only in that one may "=" stand. */
	whole = length / 4 * 3 - 3;
	if (whole + 3 - pad > max)
		return false;
	if (whole > 0)
		EVP_DecodeBlock(
		    bytes, (const unsigned char *)text, (int)length - 4);
	EVP_DecodeBlock(last, (const unsigned char *)text + length - 4, 4);
	memcpy(bytes + whole, last, 3 - pad);
	OPENSSL_cleanse(last, sizeof last);
	*bytes_length = whole + 3 - pad;
	return true;
}

size_t base64_encode(const unsigned char *bytes, size_t length, char *text)
{
	return (size_t)EVP_EncodeBlock(
	    (unsigned char *)text, bytes, (int)length);
}

/* load_event.c: a count -> the next event, signed, over HTTP or FastCGI */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "load.h"

enum { BODY_BYTES = 512, SIGNATURE_BYTES = 64, ID_BYTES = 64 };

/* A FastCGI record: its header, and what it carries. */
enum { RECORD_BEGIN = 1, RECORD_END = 3, RECORD_PARAMS, RECORD_STDIN };
enum { RECORD_HEAD = 8 };

struct signed_event {
	char id[ID_BYTES];
	char time[24];
	char signature[SIGNATURE_BYTES];
	char body[BODY_BYTES];
	int body_bytes;
};

/* As an example of the README has it: 8-4-4-4-12. */
static void write_body(struct load_event *event, struct signed_event *out)
{
	struct timespec now;
	struct tm utc;
	char stamp[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
	event->count++;
	snprintf(out->id, sizeof out->id, "%s-%08x-a1b2-abcd-%012x", event->run,
	    event->count * 2654435761U, event->count);
	snprintf(out->time, sizeof out->time, "%lld", (long long)now.tv_sec);
	out->body_bytes = snprintf(out->body, sizeof out->body,
	    "{\"event_type\":\"routing.interaction.created\","
	    "\"timestamp\":\"%s.%03ldZ\",\"data\":{\"interactionId\":\"%s\","
	    "\"mediaType\":\"voice\",\"channel\":\"phone\","
	    "\"routing\":{\"skills\":[],\"queues\":[]}}}",
	    stamp, now.tv_nsec / 1000000, out->id);
}

/* Standard Webhooks 1.0: v1, and the HMAC of id.timestamp.body. */
static void sign(const struct load_event *event, struct signed_event *out)
{
	char message[BODY_BYTES + ID_BYTES + 32];
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int mac_bytes = 0;
	int length = snprintf(
	    message, sizeof message, "%s.%s.%s", out->id, out->time, out->body);

	HMAC(EVP_sha256(), event->key, event->key_bytes,
	    (const unsigned char *)message, (size_t)length, mac, &mac_bytes);
	memcpy(out->signature, "v1,", 3);
	EVP_EncodeBlock(
	    (unsigned char *)out->signature + 3, mac, (int)mac_bytes);
}

bool load_event_init(struct load_event *event, const char *secret)
{
	static const char prefix[] = "whsec_";
	size_t length;

	if (strncmp(secret, prefix, sizeof prefix - 1) != 0)
		return false;
	secret += sizeof prefix - 1;
	length = strlen(secret);
	if (length > sizeof event->key)
		return false;
	event->key_bytes = EVP_DecodeBlock(
	    event->key, (const unsigned char *)secret, (int)length);
	/* EVP_DecodeBlock counts the padding's bytes. */
	while (length > 0 && secret[--length] == '=')
		event->key_bytes--;
	return event->key_bytes > 0;
}

static size_t write_http(const struct load_event *event,
    const struct signed_event *from, char *request)
{
	return (size_t)snprintf(request, LOAD_EVENT_BYTES,
	    "POST %s HTTP/1.1\r\n"
	    "Host: 127.0.0.1\r\n"
	    "Content-Type: application/json\r\n"
	    "Content-Length: %d\r\n"
	    "webhook-id: %s\r\n"
	    "webhook-timestamp: %s\r\n"
	    "webhook-signature: %s\r\n"
	    "\r\n%s",
	    event->path, from->body_bytes, from->id, from->time,
	    from->signature, from->body);
}

static char *put_head(char *to, int type, size_t length)
{
	memset(to, 0, RECORD_HEAD);
	to[0] = 1; /* the protocol's version */
	to[1] = (char)type;
	to[3] = 1; /* the request's number */
	to[4] = (char)(length >> 8);
	to[5] = (char)length;
	return to + RECORD_HEAD;
}

/* Names and values under 128 bytes have one byte for their length. */
static char *put_param(char *to, const char *name, const char *value)
{
	size_t name_bytes = strlen(name);
	size_t value_bytes = strlen(value);

	*to++ = (char)name_bytes;
	*to++ = (char)value_bytes;
	to = mempcpy(to, name, name_bytes);
	return mempcpy(to, value, value_bytes);
}

/* What lighttpd sends for such a request. */
static char *put_params(
    const struct load_event *event, const struct signed_event *from, char *to)
{
	char length[16];

	snprintf(length, sizeof length, "%d", from->body_bytes);
	to = put_param(to, "CONTENT_LENGTH", length);
	to = put_param(to, "CONTENT_TYPE", "application/json");
	to = put_param(to, "SCRIPT_NAME", event->path);
	to = put_param(to, "SCRIPT_FILENAME", event->path);
	to = put_param(to, "DOCUMENT_ROOT", "/var/www/html");
	to = put_param(to, "REQUEST_URI", event->path);
	to = put_param(to, "QUERY_STRING", "");
	to = put_param(to, "REQUEST_METHOD", "POST");
	to = put_param(to, "REDIRECT_STATUS", "200");
	to = put_param(to, "SERVER_PROTOCOL", "HTTP/1.1");
	to = put_param(to, "SERVER_SOFTWARE", "load");
	to = put_param(to, "GATEWAY_INTERFACE", "CGI/1.1");
	to = put_param(to, "REQUEST_SCHEME", "http");
	to = put_param(to, "SERVER_PORT", "80");
	to = put_param(to, "SERVER_ADDR", "127.0.0.1");
	to = put_param(to, "SERVER_NAME", "127.0.0.1");
	to = put_param(to, "REMOTE_ADDR", "127.0.0.1");
	to = put_param(to, "REMOTE_PORT", "40000");
	to = put_param(to, "HTTP_HOST", "127.0.0.1");
	to = put_param(to, "HTTP_WEBHOOK_ID", from->id);
	to = put_param(to, "HTTP_WEBHOOK_TIMESTAMP", from->time);
	return put_param(to, "HTTP_WEBHOOK_SIGNATURE", from->signature);
}

static size_t write_fastcgi(const struct load_event *event,
    const struct signed_event *from, char *request)
{
	char *to = put_head(request, RECORD_BEGIN, 8);
	char *params = to + 8 + RECORD_HEAD;

	memset(to, 0, 8);
	to[1] = 1; /* the role: responder; and no connection is kept */
	to = put_params(event, from, params);
	put_head(params - RECORD_HEAD, RECORD_PARAMS, (size_t)(to - params));
	to = put_head(to, RECORD_PARAMS, 0);
	to = put_head(to, RECORD_STDIN, (size_t)from->body_bytes);
	memcpy(to, from->body, (size_t)from->body_bytes);
	to = put_head(to + from->body_bytes, RECORD_STDIN, 0);
	return (size_t)(to - request);
}

size_t load_event_next(struct load_event *event, char request[LOAD_EVENT_BYTES])
{
	struct signed_event next = {.body_bytes = 0};

	write_body(event, &next);
	sign(event, &next);
	if (event->fastcgi)
		return write_fastcgi(event, &next, request);
	return write_http(event, &next, request);
}

enum load_answer load_answer_http(const char *text, size_t length, bool ended)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *field = strcasestr(text, "\r\nContent-Length:");
	enum load_answer whole = LOAD_WHOLE;

	if (!end)
		return ended ? LOAD_WRONG : LOAD_MORE;
	if (strncmp(text, "HTTP/1.1 200 ", 13) != 0 &&
	    strncmp(text, "HTTP/1.0 200 ", 13) != 0)
		return LOAD_WRONG;
	end += 4;
	if (strcasestr(text, "\r\nConnection: close"))
		whole = LOAD_LAST;
	if (field && field < end)
		return length >= (size_t)(end - text) +
				     strtoul(field + 17, NULL, 10)
			   ? whole
			   : LOAD_MORE;
	/* Chunks: the last has no bytes. Else the connection's end is it. */
	if (strcasestr(text, "\r\nTransfer-Encoding: chunked"))
		return strcmp(text + length - 5, "0\r\n\r\n") == 0 ? whole
								   : LOAD_MORE;
	return ended ? LOAD_LAST : LOAD_MORE;
}

enum load_answer load_answer_fastcgi(
    const char *bytes, size_t length, bool ended)
{
	const unsigned char *at = (const unsigned char *)bytes;
	size_t used = 0;

	while (used + RECORD_HEAD <= length && at[used + 1] != RECORD_END)
		used += RECORD_HEAD + (size_t)(at[used + 4] << 8) +
			at[used + 5] + at[used + 6];
	if (used + 2 * (size_t)RECORD_HEAD <= length)
		/* Without a Status line it is 200. */
		return memmem(bytes, length, "Status: ", 8) &&
			       !memmem(bytes, length, "Status: 200", 11)
			   ? LOAD_WRONG
			   : LOAD_LAST;
	return ended ? LOAD_WRONG : LOAD_MORE;
}

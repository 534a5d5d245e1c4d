/* http_call.c: one request -> an easy handle; its end -> the answer */
#include "http_call.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "retry_after.h"

#define ANSWER_FIRST 1024 /* bytes; most answers fit */

/* The largest is HTTP_ANSWER_MAX and the NUL; got_bytes sees to that. */
static bool answer_room(struct http_call *call, size_t need)
{
	size_t capacity = call->body_capacity;
	char *body;

	if (need <= capacity)
		return true;
	if (capacity == 0)
		capacity = ANSWER_FIRST;
	while (capacity < need)
		capacity *= 2;
	/* No realloc, which may leave what came of a token unwiped. */
	body = malloc(capacity);
	if (!body)
		return false;
	if (call->body != NULL) {
		memcpy(body, call->body, call->body_capacity);
		OPENSSL_cleanse(call->body, call->body_capacity);
		free(call->body);
	}
	call->body = body;
	call->body_capacity = capacity;
	return true;
}

/* Returning less than was offered makes curl end the transfer. */
static size_t got_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct http_call *call = arg;
	size_t length = size * count;

	if (call->body_bytes + length > HTTP_ANSWER_MAX) {
		call->too_large = true;
		return 0;
	}
	if (!answer_room(call, call->body_bytes + length + 1)) {
		call->no_memory = true;
		return 0;
	}
	memcpy(call->body + call->body_bytes, bytes, length);
	call->body_bytes += length;
	return length;
}

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/*
 * curl copies texts. One that found no memory would only be missing, and the
 * request go past the proxy, trust other authorities, or be a POST.
 */
static bool set_text(CURL *easy, CURLoption option, const char *text)
{
	return curl_easy_setopt(easy, option, text) == CURLE_OK;
}

/* With its TLS: whom we trust, and who we are. False: memory. */
static bool set_way(CURL *easy, const struct http_way *way)
{
	const char *direct =
	    or_null(way->proxy) ? "localhost,127.0.0.0/8,::1" : "";
	bool good;

	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* A redirect would take the token to wherever it points. */
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	/* Empty ones keep curl from reading http_proxy and no_proxy. */
	good = set_text(easy, CURLOPT_PROXY, way->proxy) &&
	       set_text(easy, CURLOPT_NOPROXY, direct);
	/* The proxy is not to see the token. */
	curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	curl_easy_setopt(
	    easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	/* No directory: else the system's would be trusted as well. */
	if (or_null(way->ca_file)) {
		good = good && set_text(easy, CURLOPT_CAINFO, way->ca_file) &&
		       set_text(easy, CURLOPT_PROXY_CAINFO, way->ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
		curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
	}
	return good &&
	       set_text(easy, CURLOPT_SSLCERT, or_null(way->client_cert)) &&
	       set_text(easy, CURLOPT_SSLKEY, or_null(way->client_key));
}

/* Options that stay the same for the life of an easy handle. */
static CURL *new_easy(struct http_call *call)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		return NULL;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(easy, CURLOPT_SHARE, call->share);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, got_bytes);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->problem);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* Else a request that ends waits for its name server, and all wait. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	/* Allocated anew for each transfer: curl's 16 kB cost 10 % more CPU. */
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 4096L);
	/* The path is ours, percent-encoded; curl must not tidy it. */
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	if (set_way(easy, call->way))
		return easy;
	curl_easy_cleanup(easy);
	return NULL;
}

/*
 * curl only reads the list, so its links can stand in the call, and the end
 * of them be the list that all requests share: nothing is copied.
 */
static struct curl_slist *join_headers(struct http_call *call)
{
	const char *const *line = call->request.lines;
	struct curl_slist *list = NULL;
	size_t count = 0;
	size_t i;

	if (call->request.headers)
		list = call->request.headers->list;
	if (!line)
		return list;
	while (line[count])
		count++;
	assert(count <= HTTP_LINES_MAX);
	for (i = count; i > 0; i--) {
		call->lines[i - 1].data = (char *)(uintptr_t)line[i - 1];
		call->lines[i - 1].next = list;
		list = &call->lines[i - 1];
	}
	return list;
}

/*
 * Where the path begins; NULL when more follows than a path, or when it has
 * percent-encoded bytes, whose digits curl would write in lower case.
 */
static const char *plain_path(const char *url)
{
	const char *host = strstr(url, "://");
	const char *path = host ? strchr(host + 3, '/') : NULL;

	return path && !strpbrk(url, "?#%") ? path : NULL;
}

static bool is_origin(const struct http_call *call, const char *url, size_t n)
{
	return strncmp(call->origin, url, n) == 0 && call->origin[n] == '\0';
}

static bool set_whole(struct http_call *call, const char *url, const char *path)
{
	size_t bytes = path ? (size_t)(path - url) : 0;

	call->origin[0] = '\0';
	if (curl_url_set(call->url, CURLUPART_URL, url, CURLU_PATH_AS_IS))
		return false;
	if (bytes < sizeof call->origin) {
		memcpy(call->origin, url, bytes);
		call->origin[bytes] = '\0';
	}
	return true;
}

/*
 * Given as text, curl takes a URL apart and writes it anew for each transfer:
 * a tenth of the loop's instructions. A call's requests go to few servers, so
 * that mostly only the path is new. A URL that curl cannot read it refuses
 * itself, when the transfer begins.
 */
static bool set_url(struct http_call *call)
{
	const char *url = call->request.url;
	const char *path = plain_path(url);
	bool taken;

	if (!call->url)
		call->url = curl_url();
	if (!call->url)
		return false;
	if (path && is_origin(call, url, (size_t)(path - url)))
		taken = !curl_url_set(call->url, CURLUPART_PATH, path, 0);
	else
		taken = set_whole(call, url, path);
	curl_easy_setopt(call->easy, CURLOPT_CURLU, taken ? call->url : NULL);
	curl_easy_setopt(call->easy, CURLOPT_URL, taken ? NULL : url);
	return true;
}

bool http_call_prepare(struct http_call *call, int64_t timeout_us)
{
	const struct http_request *request = &call->request;
	CURL *easy = call->easy;

	if (!easy)
		easy = new_easy(call);
	if (!easy)
		return false;
	call->easy = easy;
	call->problem[0] = '\0';
	call->body_bytes = 0;
	call->too_large = false;
	call->no_memory = false;
	if (!set_url(call))
		return false;
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, join_headers(call));
	if (request->body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
		curl_easy_setopt(
		    easy, CURLOPT_POSTFIELDSIZE, (long)request->body_bytes);
	} else {
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	}
	/* After those two, which only say whether there is a body. */
	if (!set_text(easy, CURLOPT_CUSTOMREQUEST, request->method))
		return false;
	/* Rounded up: a timeout of 0 would mean none. */
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
	    (long)((timeout_us + CLOCK_MS - 1) / CLOCK_MS));
	return true;
}

/*
 * The proxy's own answer to CONNECT: no tunnel. To curl it is as if the
 * upstream had broken off, but that has not seen a byte of the request.
 */
static bool refused_by_proxy(const struct http_call *call)
{
	long code = 0;

	curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE, &code);
	return code >= 300;
}

/* Our own reasons first: to curl they are write errors. */
static enum status judge_result(const struct http_call *call, CURLcode result)
{
	if (call->no_memory)
		return STATUS_MEMORY;
	if (call->too_large)
		return STATUS_ANSWER_TOO_LARGE;
	/* UNREACHABLE: nothing was sent, so that it may be sent again. */
	switch (result) {
	case CURLE_OK:
		return STATUS_OK;
	case CURLE_OPERATION_TIMEDOUT:
		return STATUS_TIMEOUT;
	case CURLE_OUT_OF_MEMORY:
		return STATUS_MEMORY;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
		return STATUS_UNREACHABLE;
	default:
		return refused_by_proxy(call) ? STATUS_UNREACHABLE
					      : STATUS_TRANSPORT;
	}
}

void http_call_no_answer(struct http_call *call, struct http_answer *answer)
{
	*answer = (struct http_answer){
	    .body = "",
	    .waited_us = call->waited_us,
	    .retry_after_us = -1,
	    .date_s = -1,
	    .problem = call->problem,
	};
}

/* The last of that name, as servers and proxies may add their own. */
static const char *header(const struct http_call *call, const char *name)
{
	struct curl_header *found;

	if (curl_easy_header(call->easy, name, 0, CURLH_HEADER, -1, &found) !=
	    CURLHE_OK)
		return NULL;
	return found->value;
}

/* An interim answer (RFC 9110 section 15.2) says nothing of the request. */
static long final_code(const struct http_call *call)
{
	long code = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &code);
	return code >= 200 ? code : 0;
}

/* Asked for only where it is used, so that other answers pay nothing. */
static int64_t read_retry_after(const struct http_call *call, long code)
{
	const char *value;

	if (code != 429 && code != 503)
		return -1;
	value = header(call, "Retry-After");
	if (!value)
		return -1;
	return retry_after_us(value, header(call, "Date"), clock_wall_us());
}

static int64_t read_date(const struct http_call *call)
{
	const char *value = header(call, "Date");
	int64_t date_s;

	if (value &&
	    retry_after_date(value, clock_wall_us() / CLOCK_SECOND, &date_s))
		return date_s;
	return -1;
}

enum status http_call_judge(
    struct http_call *call, CURLcode result, struct http_answer *answer)
{
	enum status status = judge_result(call, result);

	http_call_no_answer(call, answer);
	answer->code = final_code(call);
	answer->retry_after_us = read_retry_after(call, answer->code);
	if (call->request.wants_date)
		answer->date_s = read_date(call);
	/* Half a body is none: it may say the contrary of the whole. */
	if (status == STATUS_OK && call->body_bytes > 0) {
		call->body[call->body_bytes] = '\0';
		answer->body = call->body;
		answer->body_bytes = call->body_bytes;
	}
	return status;
}

void http_call_wipe(struct http_call *call)
{
	if (call->body)
		OPENSSL_cleanse(call->body, call->body_bytes);
	call->body_bytes = 0;
}

void http_call_done(struct http_call *call)
{
	curl_easy_cleanup(call->easy);
	curl_url_cleanup(call->url);
	if (call->body)
		OPENSSL_cleanse(call->body, call->body_capacity);
	free(call->body);
}

struct http_headers *http_headers_add(
    struct http_headers *headers, const char *line)
{
	struct http_headers *result = headers;
	struct curl_slist *list;

	if (!result)
		result = calloc(1, sizeof *result);
	if (!result)
		return NULL;
	list = curl_slist_append(result->list, line);
	if (!list) {
		if (!headers)
			free(result);
		return NULL;
	}
	result->list = list;
	return result;
}

void http_headers_free(struct http_headers *headers)
{
	struct curl_slist *line;

	if (!headers)
		return;
	for (line = headers->list; line; line = line->next)
		OPENSSL_cleanse(line->data, strlen(line->data));
	curl_slist_free_all(headers->list);
	free(headers);
}

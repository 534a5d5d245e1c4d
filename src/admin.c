/* admin.c: a request for an operator's page -> who may see it gets it */
#include "admin.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "auth_key.h"
#include "auth_secret.h"
#include "base64.h"
#include "clock.h"
#include "log.h"
#include "metrics.h"
#include "page_event.h"
#include "page_report.h"
#include "page_style.h"

#define HEADERS_BYTES 2048
#define REFUSAL_MAX   1024
#define PASSWORD      "HTTP_AUTHORIZATION"

/* A user name, for which nobody asks, and the longest token. */
#define BASIC_BYTES (CONFIG_SECRET_BYTES + 256)

/* On shared hosting all of it lies in a directory, see cgi-bin/.htaccess. */
#define SHARED_FOLDER "/webhook"

/* The loop's alone; the reader's thread knows of it only what asking holds. */
struct admin {
	const struct config *config;
	struct reader *reader;
	struct auth_keys keys;
	char headers[HEADERS_BYTES];
	uint64_t counts[AUTH_REASON_COUNT];
	struct tally *tally; /* NULL: nobody asks */
};

/*
 * One request on its way, until the reader has made its page. Between
 * reader_ask and page_made, write, ask and page are the thread's, and admin and
 * request wait. Freed by page_made, which is called for each, also when the
 * process ends.
 */
struct asking {
	struct admin *admin;
	struct gateway_request *request;
	page_write *write;
	struct reader_job job;
	struct page_ask ask;
	struct page page;
};

/* below: what follows the path after a slash belongs to the page as well. */
struct path {
	const char *path;
	bool below;
	page_write *write;
};

static const struct path paths[] = {
    {"/report", false, page_report_html},
    {"/report.json", false, page_report_json},
    {"/report.csv", false, page_report_csv},
    {"/report/event", true, page_event},
    {"/metrics", false, metrics_page},
};

static const char *param(
    const struct gateway_request *request, const char *name)
{
	const char *value = gateway_param(request, name);

	return value ? value : "";
}

/* ---- Which page ----------------------------------------------------- */

/* The rest of uri behind the path; NULL: it is another. */
static const char *after_path(const char *uri, const struct path *path)
{
	size_t length = strlen(path->path);

	if (strncmp(uri, path->path, length) != 0)
		return NULL;
	uri += length;
	if (*uri == '\0' || *uri == '?' || (path->below && *uri == '/'))
		return uri;
	return NULL;
}

static const struct path *find_path(
    const struct gateway_request *request, const char **below)
{
	const char *uri = gateway_param(request, "REQUEST_URI");
	size_t i;

	/* REQUEST_URI is right behind every server that was tried, but RFC 3875
	 * does not have it. */
	if (!uri)
		uri = param(request, "SCRIPT_NAME");
	if (strncmp(uri, SHARED_FOLDER "/", strlen(SHARED_FOLDER "/")) == 0)
		uri += strlen(SHARED_FOLDER);
	for (i = 0; i < sizeof paths / sizeof *paths; i++) {
		*below = after_path(uri, &paths[i]);
		if (*below)
			return &paths[i];
	}
	return NULL;
}

/* ---- Who may -------------------------------------------------------- */

/* Whatever user name stands before the colon, which is the first: a password
 * may have more of them (RFC 7617 2). */
static enum auth_reason check_basic(
    const struct auth_keys *keys, const char *shown, size_t *number)
{
	unsigned char bytes[BASIC_BYTES];
	enum auth_reason reason = AUTH_SECRET_WRONG;
	const char *colon = NULL;
	size_t length;

	if (!base64_decode(shown, strlen(shown), bytes, sizeof bytes, &length))
		return AUTH_SECRET_WRONG;
	colon = memchr(bytes, ':', length);
	if (colon) {
		const char *end = (const char *)bytes + length;

		colon++;
		reason = auth_find_key(keys, colon, (size_t)(end - colon),
		    clock_wall_us(), number);
	}
	OPENSSL_cleanse(bytes, sizeof bytes);
	return reason;
}

static enum auth_reason check_token(const struct auth_keys *keys,
    const struct gateway_request *request, size_t *number)
{
	const char *value = gateway_param(request, PASSWORD);
	const char *shown;

	if (!value)
		return AUTH_HEADER_MISSING;
	shown = auth_after_scheme(value, "Bearer");
	if (shown)
		return auth_find_key(
		    keys, shown, strlen(shown), clock_wall_us(), number);
	shown = auth_after_scheme(value, "Basic");
	return shown ? check_basic(keys, shown, number) : AUTH_SCHEME_WRONG;
}

/* A browser asks first without: that is no warning. A key is known, and told
 * by its name, when the token was right but out of its time. */
static void log_refusal(const struct admin *admin,
    const struct gateway_request *request, enum auth_reason reason,
    size_t number)
{
	bool missing = reason == AUTH_HEADER_MISSING;
	const char *from = param(request, "REMOTE_ADDR");
	bool known = number != AUTH_NO_KEY;

	log_line(missing ? LOG_INFO : LOG_WARN, NULL,
	    "admin page refused: %s, from %s%s%s%s", auth_reason_name(reason),
	    *from != '\0' ? from : "nobody knows where",
	    missing ? " (Apache needs CGIPassAuth On)" : "",
	    known ? ", key " : "", known ? admin->keys.items[number].id : "");
}

static bool may_see(struct admin *admin, const struct gateway_request *request)
{
	size_t number = AUTH_NO_KEY;
	enum auth_reason reason = check_token(&admin->keys, request, &number);

	admin->counts[reason]++;
	if (reason == AUTH_OK)
		return true;
	tally_count(admin->tally, TALLY_REFUSED, TALLY_DOOR_ADMIN, (int)reason);
	log_refusal(admin, request, reason, number);
	return false;
}

/* ---- The answers ---------------------------------------------------- */

static bool is_method(const struct gateway_request *request, const char *name)
{
	return strcmp(param(request, "REQUEST_METHOD"), name) == 0;
}

/* HEAD is told what GET would be, without the body (RFC 9110 9.3.2). */
static void reply(const struct admin *admin, struct gateway_request *request,
    const struct page *page)
{
	char headers[HEADERS_BYTES];
	struct gateway_answer answer = {
	    .http = page->http,
	    .headers = headers,
	    .type = page->type,
	    .body = text_string(&page->text),
	    .body_bytes = page->text.length,
	};

	/* Both fit: ours take less than 1 KB, a page's own one line or two. */
	snprintf(
	    headers, sizeof headers, "%s%s", page->headers, admin->headers);
	if (is_method(request, "HEAD"))
		answer.body = NULL;
	gateway_reply(request, &answer);
}

struct refusal {
	int http;
	enum status code;
	const char *error;
	const char *headers;
};

/* Where there is no memory for the few words the status alone must do. */
static void refuse(const struct admin *admin, struct gateway_request *request,
    const struct refusal *refusal)
{
	struct page page = {
	    .http = refusal->http,
	    .type = "application/json",
	    .headers = refusal->headers,
	};

	text_init(&page.text, REFUSAL_MAX);
	text_add(&page.text, "{\"error\":");
	text_add_json(&page.text, refusal->error);
	text_add(&page.text, ",\"code\":");
	text_add_json(&page.text, status_name(refusal->code));
	text_add(&page.text, "}");
	reply(admin, request, &page);
	text_done(&page.text);
}

static void refuse_method(
    const struct admin *admin, struct gateway_request *request)
{
	refuse(admin, request,
	    &(struct refusal){
		.http = 405,
		.code = STATUS_METHOD_NOT_ALLOWED,
		.error = "Method not allowed; ask with GET",
		.headers = "Allow: GET, HEAD\r\n",
	    });
}

/* Browsers ask for the password; machines know to send Bearer. */
static void refuse_stranger(
    const struct admin *admin, struct gateway_request *request)
{
	refuse(admin, request,
	    &(struct refusal){
		.http = 401,
		.code = STATUS_UNAUTHENTICATED,
		.error = "Not authenticated",
		.headers = "WWW-Authenticate: Basic realm=\"stockroute\", "
			   "charset=\"UTF-8\"\r\n",
	    });
}

static void refuse_page(
    const struct admin *admin, struct gateway_request *request, enum status why)
{
	if (why == STATUS_PATH_UNKNOWN)
		refuse(admin, request,
		    &(struct refusal){
			.http = 404,
			.code = why,
			.error = "No such page",
			.headers = "",
		    });
	else
		refuse(admin, request,
		    &(struct refusal){
			.http = 503,
			.code = why,
			.error = "The page could not be made; ask later",
			.headers = "Retry-After: 5\r\n",
		    });
}

/* ---- Its way through the reader ------------------------------------- */

static enum status write_page(struct db *db, void *arg)
{
	struct asking *asking = arg;
	enum status status = asking->write(db, &asking->ask, &asking->page);

	/* Half a page is none. */
	if (status == STATUS_OK && text_failed(&asking->page.text)) {
		log_line(LOG_ERROR, NULL,
		    "a page for an operator is longer than %zu bytes, or "
		    "there is no memory: ask for a shorter period",
		    PAGE_MAX);
		status = STATUS_MEMORY;
	}
	return status;
}

static void page_made(void *arg, enum status status)
{
	struct asking *asking = arg;

	if (status == STATUS_OK)
		reply(asking->admin, asking->request, &asking->page);
	else
		refuse_page(asking->admin, asking->request, status);
	text_done(&asking->page.text);
	free(asking);
}

/* The request's variables stand still until it is answered. */
static void ask_reader(struct admin *admin, struct gateway_request *request,
    page_write *write, const char *below)
{
	struct asking *asking = calloc(1, sizeof *asking);

	if (!asking) {
		refuse_page(admin, request, STATUS_MEMORY);
		return;
	}
	*asking = (struct asking){
	    .admin = admin,
	    .request = request,
	    .write = write,
	    .job = {.body = write_page, .done = page_made, .arg = asking},
	    .ask = {.config = admin->config,
		.below = below,
		.query = param(request, "QUERY_STRING"),
		.accept = param(request, "HTTP_ACCEPT")},
	    .page = {.http = 200, .type = "text/plain", .headers = ""},
	};
	text_init(&asking->page.text, PAGE_MAX);
	reader_ask(admin->reader, &asking->job);
}

bool admin_serve(struct admin *admin, struct gateway_request *request)
{
	const struct path *path = NULL;
	const char *below;

	if (admin)
		path = find_path(request, &below);
	if (!path)
		return false;
	/* A stranger learns from the 405 what the 401 tells as well: that there
	 * is a page. */
	if (!is_method(request, "GET") && !is_method(request, "HEAD"))
		refuse_method(admin, request);
	else if (!may_see(admin, request))
		refuse_stranger(admin, request);
	else
		ask_reader(admin, request, path->write, below);
	return true;
}

/* ---- Its life ------------------------------------------------------- */

/* As a Content-Security-Policy names an inline part: CSP 3, 8.3. */
#define DIGEST_BYTES BASE64_TEXT_BYTES(AUTH_DIGEST_BYTES)
static bool digest(const char *part, char text[DIGEST_BYTES])
{
	unsigned char bytes[AUTH_DIGEST_BYTES];

	if (!auth_digest(part, strlen(part), bytes))
		return false;
	base64_encode(bytes, sizeof bytes, text);
	return true;
}

/*
 * Nothing is loaded from anywhere, and of scripts and styles only our own
 * run. Nothing is kept by caches, shown in frames of others or told to where
 * a link leads. What is allowed besides: the script takes the page anew
 * (connect-src), the icon stands in the page (data:), and the forms for an
 * event and a period lead back to us.
 */
static bool write_headers(struct admin *admin)
{
	char style[DIGEST_BYTES];
	char script[DIGEST_BYTES];
	int length;

	if (!digest(page_style, style) || !digest(page_script, script))
		return false;
	length = snprintf(admin->headers, sizeof admin->headers,
	    "Content-Security-Policy: default-src 'none'; "
	    "style-src 'sha256-%s'; script-src 'sha256-%s'; "
	    "connect-src 'self'; img-src data:; "
	    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n"
	    "Cache-Control: no-store\r\n"
	    "Referrer-Policy: no-referrer\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "X-Frame-Options: DENY\r\n"
	    "Cross-Origin-Opener-Policy: same-origin\r\n"
	    "Cross-Origin-Embedder-Policy: require-corp\r\n"
	    "Cross-Origin-Resource-Policy: same-origin\r\n",
	    style, script);
	return length > 0 && (size_t)length < sizeof admin->headers;
}

struct admin *admin_new(const struct config *config, struct reader *reader)
{
	struct admin *admin = calloc(1, sizeof *admin);

	if (!admin)
		return NULL;
	admin->config = config;
	admin->reader = reader;
	if (auth_keys_init_admin(&admin->keys, config) && write_headers(admin))
		return admin;
	admin_free(admin);
	return NULL;
}

void admin_free(struct admin *admin)
{
	if (!admin)
		return;
	auth_keys_done(&admin->keys);
	free(admin);
}

void admin_count_into(struct admin *admin, struct tally *tally)
{
	admin->tally = tally;
}

uint64_t admin_count(const struct admin *admin, enum auth_reason reason)
{
	return admin->counts[reason];
}

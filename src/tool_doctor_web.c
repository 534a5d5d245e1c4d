/* tool_doctor_web.c: URLs -> what strangers are given there, and the clocks */
#include "tool_doctor.h"

#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth_scheme.h"
#include "clock.h"
#include "http.h"
#include "loop.h"
#include "text.h"

#define ASK_MAX_US   (10 * CLOCK_SECOND)
#define URL_BYTES    (2 * CONFIG_TEXT_BYTES + 64)
#define SKEW_WARN_S  30
#define HEAD_BYTES   64
#define EVENTS_PLACE "/webhook/routing-events"

/* One question at a time; the answer stays until the next one. */
struct web {
	struct doctor *doctor;
	struct loop *loop;
	struct http *http;
	enum status status; /* of the last answer */
	long code;
	int64_t skew_s; /* our clock less the server's; INT64_MAX: unknown */
	struct text body;
	char problem[256];
	size_t asked; /* addresses that should give nothing, and did not */
	size_t given;
};

/* Where something of ours is often left, and how to know it by its bytes. */
static const struct exposure {
	const char *place;
	const char *begins; /* NULL: has, anywhere */
	const char *has;
	const char *what;
} exposures[] = {
    {"/stockroute.fcgi", "\177ELF", NULL, "the program"},
    {"/cgi-bin/stockroute.fcgi", "\177ELF", NULL, "the program"},
    {"/webhook/stockroute.fcgi", "\177ELF", NULL, "the program"},
    {"/stockroute/cgi-bin/stockroute.fcgi", "\177ELF", NULL, "the program"},
    {"/cgi-bin/main.c", "/* main.c", NULL, "a source"},
    {"/stockroute/cgi-bin/main.c", "/* main.c", NULL, "a source"},
    {"/cgi-bin/.htaccess", NULL, "STOCKROUTE_CONFIG", "server settings"},
    {"/webhook/.htaccess", NULL, "STOCKROUTE_CONFIG", "server settings"},
    {"/", NULL, "stockroute.fcgi", "a list of files"},
    {"/cgi-bin/", NULL, "stockroute.fcgi", "a list of files"},
    {"/webhook/", NULL, "stockroute.fcgi", "a list of files"},
    {"/.git/HEAD", "ref: ", NULL, "a repository"},
};

/* ---- Asking -------------------------------------------------------------- */

/* Date has whole seconds, and our answer took a moment: one is no skew. */
static int64_t skew_of(const struct http_answer *answer)
{
	if (answer->date_s < 0)
		return INT64_MAX;
	return clock_wall_us() / CLOCK_SECOND - answer->date_s;
}

static void got_answer(
    void *arg, enum status status, const struct http_answer *answer)
{
	struct web *web = arg;

	web->status = status;
	web->code = answer->code;
	web->skew_s = skew_of(answer);
	text_clear(&web->body);
	text_add_bytes(&web->body, answer->body, answer->body_bytes);
	snprintf(web->problem, sizeof web->problem, "%s", answer->problem);
	loop_stop(web->loop);
}

/* http ends each request in its time, so the loop ends too. */
static void ask(
    struct web *web, const char *method, const char *url, const char *body)
{
	/* The first bytes tell what it is. Servers that do not know the
	 * header send all. */
	static const char *const first_bytes[] = {"Range: bytes=0-4095", NULL};
	struct http_request request = {
	    .upstream = HTTP_CXONE,
	    .method = method,
	    .url = url,
	    .lines = body ? NULL : first_bytes,
	    .body = body,
	    .body_bytes = body ? strlen(body) : 0,
	    .timeout_us = ASK_MAX_US,
	    .wants_date = true,
	};

	http_send(web->http, &request, got_answer, web);
	loop_run(web->loop);
}

static void ask_place(struct web *web, const char *base, const char *place)
{
	char url[URL_BYTES];

	snprintf(url, sizeof url, "%s%s", base, place);
	ask(web, "GET", url, NULL);
}

static const char *why(const struct web *web)
{
	return web->problem[0] != '\0' ? web->problem
				       : status_name(web->status);
}

static bool was_given(const struct web *web)
{
	return web->code == 200 || web->code == 206;
}

static bool body_begins(const struct web *web, const char *bytes, size_t length)
{
	return web->body.length >= length &&
	       memcmp(web->body.bytes, bytes, length) == 0;
}

/* ---- What a stranger is given -------------------------------------------- */

static void tell_given(
    struct web *web, const char *base, const char *place, const char *what)
{
	web->given++;
	doctor_tell(web->doctor, DOCTOR_FAIL, "url",
	    "move it out of the document root, or deny it in the server",
	    "%s%s gives everybody %s", base, place, what);
}

/* Larger than an answer may be, and without the header Range heeded. */
static bool was_too_large(struct web *web, const char *base, const char *place)
{
	if (web->status != STATUS_ANSWER_TOO_LARGE || !was_given(web))
		return false;
	web->given++;
	doctor_tell(web->doctor, DOCTOR_WARN, "url", "look at it yourself",
	    "%s%s gives everybody something of more than 64 KiB", base, place);
	return true;
}

static void check_exposure(
    struct web *web, const char *base, const struct exposure *exposure)
{
	bool known;

	ask_place(web, base, exposure->place);
	web->asked++;
	if (was_too_large(web, base, exposure->place) ||
	    web->status != STATUS_OK || !was_given(web))
		return;
	if (exposure->begins)
		known = body_begins(
		    web, exposure->begins, strlen(exposure->begins));
	else
		known = strstr(text_string(&web->body), exposure->has) != NULL;
	if (known)
		tell_given(web, base, exposure->place, exposure->what);
}

/* What visiting the files hands on. */
struct looking {
	struct web *web;
	const char *base;
};

/* A page that says "not found" with 200 has not the file's own bytes. */
static void compare_file(struct looking *looking, const char *what,
    const char *path, const char *place)
{
	struct web *web = looking->web;
	char head[HEAD_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length = -1;

	if (fd >= 0) {
		length = read(fd, head, sizeof head);
		close(fd);
	}
	if (length <= 0)
		return;
	ask_place(web, looking->base, place);
	web->asked++;
	if (was_too_large(web, looking->base, place) ||
	    web->status != STATUS_OK || !was_given(web))
		return;
	if (body_begins(web, head, (size_t)length))
		tell_given(web, looking->base, place, what);
}

/* Where it lies below a document root, and at the top. */
static void check_file(
    struct doctor *doctor, void *arg, const char *what, const char *path)
{
	char copy[CONFIG_TEXT_BYTES + 8];
	char place[CONFIG_TEXT_BYTES];
	char top[CONFIG_TEXT_BYTES + 16];
	const char *docroot;

	snprintf(copy, sizeof copy, "%s", path);
	snprintf(top, sizeof top, "/%s", basename(copy));
	compare_file(arg, what, path, top);
	if (doctor_place(doctor, path, &docroot, place) &&
	    strcmp(place, top) != 0)
		compare_file(arg, what, path, place);
}

static void check_exposures(struct web *web, const char *base)
{
	struct looking looking = {web, base};

	web->asked = 0;
	web->given = 0;
	for (size_t i = 0; i < sizeof exposures / sizeof *exposures; i++)
		check_exposure(web, base, &exposures[i]);
	doctor_each_file(web->doctor, check_file, &looking);
	if (web->given == 0)
		doctor_tell(web->doctor, DOCTOR_OK, "url", "",
		    "%s gives nothing of ours at %zu addresses", base,
		    web->asked);
}

/* ---- Does the program answer there --------------------------------------- */

static bool is_alive(struct web *web, const char *base, const char *place)
{
	ask_place(web, base, place);
	return web->status == STATUS_OK && was_given(web) &&
	       strstr(text_string(&web->body), "\"status\":\"ok\"") != NULL;
}

static void check_alive(struct web *web, const char *base)
{
	/* The second is where it is on shared hosting. */
	static const char *const places[] = {"/healthz", "/webhook/healthz"};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (!is_alive(web, base, places[i]))
			continue;
		doctor_tell(web->doctor, DOCTOR_OK, "health", "",
		    "%s%s says that the program is alive", base, places[i]);
		return;
	}
	doctor_tell(web->doctor, DOCTOR_FAIL, "health",
	    "see the web server's log",
	    "%s: neither /healthz nor /webhook/healthz is the program's "
	    "(HTTP %ld)",
	    base, web->code);
}

/* Not an event: who is let in is told that it is none, and nothing more. */
static void check_stranger(struct web *web, const char *base)
{
	char url[URL_BYTES];

	if (web->doctor->config->webhook_auth == WEBHOOK_AUTH_NONE)
		return; /* told with the settings */
	snprintf(url, sizeof url, "%s" EVENTS_PLACE, base);
	ask(web, "POST", url, "{}");
	if (web->code == 401)
		doctor_tell(web->doctor, DOCTOR_OK, "stranger", "",
		    "%s refuses who shows no secret", url);
	else if (web->code == 0)
		doctor_tell(web->doctor, DOCTOR_FAIL, "stranger",
		    "see the web server's log", "%s gives no answer: %s", url,
		    why(web));
	else
		doctor_tell(web->doctor, DOCTOR_FAIL, "stranger",
		    "restart the program with these settings, and see that "
		    "the web server passes requests to it",
		    "%s answers %ld, not 401, to who shows no secret", url,
		    web->code);
}

static void check_scheme(struct web *web, const char *base)
{
	if (!config_is_in_the_clear(base))
		return;
	doctor_tell(web->doctor, DOCTOR_FAIL, "url",
	    "let events in over https only",
	    "%s: what senders show there can be read on the way", base);
}

static void check_url(struct web *web, const char *url)
{
	char base[CONFIG_TEXT_BYTES];
	size_t length = strlen(url);

	while (length > 0 && url[length - 1] == '/')
		length--;
	snprintf(base, sizeof base, "%.*s", (int)length, url);
	ask_place(web, base, "/");
	/* Without a server all the other answers would be failures, too. */
	if (web->code == 0) {
		doctor_tell(web->doctor, DOCTOR_FAIL, "url",
		    "give the web server's address, https://host",
		    "%s gives no answer: %s", base, why(web));
		return;
	}
	check_scheme(web, base);
	check_alive(web, base);
	check_stranger(web, base);
	check_exposures(web, base);
}

/* ---- The clocks ---------------------------------------------------------- */

/* How far it may be off before signed events are refused. */
static int64_t tolerance_s(const struct config *config, int64_t skew_s)
{
	struct auth_scheme scheme;

	if (config->webhook_auth != WEBHOOK_AUTH_HMAC ||
	    auth_scheme_init(&scheme, config) ||
	    !auth_scheme_signs(&scheme, AUTH_PIECE_TIMESTAMP))
		return INT64_MAX;
	return skew_s > 0 ? config->webhook_tolerance_past_s
			  : config->webhook_tolerance_future_s;
}

static void judge_clock(struct web *web, const char *check, const char *url)
{
	int64_t skew_s = web->skew_s;
	int64_t off_s = skew_s < 0 ? -skew_s : skew_s;
	const char *way = skew_s < 0 ? "behind" : "ahead of";
	static const char remedy[] = "set the clock: timedatectl set-ntp true";

	if (off_s > tolerance_s(web->doctor->config, skew_s))
		doctor_tell(web->doctor, DOCTOR_FAIL, check, remedy,
		    "ours is %" PRId64 " s %s that of %s: right signatures "
		    "are refused",
		    off_s, way, url);
	else if (off_s > SKEW_WARN_S)
		doctor_tell(web->doctor, DOCTOR_WARN, check, remedy,
		    "ours is %" PRId64 " s %s that of %s", off_s, way, url);
	else
		doctor_tell(web->doctor, DOCTOR_OK, check, "",
		    "%" PRId64 " s from that of %s", off_s, url);
}

/* Without any credentials: also a refusal has a Date. */
static void check_clock(struct web *web, const char *check, const char *url)
{
	ask(web, "GET", url, NULL);
	if (web->code == 0)
		doctor_tell(web->doctor, DOCTOR_FAIL, check,
		    "see stockroute check --live", "%s gives no answer: %s",
		    url, why(web));
	else if (web->skew_s == INT64_MAX)
		doctor_tell(web->doctor, DOCTOR_WARN, check,
		    "compare with another clock: timedatectl",
		    "%s tells no time", url);
	else
		judge_clock(web, check, url);
}

/* ---- Both ---------------------------------------------------------------- */

/* False: memory; then nothing is looked at. */
static bool open_web(struct web *web)
{
	web->loop = loop_new();
	if (web->loop)
		web->http = http_new(web->loop, 1, 1);
	text_init(&web->body, HTTP_ANSWER_MAX);
	/* close_web frees what there is, also after a failure. */
	return web->http != NULL;
}

static void close_web(struct web *web)
{
	http_free(web->http);
	loop_free(web->loop);
	text_done(&web->body);
}

/* As strangers come: with nothing of ours, trusting what they trust. */
static void check_urls(struct doctor *doctor)
{
	struct web web = {.doctor = doctor};

	if (doctor->urls.count == 0)
		return;
	if (open_web(&web))
		for (size_t i = 0; i < doctor->urls.count; i++)
			check_url(&web, doctor->urls.items[i]);
	else
		doctor->failed = true;
	close_web(&web);
}

static void check_clocks(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	struct web web = {.doctor = doctor};

	if (!doctor->live)
		return;
	if (open_web(&web)) {
		/* As the program goes there: by its proxy, if it has one. */
		http_set_way(
		    web.http, &(struct http_way){
				  .ca_file = config->upstream_ca_file,
				  .client_cert = config->upstream_client_cert,
				  .client_key = config->upstream_client_key,
				  .proxy = config->upstream_proxy,
			      });
		check_clock(&web, "clock, CXone", config->cxone_base_url);
		check_clock(
		    &web, "clock, inventory", config->inventory_api_url);
	} else {
		doctor->failed = true;
	}
	close_web(&web);
}

void doctor_check_web(struct doctor *doctor)
{
	check_urls(doctor);
	check_clocks(doctor);
}

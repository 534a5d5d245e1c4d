/* tool_doctor_server.c: a web server's files -> do its limits cut events */
#include "tool_doctor.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"

#define FILE_MAX   (1 << 20)
#define WORDS_MAX  512
#define LINE_BYTES 4096
#define WHITE      " \t\r"

/*
 * Lines are looked at one by one, wherever they stand: which <IfDefine> or
 * condition holds, only the server knows. So what stands in a part that is
 * not used is judged too.
 */
struct scan {
	struct doctor *doctor;
	const char *file;
	int line;
	bool apache; /* it passes requests to programs */
	bool passes_authorization;
	unsigned seen; /* limits, a bit for each */
	unsigned used; /* limits whose module is used */
};

/* What a limit must be greater than. */
enum limit_kind {
	LIMIT_BYTES, /* BODY_MAX_BYTES */
	LIMIT_KIB,
	LIMIT_DEADLINE_S, /* EVENT_DEADLINE_MS */
	LIMIT_SCRIPT_S,   /* the same; the value may have a unit */
	LIMIT_GATHER_S    /* GATHER_TIMEOUT_MS */
};

/*
 * name: a directive (the line begins with it), or in quotes an option of
 * lighttpd's. For each 0 means that there is no limit.
 */
static const struct limit {
	const char *name;
	enum limit_kind kind;
	enum doctor_verdict verdict; /* when it is too low */
	const char *module;          /* used, it has the limit in any case: */
	int64_t fallback;
	const char *what;
} limits[] = {
    {"LimitRequestBody", LIMIT_BYTES, DOCTOR_FAIL, NULL, 0,
	"larger events are refused"},
    {"FcgidMaxRequestLen", LIMIT_BYTES, DOCTOR_FAIL, "fcgid", 131072,
	"larger events are answered 500"},
    {"FcgidIOTimeout", LIMIT_DEADLINE_S, DOCTOR_FAIL, "fcgid", 40,
	"an event that takes longer is answered 500, and its process ended"},
    {"FcgidBusyTimeout", LIMIT_DEADLINE_S, DOCTOR_FAIL, "fcgid", 300,
	"a process that takes longer is ended"},
    {"ProxyTimeout", LIMIT_DEADLINE_S, DOCTOR_FAIL, NULL, 0,
	"an event that takes longer is answered 504"},
    {"timeout=", LIMIT_DEADLINE_S, DOCTOR_FAIL, NULL, 0,
	"an event that takes longer is answered 504"},
    {"CGIDScriptTimeout", LIMIT_SCRIPT_S, DOCTOR_FAIL, NULL, 0,
	"an event that takes longer is answered 504"},
    {"Timeout", LIMIT_DEADLINE_S, DOCTOR_WARN, NULL, 0,
	"it holds wherever no nearer timeout is set"},
    {"server.max-request-size", LIMIT_KIB, DOCTOR_FAIL, NULL, 0,
	"larger events are refused"},
    {"server.max-read-idle", LIMIT_GATHER_S, DOCTOR_WARN, NULL, 0,
	"a sender that pauses longer is cut off"},
    {"\"read-timeout\"", LIMIT_DEADLINE_S, DOCTOR_FAIL, NULL, 0,
	"an event that takes longer is answered 504"},
};
#define LIMITS (sizeof limits / sizeof *limits)

/* ---- Comparing ----------------------------------------------------------- */

struct bound {
	const char *setting;
	int64_t least; /* in the limit's unit; less cuts */
	const char *unit;
};

static struct bound bound_of(const struct config *config, enum limit_kind kind)
{
	switch (kind) {
	case LIMIT_BYTES:
		return (struct bound){
		    "BODY_MAX_BYTES", config->body_max_bytes, "bytes"};
	case LIMIT_KIB:
		return (struct bound){"BODY_MAX_BYTES",
		    (config->body_max_bytes + 1023) / 1024, "KiB"};
	case LIMIT_DEADLINE_S:
	case LIMIT_SCRIPT_S:
		return (struct bound){"EVENT_DEADLINE_MS",
		    config->event_deadline_us / CLOCK_SECOND + 1, "s"};
	default:
		return (struct bound){"GATHER_TIMEOUT_MS",
		    (config->gather_us + CLOCK_SECOND - 1) / CLOCK_SECOND, "s"};
	}
}

static void judge(struct scan *scan, const struct limit *limit, int64_t value,
    const char *place)
{
	struct bound bound = bound_of(scan->doctor->config, limit->kind);
	char remedy[128];

	if (value == 0 || value >= bound.least) {
		doctor_tell(scan->doctor, DOCTOR_OK, limit->name, "",
		    "%s: %" PRId64 " %s, enough for %s", place, value,
		    bound.unit, bound.setting);
		return;
	}
	snprintf(remedy, sizeof remedy, "set it to %" PRId64 " or more",
	    bound.least);
	doctor_tell(scan->doctor, limit->verdict, limit->name, remedy,
	    "%s: %" PRId64 " %s is too little for %s: %s", place, value,
	    bound.unit, bound.setting, limit->what);
}

/*
 * In seconds, rounded down: a limit that is shorter than it looks is the
 * worse error. But never to 0, which would be no limit.
 */
static int64_t in_seconds(int64_t number, const char *unit)
{
	if (strncasecmp(unit, "ms", 2) == 0)
		return number < 1000 ? 1 : number / 1000;
	/* Longer than any deadline is long enough, and does not overflow. */
	if (number > INT32_MAX)
		return number;
	if (strncasecmp(unit, "mi", 2) == 0)
		return number * 60;
	return strncasecmp(unit, "h", 1) == 0 ? number * 3600 : number;
}

/*
 * Of the timeouts Apache 2.4 takes only CGIDScriptTimeout with a unit. The
 * others it reads up to the last digit: a timeout=1mi is one second there.
 */
static bool read_number(const char *text, enum limit_kind kind, int64_t *value)
{
	char *end;
	long long number = strtoll(text, &end, 10);

	if (end == text || number < 0)
		return false;
	*value = kind == LIMIT_SCRIPT_S ? in_seconds(number, end) : number;
	return true;
}

static void take_limit(struct scan *scan, size_t number, const char *text)
{
	const struct limit *limit = &limits[number];
	char place[CONFIG_TEXT_BYTES + 16];
	int64_t value;

	text += strspn(text, WHITE "=>:+\"");
	snprintf(place, sizeof place, "%s:%d", scan->file, scan->line);
	/* Also when it is no number, which is told: it has no default then. */
	scan->seen |= 1U << number;
	if (read_number(text, limit->kind, &value))
		judge(scan, limit, value, place);
	else
		doctor_tell(scan->doctor, DOCTOR_WARN, limit->name,
		    "compare it with your settings yourself",
		    "%s: '%.40s' is no number", place, text);
}

/* ---- Document roots ------------------------------------------------------ */

/* NULL when it is a text with variables, or no absolute path. */
static const char *plain_path(char *text)
{
	char *end;

	text += strspn(text, WHITE "=>:+");
	if (*text == '"')
		text++;
	end = text + strcspn(text, "\"" WHITE);
	if (*text != '/' || strchr(text, '$') != NULL)
		return NULL;
	*end = '\0';
	return text;
}

static void take_docroot(struct scan *scan, const char *value)
{
	struct doctor *doctor = scan->doctor;
	char text[LINE_BYTES];
	const char *path;
	char *own;

	snprintf(text, sizeof text, "%s", value);
	path = plain_path(text);
	/* The list has those of --docroot, too: it is full the sooner. */
	if (!path || strlen(path) >= CONFIG_TEXT_BYTES ||
	    doctor->docroots.count == DOCTOR_LIST_MAX) {
		doctor_tell(doctor, DOCTOR_WARN, "document root",
		    "name it with --docroot", "%s:%d: '%s' cannot be followed",
		    scan->file, scan->line, value);
		return;
	}
	own = doctor->found_docroots[doctor->found_count++];
	snprintf(own, CONFIG_TEXT_BYTES, "%s", path);
	doctor_add(&doctor->docroots, own);
}

/* ---- Reading ------------------------------------------------------------- */

/* What follows the directive's name; NULL: the line is another one's. */
static const char *after_name(const char *line, const char *name)
{
	size_t length = strlen(name);

	if (strncasecmp(line, name, length) != 0 ||
	    strchr(WHITE "=:+", line[length]) == NULL)
		return NULL;
	return line + length;
}

/* An option stands anywhere in a line; connectiontimeout= is no timeout=. */
static const char *after_option(const char *line, const char *name)
{
	const char *found = strcasestr(line, name);

	while (found && *name != '"' && found != line &&
	       strchr(WHITE, found[-1]) == NULL)
		found = strcasestr(found + 1, name);
	return found ? found + strlen(name) : NULL;
}

/* That of ProxyPass alone: other words have a timeout= as well. */
static bool is_proxy(const char *line)
{
	return strncasecmp(line, "Proxy", 5) == 0;
}

static void find_limit(struct scan *scan, const char *line, size_t number)
{
	const char *name = limits[number].name;
	const char *value;

	if (name[0] == '"')
		value = after_option(line, name);
	else if (name[strlen(name) - 1] == '=')
		value = is_proxy(line) ? after_option(line, name) : NULL;
	else
		value = after_name(line, name);
	if (value)
		take_limit(scan, number, value);
	if (limits[number].module && strcasestr(line, limits[number].module))
		scan->used |= 1U << number;
}

/* All ways in which Apache lets a program see the header Authorization. */
static bool passes_authorization(const char *line)
{
	const char *value = after_name(line, "CGIPassAuth");

	if (value)
		return strcasestr(value, "on") != NULL;
	return strcasestr(line, "Authorization") != NULL &&
	       (strncasecmp(line, "SetEnvIf", 8) == 0 ||
		   strncasecmp(line, "FcgidPassHeader", 15) == 0 ||
		   strncasecmp(line, "RewriteRule", 11) == 0);
}

static bool calls_programs(const char *line)
{
	static const char *const names[] = {"ProxyPass", "ProxyPassMatch",
	    "ScriptAlias", "ScriptAliasMatch", "SetHandler", "AddHandler"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (after_name(line, names[i]))
			return true;
	return false;
}

static void take_line(struct scan *scan, const char *line)
{
	const char *value;

	line += strspn(line, WHITE);
	if (*line == '#')
		return;
	scan->apache = scan->apache || calls_programs(line);
	scan->passes_authorization =
	    scan->passes_authorization || passes_authorization(line);
	for (size_t i = 0; i < LIMITS; i++)
		find_limit(scan, line, i);
	value = after_name(line, "DocumentRoot");
	if (!value)
		value = after_name(line, "server.document-root");
	if (value)
		take_docroot(scan, value + strspn(value, WHITE "=:+"));
}

/* A backslash at its end joins a line with the next one, as Apache does. */
static void take_lines(struct scan *scan, char *text)
{
	scan->line = 1;
	while (*text != '\0') {
		char *end = text;
		int lines = 1;

		for (end += strcspn(end, "\n");
		     *end != '\0' && end > text && end[-1] == '\\';
		     end += strcspn(end, "\n")) {
			end[-1] = ' ';
			*end++ = ' ';
			lines++;
		}
		if (*end != '\0')
			*end++ = '\0';
		take_line(scan, text);
		scan->line += lines;
		text = end;
	}
}

/* NULL: why not was told. Free with free. */
static char *read_text(struct doctor *doctor, const char *path)
{
	struct text problem;
	struct stat facts;
	size_t length = 0;
	char *text = NULL;
	int fd = -1;

	text_init(&problem, WORDS_MAX);
	if (file_open(path, &fd, &facts, &problem) == STATUS_OK)
		/*
		 * What is beyond is not looked at; a NUL stands behind in any
		 * case.
		 */
		text = calloc(1, FILE_MAX + 1);
	if (text && !file_read(fd, text, FILE_MAX, &length)) {
		free(text);
		text = NULL;
	}
	if (!text)
		doctor_tell(doctor, DOCTOR_FAIL, "server's file",
		    "give one that this user may read", "%s %s", path,
		    text_string(&problem));
	if (fd >= 0)
		close(fd);
	text_done(&problem);
	return text;
}

static void scan_file(struct scan *scan, const char *path)
{
	char *text = read_text(scan->doctor, path);

	if (!text)
		return;
	scan->file = path;
	take_lines(scan, text);
	free(text);
}

/* ---- What is missing ----------------------------------------------------- */

/*
 * A module has its limit also where no line sets it. Who uses the module in one
 * file and sets the limit in another has set it.
 */
static void check_fallbacks(struct scan *scan)
{
	for (size_t i = 0; i < LIMITS; i++)
		if ((scan->used & ~scan->seen & 1U << i) != 0)
			judge(scan, &limits[i], limits[i].fallback,
			    "not set, and so by default");
}

static void check_authorization(struct scan *scan)
{
	enum webhook_auth auth = scan->doctor->config->webhook_auth;

	if (!scan->apache ||
	    (auth != WEBHOOK_AUTH_BEARER && auth != WEBHOOK_AUTH_BASIC))
		return;
	if (scan->passes_authorization)
		doctor_tell(scan->doctor, DOCTOR_OK, "CGIPassAuth", "",
		    "Apache passes the header Authorization on");
	else
		doctor_tell(scan->doctor, DOCTOR_FAIL, "CGIPassAuth",
		    "set CGIPassAuth On where the program is called",
		    "Apache keeps the header Authorization to itself: every "
		    "event is refused");
}

void doctor_check_servers(struct doctor *doctor)
{
	struct scan scan = {.doctor = doctor};

	for (size_t i = 0; i < doctor->server_configs.count; i++)
		scan_file(&scan, doctor->server_configs.items[i]);
	check_fallbacks(&scan);
	check_authorization(&scan);
}

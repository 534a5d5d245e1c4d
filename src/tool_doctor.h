#ifndef TOOL_DOCTOR_H
#define TOOL_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "table.h"

/*
 * What the checks of stockroute doctor share. Each tells what it found with
 * doctor_tell, also when all is well, and changes nothing on the machine.
 */
enum doctor_verdict {
	DOCTOR_OK,
	DOCTOR_WARN, /* it works, and could be safer */
	DOCTOR_FAIL, /* secrets are exposed, or events will be lost */
	DOCTOR_VERDICT_COUNT
};

/* The values of an option that may be given several times. */
#define DOCTOR_LIST_MAX 16
struct doctor_list {
	const char *items[DOCTOR_LIST_MAX];
	size_t count;
};

struct doctor {
	struct config *config; /* NULL when it does not load */
	struct doctor_list docroots;
	struct doctor_list server_configs;
	struct doctor_list urls;
	bool live;
	enum table_format format;
	char found_docroots[DOCTOR_LIST_MAX][CONFIG_TEXT_BYTES]; /* in the
		server_configs; docroots has them too */
	size_t found_count;
	struct table *table; /* of all that was told */
	size_t counts[DOCTOR_VERDICT_COUNT];
	bool failed; /* memory ran out: the table is not whole */
};

/*
 * Tells one finding: what was looked at, what was found there (the format),
 * and what helps, "" when nothing need be done. All are copied; what is over
 * 2,047 bytes is cut.
 */
void doctor_tell(struct doctor *doctor, enum doctor_verdict verdict,
    const char *check, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Adds a path. False: the list is full. Borrows it for the list's life. */
bool doctor_add(struct doctor_list *list, const char *item);

/* The process: its user, umask and core limit, and the libraries below. */
void doctor_check_process(struct doctor *doctor);

/* Who may post, whom we ask, and how good the secrets are. */
void doctor_check_settings(struct doctor *doctor);

/* Owner and mode of configuration, secrets, database and socket folder; the
 * disk; and whether any of it lies in one of docroots. */
void doctor_check_files(struct doctor *doctor);

/* The limits in server_configs; adds the document roots found there. */
void doctor_check_servers(struct doctor *doctor);

/* The real web server at urls, and with live the clocks of the upstreams. */
void doctor_check_web(struct doctor *doctor);

/*
 * The path's place below one of docroots, "/x/y.db"; NULL: it lies in none.
 * Both are resolved first. The text is written to place.
 */
const char *doctor_place(const struct doctor *doctor, const char *path,
    const char **docroot, char place[CONFIG_TEXT_BYTES]);

/* Calls with each file that is nobody's business: what it is, and its path.
 * Those that do not exist are left out. */
typedef void doctor_visit(
    struct doctor *doctor, void *arg, const char *what, const char *path);
void doctor_each_file(struct doctor *doctor, doctor_visit *visit, void *arg);

#endif

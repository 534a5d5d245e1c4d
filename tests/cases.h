#ifndef CASES_H
#define CASES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "text.h"

/*
 * The behaviour cases: each directory in tests/cases is one sentence of
 * the README's behaviour list, see tests/cases/README.md for its files.
 * A mode is a place where a case is played: in this process, as plain CGI,
 * or behind a web server. What a case expects does not know the mode.
 */
#define CASE_EVENTS_MAX 8
#define CASE_PATH_BYTES 512
#define CASE_WAIT_MS    20000 /* for whatever is waited for, at most */
#define CASE_CLIENT_ID  "case-client"
#define CASE_SECRET     "case-secret & more=%"

/* One event of a case and what is expected of it. */
struct case_event {
	char *body; /* NULL: the request has none */
	size_t body_bytes;
	json_t *request; /* method, path, headers: all there; sign */
	json_t *expect;
};

struct scenario {
	char name[128];   /* 07-slow-inventory-falls-back */
	json_t *config;   /* members to lay over, or NULL */
	json_t *upstream; /* never NULL */
	struct case_event events[CASE_EVENTS_MAX];
	size_t events_count;
};

/* What came back for one event. */
struct reply {
	int http;
	json_t *headers; /* names in lower case */
	char *body;
};

/* --- cases_load.c --- */

/*
 * Reads the directory path. False: why tells what is wrong in it. Call
 * scenario_done in every case; scenario must be zeroed.
 */
bool scenario_load(
    struct scenario *scenario, const char *path, struct text *why);
void scenario_done(struct scenario *scenario);

/* --- cases_sign.c --- */

/*
 * The event's request with the headers that its member "sign" asks for,
 * signed now; see tests/cases/README.md. The caller decrefs.
 */
json_t *signed_request(const struct case_event *event);

/* --- cases_match.c --- */

/*
 * True when got is as expected; else a line per difference is added to
 * why, each beginning with the value's path. got may be NULL: not there.
 */
bool case_match(const json_t *expected, const json_t *got, const char *path,
    struct text *why);

/* --- cases_wire.c --- */

/*
 * The CGI variables of a request (RFC 3875), as "NAME=value" strings with
 * NULL at the end, and the server's headers among them. Give to
 * wire_params_free.
 */
char **wire_params(const json_t *request, size_t body_bytes);
void wire_params_free(char **params);

/* Header lines, each with its end of line, as an object. */
json_t *wire_headers(const char *lines);

void reply_done(struct reply *reply);

/* A whole file; NULL when it is not there. Free with free. */
char *wire_read_file(const char *path, size_t *length);
bool wire_write_file(const char *path, const char *bytes, size_t length);

/* --- cases_curl.c --- */

/* One HTTP exchange with a server of this machine. */
struct exchange {
	const char *method;
	char url[CASE_PATH_BYTES];
	const json_t *headers; /* NULL: none */
	const char *body;      /* NULL: none */
	size_t body_bytes;
};

bool curl_exchange(
    const struct exchange *exchange, struct reply *reply, struct text *why);

/* --- cases_spawn.c --- */

/* A program to run; files that are NULL are /dev/null. */
struct command {
	char *const *argv;
	char *const *envp; /* NULL: the runner's */
	const char *input;
	const char *output;
	const char *errors;
};

/* The process, in a process group of its own; -1 when it did not start. */
pid_t command_start(const struct command *command);

/* Its exit code; -1 when it had to be killed after CASE_WAIT_MS. */
int process_wait(pid_t pid);

/* --- cases_rows.c --- */

/*
 * The number of rows in table decision of the database and the newest one
 * as an object without its NULLs; 0 and NULL while there is no database.
 */
size_t rows_newest(const char *db_path, json_t **newest);

/* --- cases_sim.c --- */

/* A running build/stockroute-sim. */
struct sim_process {
	pid_t pid;
	char url[64];
};

bool sim_start(struct sim_process *sim, const char *program, const char *dir,
    struct text *why);
void sim_stop(struct sim_process *sim);

/* All as at the start, then the case's own faults, stock and unknown ids. */
bool sim_set(
    const struct sim_process *sim, const json_t *upstream, struct text *why);

/* Its journal, or NULL. */
json_t *sim_journal(const struct sim_process *sim);

/* --- the modes --- */

/* What is the same for all cases that a worker plays. */
struct run {
	const struct mode *mode;
	const char *cases; /* directory of the cases */
	const char *fcgi;  /* the program, absolute */
	const char *sim_program;
	const char *server_script;
	char dir[64]; /* of this worker */
	char upstream_url[64];
	struct sim_process sim;
};

/* One case being played. */
struct play {
	struct run *run;
	const struct scenario *scenario;
	const json_t *request; /* of the event in hand */
	char dir[80];          /* fresh and its own */
	char config[CASE_PATH_BYTES];
	char db[CASE_PATH_BYTES];
	size_t calls;          /* in the journal, and */
	size_t rows;           /* in the database, before the event in hand */
	char server_url[256];  /* behind a web server */
	struct memory *memory; /* in this process */
};

/*
 * How a mode plays. Each returns false when it could not even try; why
 * then tells. end is called in every case.
 */
struct mode {
	const char *name;
	bool has_sim;
	bool (*begin)(struct play *play, struct text *why);
	bool (*post)(struct play *play, const struct case_event *event,
	    struct reply *reply, struct text *why);
	json_t *(*journal)(struct play *play); /* the caller decrefs */
	void (*end)(struct play *play);
};

/* --- cases_play.c --- */

/*
 * Plays the case in directory path and compares. False: it did not hold,
 * why tells how and where the logs are. number names the case's own
 * directory, whose path is kept short for the sockets in it.
 */
bool play_case(struct run *run, const char *path, int number, struct text *why);

/* Removes a directory and all in it. */
void remove_tree(const char *dir);

/* --- cases_memory.c --- */
bool memory_begin(struct play *play, struct text *why);
bool memory_post(struct play *play, const struct case_event *event,
    struct reply *reply, struct text *why);
json_t *memory_journal(struct play *play);
void memory_end(struct play *play);

/* --- cases_cgi.c --- */
bool cgi_begin(struct play *play, struct text *why);
bool cgi_post(struct play *play, const struct case_event *event,
    struct reply *reply, struct text *why);
void cgi_end(struct play *play);

/* --- cases_server.c --- */
bool server_begin(struct play *play, struct text *why);
bool server_post(struct play *play, const struct case_event *event,
    struct reply *reply, struct text *why);
void server_end(struct play *play);

/* The journal of the simulator: what cgi and the servers share. */
json_t *simulator_journal(struct play *play);

#endif

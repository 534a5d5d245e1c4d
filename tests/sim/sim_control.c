/* sim_control.c: control requests and files -> changed parts */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim.h"
#include "sim_control.h"
#include "sim_interaction.h"
#include "sim_inventory.h"
#include "sim_journal.h"
#include "sim_token.h"

enum { FILE_BYTES_MAX = 4 << 20 };

static void get_journal(struct request *request, json_t *body);
static void delete_journal(struct request *request, json_t *body);
static void get_stats(struct request *request, json_t *body);
static void put_faults(struct request *request, json_t *body);
static void delete_faults(struct request *request, json_t *body);
static void put_stock(struct request *request, json_t *body);
static void put_interactions(struct request *request, json_t *body);
static void put_tokens(struct request *request, json_t *body);
static void post_reset(struct request *request, json_t *body);

static const struct {
	const char *method;
	const char *name;
	void (*play)(struct request *request, json_t *body);
} controls[] = {
    {"GET", "journal", get_journal},
    {"DELETE", "journal", delete_journal},
    {"GET", "stats", get_stats},
    {"PUT", "faults", put_faults},
    {"DELETE", "faults", delete_faults},
    {"PUT", "stock", put_stock},
    {"PUT", "interactions", put_interactions},
    {"PUT", "tokens", put_tokens},
    {"POST", "reset", post_reset},
};

static void done(struct request *request)
{
	reply_format(&request->reply, 200, "{\"ok\":true}");
}

static void get_journal(struct request *request, json_t *body)
{
	struct journal *journal = request->sim->journal;
	struct reply *reply = &request->reply;

	(void)body;
	if (!journal) {
		reply_format(reply, 200, "[]");
		return;
	}
	reply->body = journal_text(journal, &reply->body_bytes);
	reply->status = reply->body ? 200 : 500;
	if (!reply->body)
		reply->body_bytes = 0;
}

static void delete_journal(struct request *request, json_t *body)
{
	(void)body;
	if (request->sim->journal)
		journal_clear(request->sim->journal);
	done(request);
}

static void get_stats(struct request *request, json_t *body)
{
	(void)body;
	reply_json(&request->reply, 200, stats_json(request->sim->stats));
}

static void put_faults(struct request *request, json_t *body)
{
	char why[FAULT_WHY_BYTES] = "faults: not JSON";

	if (body && faults_set(request->sim->faults, body, why))
		done(request);
	else
		reply_error(&request->reply, 400, why);
}

static void delete_faults(struct request *request, json_t *body)
{
	char why[FAULT_WHY_BYTES];

	(void)body;
	faults_set(request->sim->faults, NULL, why);
	done(request);
}

static void put_stock(struct request *request, json_t *body)
{
	if (stock_set(request->sim->stock, body))
		done(request);
	else
		reply_error(&request->reply, 400, "stock: not {SKU:word}");
}

static void put_interactions(struct request *request, json_t *body)
{
	if (interactions_forget(request->sim->interactions, body))
		done(request);
	else
		reply_error(&request->reply, 400,
		    "interactions: not {\"unknown\":[id]}, or too many");
}

static void put_tokens(struct request *request, json_t *body)
{
	int revoke = 0;

	if (json_unpack_ex(
		body, NULL, JSON_STRICT, "{s:b}", "revoke", &revoke)) {
		reply_error(
		    &request->reply, 400, "tokens: not {\"revoke\":true}");
		return;
	}
	if (revoke)
		tokens_revoke(request->sim->tokens);
	done(request);
}

/* The stock stays: it is the scene, not what happened on it. */
static void post_reset(struct request *request, json_t *body)
{
	struct sim *sim = request->sim;
	char why[FAULT_WHY_BYTES];

	(void)body;
	if (sim->journal)
		journal_clear(sim->journal);
	stats_reset(sim->stats);
	faults_set(sim->faults, sim->start_faults, why);
	tokens_revoke(sim->tokens);
	interactions_reset(sim->interactions);
	done(request);
}

void control_play(struct request *request)
{
	json_t *body = NULL;
	int status = 404;

	if (request->body)
		body = json_loadb(request->body, request->body_bytes,
		    JSON_REJECT_DUPLICATES, NULL);
	for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
		if (strcmp(request->segment, controls[i].name) != 0)
			continue;
		status = 405;
		if (strcmp(request->method, controls[i].method) == 0) {
			controls[i].play(request, body);
			status = 0;
			break;
		}
	}
	json_decref(body);
	if (status)
		reply_error(&request->reply, status, "no such control");
}

/* Says on stderr why, when it gives NULL. */
static json_t *load_file(const char *path)
{
	struct stat about;
	json_error_t error;
	json_t *value;

	if (stat(path, &about) || about.st_size > FILE_BYTES_MAX) {
		fprintf(stderr, "%s: cannot be read, or over 4 MiB\n", path);
		return NULL;
	}
	value = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!value)
		fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
	return value;
}

static bool load_stock(struct sim *sim, const char *path)
{
	json_t *value = load_file(path);
	bool good = value && stock_set(sim->stock, value);

	if (value && !good)
		fprintf(stderr, "%s: not {\"SKU\":\"word\"}\n", path);
	json_decref(value);
	return good;
}

static bool load_faults(struct sim *sim, const char *path)
{
	char why[FAULT_WHY_BYTES];

	sim->start_faults = load_file(path);
	if (!sim->start_faults)
		return false;
	if (!faults_set(sim->faults, sim->start_faults, why)) {
		fprintf(stderr, "%s: %s\n", path, why);
		return false;
	}
	return true;
}

bool control_load(
    struct sim *sim, const char *stock_file, const char *faults_file)
{
	return (!stock_file || load_stock(sim, stock_file)) &&
	       (!faults_file || load_faults(sim, faults_file));
}

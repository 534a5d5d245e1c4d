/* cases_play.c: a case and a mode -> played and compared */
#include "cases.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The configuration of every case, before its own: waits are short. */
static json_t *make_config(const struct play *play)
{
	const char *base = play->run->upstream_url;
	json_t *config =
	    json_pack("{s:s,s:s,s:s,s:s,s:s+,s:s,s:s,s:i,s:i,s:i,s:i,s:s,s:i,"
		      "s:i}",
		"stockroute_db", play->db, "cxone_base_url", base,
		"cxone_client_id", CASE_CLIENT_ID, "cxone_client_secret",
		CASE_SECRET, "inventory_api_url", base, "/inventory",
		"webhook_auth", "none", "log_level", "debug",
		"inventory_timeout_ms", 300, "cxone_timeout_ms", 500,
		"cxone_backoff_ms", 20, "cxone_jitter_ms", 5, "spill", "off",
		"queue_backoff_ms", 60000, "event_deadline_ms", 5000);
	const char *name;
	json_t *value;

	json_object_foreach (play->scenario->config, name, value) {
		if (json_is_null(value))
			json_object_del(config, name);
		else
			json_object_set(config, name, value);
	}
	return config;
}

static bool write_config(const struct play *play)
{
	json_t *config = make_config(play);
	bool good = json_dump_file(config, play->config, JSON_INDENT(2)) == 0 &&
		    chmod(play->config, 0600) == 0; /* it holds secrets */

	json_decref(config);
	return good;
}

/* What came, in the shape of an expect.json. */
static json_t *make_outcome(const struct reply *reply)
{
	json_t *outcome = json_object();
	json_t *answer = json_loads(reply->body, 0, NULL);

	/* A server's own page is compared as the text it is. */
	if (answer == NULL)
		answer = json_string(reply->body);
	json_object_set_new(outcome, "http", json_integer(reply->http));
	json_object_set(outcome, "headers", reply->headers);
	json_object_set_new(outcome, "answer", answer);
	return outcome;
}

/* The calls after the first `before` ones. */
static json_t *calls_since(json_t *journal, size_t before)
{
	json_t *calls = json_array();
	size_t i;

	for (i = before; i < json_array_size(journal); i++)
		json_array_append(calls, json_array_get(journal, i));
	return calls;
}

/* The expectation as it is for a mode: `modes` may say otherwise. */
static json_t *expectation(const json_t *expect, const char *mode)
{
	json_t *mine = json_copy((json_t *)expect);
	json_t *otherwise =
	    json_object_get(json_object_get(expect, "modes"), mode);

	json_object_update(mine, otherwise);
	json_object_del(mine, "modes");
	json_object_del(mine, "why");
	return mine;
}

/* One new row as expected, or none when null is. */
static void add_record(
    json_t *expect, json_t *outcome, json_t *newest, size_t rows)
{
	if (json_is_null(json_object_get(expect, "record"))) {
		json_object_del(expect, "record");
		json_object_set_new(expect, "new rows", json_integer(0));
	} else {
		json_object_set_new(expect, "new rows", json_integer(1));
		json_object_set(outcome, "record", newest);
	}
	json_object_set_new(
	    outcome, "new rows", json_integer((json_int_t)rows));
}

static bool judge(struct play *play, const struct case_event *event,
    const struct reply *reply, struct text *why)
{
	json_t *expect = expectation(event->expect, play->run->mode->name);
	json_t *outcome = make_outcome(reply);
	json_t *journal = play->run->mode->journal(play);
	json_t *newest = NULL;
	size_t rows = rows_newest(play->db, &newest);
	bool good;

	json_object_set_new(
	    outcome, "calls", calls_since(journal, play->calls));
	add_record(expect, outcome, newest, rows - play->rows);
	good = case_match(expect, outcome, "", why);
	/* The next event is judged by what comes after this. */
	play->calls = json_array_size(journal);
	play->rows = rows;
	json_decref(newest);
	json_decref(journal);
	json_decref(outcome);
	json_decref(expect);
	return good;
}

static bool play_events(struct play *play, struct text *why)
{
	const struct scenario *scenario = play->scenario;
	bool good = true;
	size_t i;

	for (i = 0; i < scenario->events_count && good; i++) {
		struct reply reply = {0};
		json_t *request = signed_request(&scenario->events[i]);

		play->request = request;
		good = play->run->mode->post(
		    play, &scenario->events[i], &reply, why);
		if (good)
			good = judge(play, &scenario->events[i], &reply, why);
		if (!good && scenario->events_count > 1)
			text_add_format(why, "    (event %zu)\n", i + 1);
		reply_done(&reply);
		json_decref(request);
	}
	return good;
}

static int remove_entry(
    const char *path, const struct stat *status, int flag, struct FTW *place)
{
	(void)status;
	(void)flag;
	(void)place;
	return remove(path);
}

void remove_tree(const char *dir)
{
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The program's log goes to the case's directory, also from memory. */
static int catch_stderr(const char *dir)
{
	char path[CASE_PATH_BYTES + 32];
	int kept = dup(STDERR_FILENO);
	int file;

	snprintf(path, sizeof path, "%s/error.log", dir);
	file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (file >= 0) {
		dup2(file, STDERR_FILENO);
		close(file);
	}
	return kept;
}

static void give_stderr_back(int kept)
{
	dup2(kept, STDERR_FILENO);
	close(kept);
}

static bool play_scenario(struct play *play, struct text *why)
{
	const struct mode *mode = play->run->mode;
	int kept = catch_stderr(play->dir);
	bool good = write_config(play);

	if (good && mode->has_sim)
		good = sim_set(&play->run->sim, play->scenario->upstream, why);
	if (good)
		good = mode->begin(play, why) && play_events(play, why);
	/* Also when it did not begin: something may be running. */
	mode->end(play);
	give_stderr_back(kept);
	return good;
}

bool play_case(struct run *run, const char *path, int number, struct text *why)
{
	struct scenario scenario = {0};
	struct play play = {.run = run, .scenario = &scenario};
	bool good = scenario_load(&scenario, path, why);

	snprintf(play.dir, sizeof play.dir, "%s/%d", run->dir, number);
	snprintf(
	    play.config, sizeof play.config, "%s/stockroute.json", play.dir);
	snprintf(play.db, sizeof play.db, "%s/stockroute.db", play.dir);
	if (good && mkdir(play.dir, 0755) == 0)
		good = play_scenario(&play, why);
	if (good)
		remove_tree(play.dir);
	else
		text_add_format(
		    why, "    case %s, logs in %s\n", path, play.dir);
	scenario_done(&scenario);
	return good;
}

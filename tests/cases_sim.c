/* cases_sim.c: upstream.json -> a running simulator that plays it; journal */
#include "cases.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TURN_MS 5

/* Waits until the simulator has written its port. */
static bool wait_for_port(const char *file, int *port)
{
	const struct timespec turn = {.tv_nsec = TURN_MS * 1000000L};
	int left_ms;

	for (left_ms = CASE_WAIT_MS; left_ms > 0; left_ms -= TURN_MS) {
		size_t length;
		char *bytes = wire_read_file(file, &length);

		/* It came by rename, so it is whole. */
		if (bytes != NULL) {
			*port = (int)strtol(bytes, NULL, 10);
			free(bytes);
			return true;
		}
		nanosleep(&turn, NULL);
	}
	return false;
}

bool sim_start(struct sim_process *sim, const char *program, const char *dir,
    struct text *why)
{
	char port_file[CASE_PATH_BYTES + 32];
	char log_file[CASE_PATH_BYTES + 32];
	char *argv[] = {(char *)program, "--port-file", port_file,
	    "--client-id", CASE_CLIENT_ID, "--client-secret", CASE_SECRET,
	    NULL};
	struct command command = {.argv = argv, .errors = log_file};
	int port = 0;

	snprintf(port_file, sizeof port_file, "%s/sim.port", dir);
	snprintf(log_file, sizeof log_file, "%s/sim.log", dir);
	sim->pid = command_start(&command);
	if (sim->pid > 0 && wait_for_port(port_file, &port)) {
		snprintf(
		    sim->url, sizeof sim->url, "http://127.0.0.1:%d", port);
		return true;
	}
	text_add_format(
	    why, "    %s did not start, see %s\n", program, log_file);
	return false;
}

void sim_stop(struct sim_process *sim)
{
	if (sim->pid <= 0)
		return;
	kill(sim->pid, SIGTERM);
	process_wait(sim->pid);
	sim->pid = 0;
}

/* Asks the control endpoint; value may be NULL. */
static bool control(const struct sim_process *sim, const char *method,
    const char *path, const json_t *value, struct reply *reply)
{
	char *body = value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;
	struct exchange exchange = {
	    .method = method,
	    .body = body != NULL ? body : "",
	    .body_bytes = body != NULL ? strlen(body) : 0,
	};
	struct text why;
	bool good;

	text_init(&why, 1024);
	/* Only a GET has no body at all; a POST's may be empty. */
	if (strcmp(method, "GET") == 0)
		exchange.body = NULL;
	snprintf(
	    exchange.url, sizeof exchange.url, "%s/control/%s", sim->url, path);
	good = curl_exchange(&exchange, reply, &why) && reply->http < 300;
	text_done(&why);
	free(body);
	return good;
}

static bool tell(const struct sim_process *sim, const char *method,
    const char *path, const json_t *value, struct text *why)
{
	struct reply reply = {0};
	bool good = control(sim, method, path, value, &reply);

	if (!good)
		text_add_format(why, "    simulator refused %s %s: %s\n",
		    method, path,
		    reply.body != NULL ? reply.body : "no answer");
	reply_done(&reply);
	return good;
}

bool sim_set(
    const struct sim_process *sim, const json_t *upstream, struct text *why)
{
	json_t *faults = json_copy((json_t *)upstream);
	json_t *stock = json_incref(json_object_get(faults, "stock"));
	json_t *unknown = json_incref(json_object_get(faults, "unknown"));
	json_t *ids = NULL;
	bool good;

	/* A reset leaves the stock of the case before. */
	if (stock == NULL)
		stock = json_pack("{s:s}", "*", "in_stock");
	if (unknown == NULL)
		unknown = json_array();
	ids = json_pack("{s:O}", "unknown", unknown);
	/* What remains is in the language of /control/faults. */
	json_object_del(faults, "stock");
	json_object_del(faults, "unknown");
	good = tell(sim, "POST", "reset", NULL, why) &&
	       tell(sim, "PUT", "faults", faults, why) &&
	       tell(sim, "PUT", "stock", stock, why) &&
	       tell(sim, "PUT", "interactions", ids, why);
	json_decref(ids);
	json_decref(unknown);
	json_decref(stock);
	json_decref(faults);
	return good;
}

json_t *sim_journal(const struct sim_process *sim)
{
	struct reply reply = {0};
	json_t *journal = NULL;

	if (control(sim, "GET", "journal", NULL, &reply))
		journal = json_loads(reply.body, 0, NULL);
	reply_done(&reply);
	return journal;
}

json_t *simulator_journal(struct play *play)
{
	return sim_journal(&play->run->sim);
}

/* tool_drain.c: stockroute queue drain -> what is due is worked off */
#include "tool.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "confine.h"
#include "settle.h"
#include "tool_worker.h"

static const char usage[] =
    "usage: stockroute queue drain [--once|--follow]\n"
    "\n"
    "  --once    ends when nothing is due any more (the default); what\n"
    "            waits for its next attempt stays for the next run\n"
    "  --follow  goes on until SIGTERM or SIGINT\n";

/*
 * One run. ended, again and parked are what this process did; what the servers
 * beside it work off is in none of them. All of it is the loop's.
 */
struct drain {
	struct tool_worker worker;
	bool follow;
	int64_t begun_us;
	int64_t outcomes[OUTCOME_COUNT];
	int64_t ended;
	int64_t again; /* attempts after which the event waits for another */
	int64_t parked;
	enum status status; /* of the looks at the queue */
};

/* What is in other hands now is not ours to tell. */
static void ended(
    void *arg, const struct settlement *settlement, enum status status)
{
	struct drain *drain = arg;

	if (status != STATUS_OK)
		return;
	if (settlement->queue == SETTLE_AGAIN ||
	    settlement->queue == SETTLE_GIVE_BACK) {
		drain->again++;
	} else if (settlement->queue == SETTLE_PARK) {
		drain->parked++;
	} else if (settlement->queue == SETTLE_DONE) {
		drain->ended++;
		drain->outcomes[settlement->record->outcome]++;
	}
}

static void tick(void *arg)
{
	struct drain *drain = arg;
	const struct queue *queue = drain->worker.app.queue;

	if (drain->follow)
		return;
	/*
	 * Idle means here that nothing is due: what waits for its next attempt
	 * does not hold up the end, or one dead upstream would.
	 */
	drain->status = queue_status(queue);
	if (drain->status != STATUS_OK || queue_is_idle(queue))
		tool_worker_stop(&drain->worker);
}

static void print_sum(const struct drain *drain)
{
	const char *comma = " (";

	printf("drained: %lld ended", (long long)drain->ended);
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		if (drain->outcomes[i] == 0)
			continue;
		printf("%s%lld %s", comma, (long long)drain->outcomes[i],
		    outcome_name((enum outcome)i));
		comma = ", ";
	}
	printf("%s, %lld attempts to be repeated, %lld parked, in %.1f s\n",
	    drain->ended > 0 ? ")" : "", (long long)drain->again,
	    (long long)drain->parked,
	    (double)(clock_mono_us() - drain->begun_us) / CLOCK_SECOND);
}

static int run(struct drain *drain)
{
	drain->begun_us = clock_mono_us();
	drain->worker.app.ended = ended;
	drain->worker.app.ended_arg = drain;
	tool_worker_run(&drain->worker, tick, drain);
	print_sum(drain);
	if (drain->status != STATUS_OK)
		fprintf(stderr, "stockroute queue drain: %s\n",
		    status_name(drain->status));
	return drain->status == STATUS_OK && drain->parked == 0 ? 0 : 1;
}

int tool_drain(int argc, char **argv)
{
	struct drain drain = {.status = STATUS_OK};
	int code = 1;

	if (argc == 2 && strcmp(argv[1], "--follow") == 0) {
		drain.follow = true;
	} else if (argc != 1 && (argc != 2 || strcmp(argv[1], "--once") != 0)) {
		fputs(usage, stderr);
		return 2;
	}
	/* Before a secret is read. */
	confine_begin();
	if (tool_worker_open(&drain.worker, "queue drain")) {
		/* When all is open; its line in the log is for debugging. */
		confine(
		    drain.worker.app.config, drain.worker.app.store, LOG_DEBUG);
		code = run(&drain);
	}
	tool_worker_close(&drain.worker);
	return code;
}

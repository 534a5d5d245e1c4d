/* tool_check.c: the configuration -> what is wrong with it, also live */
#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "clock.h"
#include "confine.h"
#include "log.h"

#define PROBLEMS_MAX 65536
#define LIVE_MAX_US  (30 * CLOCK_SECOND)

/* One look at the upstreams, with a database of its own for the token, so
 * that one is really fetched and nobody else's is touched. */
struct live {
	struct app app;
	const char *sku;
	struct loop_timer timer; /* ends a look that hangs */
	struct token_wait wait;
	struct inventory_question question;
	int64_t begun_us;
	bool failed;
};

/* A line for each thing looked at; problems, which are long, go to stderr. */
static void say(const char *verdict, const char *what, const char *detail)
{
	printf("%-4s  %-13s %s\n", verdict, what, detail);
}

static void print_problems(const struct text *problems)
{
	fputs(text_string(problems), stderr);
}

/* At the end of a change, the old one's time is over and none is new. */
static bool has_valid_secret(const struct config *config)
{
	int64_t now_us = clock_wall_us();
	size_t i;

	for (i = 0; i < config->webhook_secrets.count; i++) {
		const struct webhook_secret *secret =
		    &config->webhook_secrets.items[i];

		if (now_us >= secret->not_before_us &&
		    now_us < secret->not_after_us)
			return true;
	}
	return config->webhook_secret[0] != '\0';
}

static void warn_of_risks(const struct config *config)
{
	if (config->webhook_auth != WEBHOOK_AUTH_NONE &&
	    !has_valid_secret(config))
		say("warn", "WEBHOOK_SECRETS",
		    "none is within its time: every event is refused");
	if (config->webhook_auth == WEBHOOK_AUTH_NONE)
		say("warn", "WEBHOOK_AUTH",
		    "none: whoever reaches the webhook "
		    "can re-route interactions");
	if (config_is_in_the_clear(config->cxone_base_url))
		say("warn", "CXONE_BASE_URL",
		    "http: the client secret travels "
		    "in the clear; use https");
	if (config_is_in_the_clear(config->inventory_api_url))
		say("warn", "INVENTORY_API_URL", "http: use https");
}

static bool check_routing(const struct config *config)
{
	struct routing *routing = NULL;
	struct text problems;
	char line[128];
	enum status status;

	text_init(&problems, PROBLEMS_MAX);
	status =
	    routing_load(config->routing, config->file, &problems, &routing);
	if (status == STATUS_OK) {
		snprintf(line, sizeof line, "%s, SHA-256 %.16s...",
		    config->routing ? "from the file" : "built in",
		    routing_digest(routing));
		say("ok", "routing map", line);
	} else {
		print_problems(&problems);
		say("FAIL", "routing map", "see above");
	}
	routing_free(routing);
	text_done(&problems);
	return status == STATUS_OK;
}

/* The folder must let SQLite make its files beside the database. */
static bool check_folder(const char *path)
{
	char folder[CONFIG_TEXT_BYTES];
	char line[CONFIG_TEXT_BYTES + 64];
	char *slash;

	snprintf(folder, sizeof folder, "%s", path);
	/* There is one: config_load takes only paths that begin with it. */
	slash = strrchr(folder, '/');
	if (slash == folder)
		slash++;
	*slash = '\0';
	/* Also to search it: a file of it cannot be opened otherwise. */
	if (access(folder, W_OK | X_OK) == 0)
		return true;
	snprintf(line, sizeof line, "folder %s: %s", folder, strerror(errno));
	say("FAIL", "STOCKROUTE_DB", line);
	return false;
}

/* Read only: a check must leave no file that the server cannot write. */
static bool check_database(const struct config *config)
{
	char problem[DB_PROBLEM_BYTES];
	struct db *db = NULL;

	if (!check_folder(config->db))
		return false;
	if (access(config->db, F_OK) != 0) {
		say("ok", "STOCKROUTE_DB", "will be made at the first start");
		return true;
	}
	if (db_open(config->db, DB_READ, &db, problem) != STATUS_OK) {
		say("FAIL", "STOCKROUTE_DB", problem);
		return false;
	}
	db_close(db);
	say("ok", "STOCKROUTE_DB", config->db);
	return true;
}

/* It is not made here: the server's user must be its owner. */
static bool check_key(const struct config *config)
{
	char path[PATH_MAX];
	struct keyring *ring = NULL;
	struct text problems;
	bool good;

	keyring_find_file(config, path);
	if (config->key[0] == '\0' && access(path, F_OK) != 0) {
		say("ok", "key file", "will be made at the first start");
		return true;
	}
	text_init(&problems, PROBLEMS_MAX);
	good = keyring_open(config, false, &ring, &problems) == STATUS_OK;
	print_problems(&problems);
	/* That it is a key, config_load has seen to: only memory can fail. */
	if (config->key[0] != '\0')
		say("ok", "key", "STOCKROUTE_KEY");
	else
		say(good ? "ok" : "FAIL", "key file", path);
	keyring_free(ring);
	text_done(&problems);
	return good;
}

static void say_ms(const char *verdict, const char *what,
    const struct live *live, const char *detail)
{
	char line[CONFIG_TEXT_BYTES + 128];

	snprintf(line, sizeof line, "%s, %lld ms", detail,
	    (long long)((clock_mono_us() - live->begun_us) / CLOCK_MS));
	say(verdict, what, line);
}

static void got_stock(void *arg)
{
	struct live *live = arg;
	const struct inventory_stock *stock = &live->question.stock;
	char line[256];

	live->failed |= stock->result != STATUS_OK;
	snprintf(line, sizeof line, "%s is %s (%s, HTTP %d)", live->sku,
	    stock->word, status_name(stock->result), stock->http);
	say_ms(stock->result == STATUS_OK ? "ok" : "FAIL", "inventory", live,
	    line);
	loop_stop(live->app.loop);
}

/* After the token, one at a time: so each time is that of one call alone. */
static void ask_inventory(struct live *live)
{
	live->begun_us = clock_mono_us();
	live->question.sku = live->sku;
	live->question.deadline_us = live->begun_us + LIVE_MAX_US;
	live->question.done = got_stock;
	live->question.arg = live;
	text_init(&live->question.url, INVENTORY_URL_MAX);
	inventory_ask(live->app.inventory, &live->question);
}

/* The inventory is asked in any case: one look shall find all troubles. */
static void got_token(void *arg, enum status status)
{
	struct live *live = arg;

	live->failed |= status != STATUS_OK;
	if (status == STATUS_OK)
		say_ms("ok", "token", live, "fetched");
	else
		say_ms("FAIL", "token", live, status_name(status));
	ask_inventory(live);
}

/* Each call has its timeout; this is for those that do not keep it. */
static void took_too_long(void *arg)
{
	struct live *live = arg;

	live->failed = true;
	say("FAIL", "live", "the upstreams did not answer in 30 s");
	loop_stop(live->app.loop);
}

static void look(struct live *live)
{
	struct loop *loop = live->app.loop;

	loop_timer_init(&live->timer, took_too_long, live);
	live->begun_us = clock_mono_us();
	loop_timer_set(loop, &live->timer, live->begun_us + LIVE_MAX_US);
	live->wait.deadline_us = live->begun_us + LIVE_MAX_US;
	live->wait.done = got_token;
	live->wait.arg = live;
	token_get(live->app.token, &live->wait);
	loop_run(loop);
	loop_timer_stop(loop, &live->timer);
}

/* What SQLite and the write gate made; a folder with more in it stays. */
static void remove_database(const char *folder)
{
	static const char *const names[] = {
	    "db", "db-wal", "db-shm", "db-gate", "db.key"};
	char path[CONFIG_TEXT_BYTES];
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		/* Not each of them is there, and then nothing is to be done. */
		unlink(path);
	}
	rmdir(folder);
}

/* Takes config. */
static bool check_live(struct config *config, const char *sku)
{
	char folder[] = "/tmp/stockroute-check-XXXXXX";
	struct live live = {.app.config = config, .sku = sku};
	struct text problems;

	text_init(&problems, PROBLEMS_MAX);
	live.app.loop = loop_new();
	/* What is here is freed by hand: app_start takes config only below. */
	if (!live.app.loop || !mkdtemp(folder)) {
		config_free(config);
		loop_free(live.app.loop);
		say("FAIL", "live", "no folder for a passing database in /tmp");
		return false;
	}
	/* Not the real one: the token there is not ours to replace. */
	snprintf(config->db, sizeof config->db, "%s/db", folder);
	if (app_start(&live.app, &problems) == STATUS_OK) {
		/*
		 * What took too long may still be under way then. It is
		 * borrowed from live, which therefore outlives app_close.
		 */
		look(&live);
		app_close(&live.app);
	} else {
		print_problems(&problems);
		live.failed = true;
	}
	text_done(&live.question.url);
	text_done(&problems);
	loop_free(live.app.loop);
	remove_database(folder);
	return !live.failed;
}

static int usage(void)
{
	fprintf(stderr,
	    "usage: stockroute check [--live [--sku SKU]]\n"
	    "  --live      fetch a token and ask the inventory for a SKU\n"
	    "  --sku SKU   the SKU to ask for (default SKU-CHECK)\n");
	return 2;
}

static struct config *load(void)
{
	struct config *config = NULL;
	struct text problems;

	text_init(&problems, PROBLEMS_MAX);
	if (config_load(NULL, &config, &problems) == STATUS_OK) {
		say("ok", "configuration",
		    config->file[0] != '\0' ? config->file
					    : "from the environment");
	} else {
		print_problems(&problems);
		say("FAIL", "configuration", "see above");
	}
	text_done(&problems);
	return config;
}

int tool_check(int argc, char **argv)
{
	const char *sku = "SKU-CHECK";
	struct config *config;
	bool live = false;
	bool good;
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--live") == 0)
			live = true;
		else if (strcmp(argv[i], "--sku") == 0 && i + 1 < argc)
			sku = argv[++i];
		else
			return usage();
	}
	config = load();
	if (!config)
		return 1;
	warn_of_risks(config);
	confine_print(config, stdout);
	good = check_routing(config);
	good = check_database(config) && good;
	good = check_key(config) && good;
	/* With a wrong map or key file the program would not start either. */
	if (live && good)
		return check_live(config, sku) ? 0 : 1;
	config_free(config);
	return good ? 0 : 1;
}

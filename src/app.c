/* app.c: the configuration -> everything a flow stands on, and its end */
#include "app.h"

#include "flow.h"
#include "log.h"

/* Each flow has one request under way; the token module one more. */
static size_t requests_max(const struct config *config)
{
	return (size_t)config->inflight_max + QUEUE_IN_HAND_MAX + 1;
}

static enum status open_store(struct app *app, struct text *problems)
{
	char problem[DB_PROBLEM_BYTES];
	enum status status;

	status = store_open(app->loop, app->config->db, &app->store, problem);
	if (status != STATUS_OK)
		text_add_format(problems, "%s\n", problem);
	return status;
}

/* As soon as there is a store: all below count into it. */
static bool open_tally(struct app *app)
{
	app->tally = tally_new();
	if (!app->tally)
		return false;
	store_count_into(app->store, app->tally);
	app->tally_keeper =
	    tally_keeper_new(app->config, app->loop, app->store, app->tally);
	return app->tally_keeper;
}

static void count_all(struct app *app)
{
	auth_count_into(app->auth, app->tally);
	http_count_into(app->http, app->tally);
	breaker_count_into(app->breaker, app->tally);
	token_count_into(app->token, app->tally);
	if (app->admin)
		admin_count_into(app->admin, app->tally);
}

static void queue_is_done(void *arg)
{
	app_tell_idle(arg);
}

/*
 * In this order: each borrows those before it. None submits a job yet: who
 * counts or rides along has to be known to the store before its first.
 */
static bool open_network(struct app *app)
{
	const struct config *config = app->config;

	app->auth = auth_new(config);
	if (!app->auth)
		return false;
	app->http = http_new(
	    app->loop, (size_t)config->transfers_max, requests_max(config));
	if (!app->http)
		return false;
	http_set_way(app->http, &(struct http_way){
				    .ca_file = config->upstream_ca_file,
				    .client_cert = config->upstream_client_cert,
				    .client_key = config->upstream_client_key,
				    .proxy = config->upstream_proxy,
				});
	app->claims = claims_new(config, app->loop, app->store);
	if (!app->claims)
		return false;
	app->breaker = breaker_new(config, app->loop, app->store, app->http);
	if (!app->breaker)
		return false;
	app->token = token_new(
	    config, app->loop, app->store, app->breaker, app->keyring);
	if (!app->token)
		return false;
	app->throttle = throttle_new(app->loop, app->store,
	    config->cxone_base_url, config->retry_budget);
	if (!app->throttle)
		return false;
	app->inventory =
	    inventory_new(config, app->loop, app->breaker, app->routing);
	if (!app->inventory)
		return false;
	app->cxone = cxone_new(config, &(struct cxone_parts){
					   .loop = app->loop,
					   .breaker = app->breaker,
					   .token = app->token,
					   .throttle = app->throttle,
					   .tally = app->tally,
				       });
	if (!app->cxone)
		return false;
	app->queue =
	    queue_new(config, app->loop, app->store, flow_begin_queued, app);
	if (!app->queue)
		return false;
	queue_on_idle(app->queue, queue_is_done, app);
	app->keeper = keeper_new(config, app->loop, app->store);
	return app->keeper;
}

static bool open_health(struct app *app)
{
	app->pressure =
	    pressure_new(app->config, app->store, token_url(app->token));
	if (!app->pressure)
		return false;
	app->health = health_new(&(struct health_parts){
	    .config = app->config,
	    .loop = app->loop,
	    .store = app->store,
	    .pressure = app->pressure,
	    .token = app->token,
	    .flows = &app->flows,
	});
	return app->health;
}

/* A process without ADMIN_TOKEN has no pages, and nothing that makes them. */
static bool open_admin(struct app *app)
{
	if (app->config->admin_tokens.count == 0)
		return true;
	app->reader = reader_open(app->loop, app->config->db);
	if (!app->reader)
		return false;
	app->admin = admin_new(app->config, app->reader);
	return app->admin;
}

/* The map first: it may be wrong, and then no file is to be made. */
enum status app_start(struct app *app, struct text *problems)
{
	enum status status;

	log_set_level(app->config->log_level);
	log_open(app->config->log_to, app->config->log_format);
	status = routing_load(
	    app->config->routing, app->config->file, problems, &app->routing);
	if (status != STATUS_OK)
		goto out;
	status = open_store(app, problems);
	if (status != STATUS_OK)
		goto out;
	/* After the store: the key file is beside the database's true path. */
	status = keyring_open(app->config, true, &app->keyring, problems);
	if (status != STATUS_OK)
		goto out;
	if (open_tally(app) && open_network(app) && open_health(app) &&
	    open_admin(app))
		count_all(app);
	else
		status = STATUS_MEMORY;
out:
	if (status == STATUS_MEMORY)
		text_add(problems, "out of memory\n");
	if (status != STATUS_OK)
		app_close(app);
	return status;
}

enum status app_open(
    struct app *app, const char *file_param, struct text *problems)
{
	enum status status;

	status = config_load(file_param, &app->config, problems);
	if (status != STATUS_OK)
		return status;
	return app_start(app, problems);
}

void app_serve_queue(struct app *app)
{
	queue_start(app->queue);
	keeper_start(app->keeper);
}

void app_leave_queue(struct app *app)
{
	if (app->queue)
		queue_stop(app->queue);
}

bool app_is_idle(const struct app *app)
{
	return app->flows == 0 &&
	       (!app->queue || queue_is_empty_handed(app->queue));
}

void app_tell_idle(struct app *app)
{
	if (app_is_idle(app) && app->became_idle)
		app->became_idle(app->became_idle_arg);
}

/* In this order: what a stopped transfer or token wakes must find both
 * stopped, then what only waits for its time. */
void app_stop(struct app *app)
{
	if (!app->queue)
		return;
	queue_stop(app->queue);
	keeper_stop(app->keeper);
	http_stop(app->http);
	token_stop(app->token);
	throttle_stop(app->throttle);
	claims_stop(app->claims);
	reader_stop(app->reader);
	loop_hurry(app->loop);
}

/* A token request under way gives its lease back before all is freed, and
 * the store, whose jobs live in what is freed, has nothing left to do. */
void app_close(struct app *app)
{
	if (app->cxone) {
		http_stop(app->http);
		token_stop(app->token);
		throttle_stop(app->throttle);
		breaker_stop(app->breaker);
	}
	if (app->store)
		store_flush(app->store);
	/* When nothing counts any more. */
	if (app->tally_keeper) {
		tally_keeper_stop(app->tally_keeper);
		store_flush(app->store);
	}
	/* Against the order of opening. */
	flow_free_idle(app);
	reader_close(app->reader);
	admin_free(app->admin);
	keeper_free(app->keeper);
	queue_free(app->queue);
	health_free(app->health);
	pressure_free(app->pressure);
	cxone_free(app->cxone);
	inventory_free(app->inventory);
	throttle_free(app->throttle);
	token_free(app->token);
	claims_free(app->claims);
	breaker_free(app->breaker);
	http_free(app->http);
	tally_keeper_free(app->tally_keeper);
	store_close(app->store);
	tally_free(app->tally);
	keyring_free(app->keyring);
	auth_free(app->auth);
	routing_free(app->routing);
	config_free(app->config);
	/* The last: what goes on from here is told on stderr. */
	log_close();
	*app = (struct app){.loop = app->loop};
}

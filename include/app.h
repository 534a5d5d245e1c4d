#ifndef APP_H
#define APP_H

#include <stdbool.h>
#include <stddef.h>

#include "admin.h"
#include "auth.h"
#include "breaker.h"
#include "claim.h"
#include "config.h"
#include "cxone.h"
#include "health.h"
#include "http.h"
#include "inventory.h"
#include "keeper.h"
#include "keyring.h"
#include "loop.h"
#include "pressure.h"
#include "queue.h"
#include "reader.h"
#include "routing.h"
#include "status.h"
#include "store.h"
#include "tally_keeper.h"
#include "text.h"
#include "throttle.h"
#include "token.h"

struct settlement;

/* An event, or one attempt at a queued one, has been settled so. */
typedef void app_ended(
    void *arg, const struct settlement *settlement, enum status status);

/*
 * The running program: everything a flow stands on. Made once by main, or
 * by a test, and passed down. The modules are all there, but for reader and
 * admin, from app_start's success to app_close; before and after, all is NULL
 * but loop, and config while app_start is to be called.
 */
struct app {
	struct loop *loop; /* the caller's */
	struct config *config;
	struct routing *routing;
	struct auth *auth;
	struct store *store;
	struct tally *tally;
	struct tally_keeper *tally_keeper;
	struct keyring *keyring; /* the store's thread's */
	struct http *http;
	struct breaker *breaker;
	struct claims *claims;
	struct token *token;
	struct throttle *throttle; /* of CXone's updates */
	struct inventory *inventory;
	struct cxone *cxone;
	struct flow *idle_flows; /* kept for reuse, by flow.c */
	struct queue *queue;
	struct keeper *keeper;
	struct pressure *pressure;
	struct health *health;
	struct reader *reader; /* NULL, as admin: no ADMIN_TOKEN is set */
	struct admin *admin;
	size_t flows;          /* on their way */
	loop_due *became_idle; /* NULL: nobody asks when all is idle again */
	void *became_idle_arg;
	app_ended *ended; /* NULL: nobody asks */
	void *ended_arg;
};

/*
 * Loads the configuration, then does as app_start. app must be zeroed but
 * for loop. file_param: see config_load.
 */
enum status app_open(
    struct app *app, const char *file_param, struct text *problems);

/*
 * Opens the store and the network for app->config, which it takes. On
 * failure everything is closed again and problems says why, a line each.
 */
enum status app_start(struct app *app, struct text *problems);

/*
 * Begins to work on the queue. For processes that live on; the others only
 * put events there.
 */
void app_serve_queue(struct app *app);

/* Takes nothing more from the queue. */
void app_leave_queue(struct app *app);

/* True when no event is on its way, from the queue or not. */
bool app_is_idle(const struct app *app);

/* To be called by what may have been the last: tells became_idle if so. */
void app_tell_idle(struct app *app);

/*
 * From now on what waits for upstreams ends soon: transfers and waits are
 * cut, their flows are answered and recorded; pages are refused.
 */
void app_stop(struct app *app);

/* Closes everything app_open opened. Flows must have ended. */
void app_close(struct app *app);

#endif

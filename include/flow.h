#ifndef FLOW_H
#define FLOW_H

#include "app.h"
#include "gateway.h"
#include "outbox.h"

/*
 * The path of one event: the one place that knows the order of the steps.
 * flow_begin takes a request in hand, walks it through every step and
 * answers it, also when it fails. app is borrowed until then; app->flows
 * counts those on their way.
 */
void flow_begin(struct app *app, struct gateway_request *request);

/*
 * The same for an event from the queue, which has no request to answer. arg
 * is the struct app. Takes item.
 */
void flow_begin_queued(void *arg, struct outbox_item *item);

/* Frees the flows kept for reuse; none may be on its way. */
void flow_free_idle(struct app *app);

#endif

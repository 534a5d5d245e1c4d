#ifndef FLOW_H
#define FLOW_H

#include "app.h"
#include "gateway.h"

/*
 * The path of one event: the one place that knows the order of the steps.
 * flow_begin takes a request in hand, walks it through every step and
 * answers it, also when it fails. app is borrowed until then; app->flows
 * counts those on their way.
 */
void flow_begin(struct app *app, struct gateway_request *request);

/* Frees the flows kept for reuse; none may be on its way. */
void flow_free_idle(struct app *app);

#endif

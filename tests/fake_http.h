#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include <jansson.h>

#include "http.h"

/*
 * http.h without a network: requests to FAKE_HTTP_BASE are answered by a
 * fake_upstream over the loop's timers, all others cannot be connected.
 */
#define FAKE_HTTP_BASE "http://127.0.0.1:8"

/* The script to play from now on (an upstream.json, or NULL). */
void fake_http_script(struct http *http, const json_t *script);

/* Every request so far, oldest first, as in the simulator's journal. */
json_t *fake_http_journal(const struct http *http);

#endif

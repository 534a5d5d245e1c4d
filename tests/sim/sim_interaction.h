#ifndef SIM_INTERACTION_H
#define SIM_INTERACTION_H

#include <stdbool.h>

#include <jansson.h>

struct interactions;
struct request;

struct interactions *interactions_new(void);
void interactions_free(struct interactions *interactions);

/* Plays PATCH /api/v2/routing/interactions/{id}. */
void interaction_play(struct request *request);

/* Makes the ids of {"unknown":[id...]} unknown too, 10,000 at most in all.
 * False: the object is not of that shape, or has too many; nothing changed. */
bool interactions_forget(struct interactions *interactions, json_t *object);

/* Makes all of them known again. */
void interactions_reset(struct interactions *interactions);

#endif

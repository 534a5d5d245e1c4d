/* cases_memory.c: a case -> the real flow, between two fakes */
#include "cases.h"

#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "clock.h"
#include "fake_gateway.h"
#include "fake_http.h"
#include "flow.h"
#include "loop.h"

/* One program in this process: as long as its case. */
struct memory {
	struct loop *loop;
	struct app app;
	struct loop_timer patience;
	struct reply *reply; /* of the event on its way; http 0: none yet */
};

/* The loop would wait for ever for an answer that was lost. */
static void lose_patience(void *arg)
{
	struct memory *memory = arg;

	loop_stop(memory->loop);
}

bool memory_begin(struct play *play, struct text *why)
{
	struct memory *memory = calloc(1, sizeof *memory);

	if (memory == NULL)
		abort();
	play->memory = memory;
	/* The program's own way in: config.c is played too. */
	setenv("STOCKROUTE_CONFIG", play->config, 1);
	memory->loop = loop_new();
	memory->app.loop = memory->loop;
	loop_timer_init(&memory->patience, lose_patience, memory);
	/* A configuration that is refused is the case's failure, in words. */
	if (app_open(&memory->app, NULL, why) != STATUS_OK) {
		loop_free(memory->loop);
		free(memory);
		play->memory = NULL;
		return false;
	}
	fake_http_script(memory->app.http, play->scenario->upstream);
	return true;
}

static void got_answer(void *arg, const struct gateway_answer *answer)
{
	struct memory *memory = arg;
	struct text lines;

	text_init(&lines, 65536);
	text_add_format(&lines, "Content-Type: %s\r\n", answer->type);
	if (answer->headers != NULL)
		text_add(&lines, answer->headers);
	memory->reply->http = answer->http;
	memory->reply->headers = wire_headers(text_string(&lines));
	memory->reply->body = strndup(answer->body, answer->body_bytes);
	text_done(&lines);
	loop_stop(memory->loop);
}

bool memory_post(struct play *play, const struct case_event *event,
    struct reply *reply, struct text *why)
{
	struct memory *memory = play->memory;
	char **params = wire_params(play->request, event->body_bytes);
	struct fake_call call = {
	    .params = params,
	    .body = event->body,
	    .body_bytes = event->body_bytes,
	    .body_max = (size_t)memory->app.config->body_max_bytes,
	    .answered = got_answer,
	    .arg = memory,
	};

	memory->reply = reply;
	loop_timer_set(memory->loop, &memory->patience,
	    clock_mono_us() + CASE_WAIT_MS * CLOCK_MS);
	flow_begin(&memory->app, fake_gateway_request(&call));
	/* An answer given at once has stopped it before it ran: it takes note
	 * of that and returns. */
	loop_run(memory->loop);
	loop_timer_stop(memory->loop, &memory->patience);
	wire_params_free(params);
	if (reply->http == 0)
		text_add(why, "    no answer came\n");
	return reply->http != 0;
}

json_t *memory_journal(struct play *play)
{
	return json_incref(fake_http_journal(play->memory->app.http));
}

void memory_end(struct play *play)
{
	if (play->memory == NULL)
		return;
	app_close(&play->memory->app);
	loop_free(play->memory->loop);
	free(play->memory);
	play->memory = NULL;
}

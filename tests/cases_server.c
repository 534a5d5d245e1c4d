/* cases_server.c: a case -> the program behind a real web server */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs server.sh with an action and its words; what it prints is in url. */
static int run_script(struct play *play, const char *action, const char *mode,
    char *url, size_t url_bytes)
{
	char output[CASE_PATH_BYTES + 32];
	char errors[CASE_PATH_BYTES + 32];
	char *argv[] = {"/bin/bash", (char *)play->run->server_script,
	    (char *)action, (char *)(mode != NULL ? mode : play->dir),
	    mode != NULL ? play->dir : NULL, NULL};
	struct command command = {
	    .argv = argv, .output = output, .errors = errors};
	char *bytes;
	size_t length;
	int code;

	snprintf(output, sizeof output, "%s/%s.out", play->dir, action);
	snprintf(errors, sizeof errors, "%s/%s.err", play->dir, action);
	/* Into files, not pipes: the servers it leaves running would hold a
	 * pipe open. */
	code = process_wait(command_start(&command));
	bytes = wire_read_file(output, &length);
	if (bytes != NULL)
		snprintf(
		    url, url_bytes, "%.*s", (int)strcspn(bytes, "\r\n"), bytes);
	free(bytes);
	return code;
}

bool server_begin(struct play *play, struct text *why)
{
	int code = run_script(play, "start", play->run->mode->name,
	    play->server_url, sizeof play->server_url);

	if (code == 0)
		return true;
	text_add_format(why, "    server.sh start: exit code %d, see %s\n",
	    code, play->dir);
	/* Nothing runs that would have to be stopped. */
	play->server_url[0] = '\0';
	return false;
}

bool server_post(struct play *play, const struct case_event *event,
    struct reply *reply, struct text *why)
{
	const json_t *request = play->request;
	struct exchange exchange = {
	    .method = json_string_value(json_object_get(request, "method")),
	    .headers = json_object_get(request, "headers"),
	    .body = event->body,
	    .body_bytes = event->body_bytes,
	};

	snprintf(exchange.url, sizeof exchange.url, "%s%s", play->server_url,
	    json_string_value(json_object_get(request, "path")));
	return curl_exchange(&exchange, reply, why);
}

void server_end(struct play *play)
{
	char nothing[256];

	/* A stop that fails says so in the directory; the case has its
	 * result. */
	if (play->server_url[0] != '\0')
		run_script(play, "stop", NULL, nothing, sizeof nothing);
}

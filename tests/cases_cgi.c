/* cases_cgi.c: a case -> the program run as plain CGI, without a server */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nothing runs between requests, so there is nothing to begin or end. */
bool cgi_begin(struct play *play, struct text *why)
{
	(void)play;
	(void)why;
	return true;
}

void cgi_end(struct play *play)
{
	(void)play;
}

/* RFC 3875 6: header lines, an empty line, the body. */
static bool read_answer(char *bytes, struct reply *reply, struct text *why)
{
	char *end = strstr(bytes, "\r\n\r\n");
	const char *status;

	if (end == NULL) {
		text_add_format(why, "    no CGI answer: \"%.200s\"\n", bytes);
		return false;
	}
	*end = '\0';
	reply->headers = wire_headers(bytes);
	reply->body = strdup(end + 4);
	status = json_string_value(json_object_get(reply->headers, "status"));
	reply->http = status != NULL ? (int)strtol(status, NULL, 10) : 200;
	return true;
}

/* The environment of mod_cgi: the request's variables and a SetEnv. */
static void add_server_environment(char **params, const char *config)
{
	size_t i = 0;

	while (params[i] != NULL)
		i++;
	if (asprintf(&params[i], "STOCKROUTE_CONFIG=%s", config) < 0 ||
	    asprintf(&params[i + 1], "PATH=/usr/bin:/bin") < 0)
		abort();
}

bool cgi_post(struct play *play, const struct case_event *event,
    struct reply *reply, struct text *why)
{
	char files[3][CASE_PATH_BYTES + 16];
	char *argv[] = {(char *)play->run->fcgi, NULL};
	char **params = wire_params(play->request, event->body_bytes);
	struct command command = {.argv = argv,
	    .envp = params,
	    .input = files[0],
	    .output = files[1],
	    .errors = files[2]};
	char *bytes = NULL;
	size_t length;
	int code;
	bool good;

	add_server_environment(params, play->config);
	snprintf(files[0], sizeof files[0], "%s/stdin", play->dir);
	snprintf(files[1], sizeof files[1], "%s/stdout", play->dir);
	snprintf(files[2], sizeof files[2], "%s/error.log", play->dir);
	wire_write_file(files[0], event->body, event->body_bytes);
	/* The body comes from a file, which ends after its last byte, as
	 * a web server's pipe does. */
	code = process_wait(command_start(&command));
	bytes = wire_read_file(files[1], &length);
	good = bytes != NULL && read_answer(bytes, reply, why);
	if (code != 0)
		text_add_format(
		    why, "    the program's exit code is %d\n", code);
	free(bytes);
	wire_params_free(params);
	/* A server logs a failed CGI even when an answer came. */
	return good && code == 0;
}

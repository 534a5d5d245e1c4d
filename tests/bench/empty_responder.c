/* empty_responder.c: a FastCGI request -> the same answer, nothing done */
#include <fcgiapp.h>
#include <stdlib.h>

/*
 * What libfcgi itself costs, for the benchmark to hold beside the program:
 * read a request to its end, answer, next. It listens as the program does,
 * on STOCKROUTE_SOCKET or on descriptor 0.
 */
#define BACKLOG 1024

static const char answer[] = "Content-Type: application/json\r\n"
			     "\r\n"
			     "{\"status\":\"processed\"}\n";

/* Detached only after the body's end was read: then closing is not reset. */
static void serve(FCGX_Request *request)
{
	char body[4096];
	int count;

	do {
		count = FCGX_GetStr(body, sizeof body, request->in);
	} while (count == sizeof body);
	FCGX_PutStr(answer, sizeof answer - 1, request->out);
	FCGX_Detach(request);
	FCGX_Finish_r(request);
}

int main(void)
{
	const char *path = getenv("STOCKROUTE_SOCKET");
	FCGX_Request request;
	int listener = 0;

	if (FCGX_Init() != 0)
		return 1;
	if (path)
		listener = FCGX_OpenSocket(path, BACKLOG);
	if (listener < 0 || FCGX_InitRequest(&request, listener, 0) != 0)
		return 1;
	while (FCGX_Accept_r(&request) == 0)
		serve(&request);
	return 0;
}

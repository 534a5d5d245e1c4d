/* sim_answer.c: request and its fault -> what goes out on the wire */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "sim.h"
#include "sim_answer.h"
#include "sim_journal.h"

enum { DRIP_MS = 100, MISSING_BYTES = 100, HUGE_BYTES = 1 << 20 };

static void make_reply(struct request *request);
static enum MHD_Result send_reply(struct request *request);

static int socket_of(const struct request *request)
{
	return MHD_get_connection_info(
	    request->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
	    ->connect_fd;
}

/* The close that follows sends RST instead of FIN. */
static enum MHD_Result reset_connection(const struct request *request)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	setsockopt(socket_of(request), SOL_SOCKET, SO_LINGER, &at_once,
	    sizeof at_once);
	return MHD_NO;
}

static enum MHD_Result hang(struct request *request)
{
	request->phase = PHASE_HUNG;
	return park_suspend(request->sim->park, &request->parked,
		   request->connection, PARK_FOREVER)
		   ? MHD_YES
		   : MHD_NO;
}

enum MHD_Result answer_request(struct request *request)
{
	switch (request->fault ? request->fault->kind : FAULT_NONE) {
	case FAULT_HANG:
		return hang(request);
	case FAULT_RESET:
		return reset_connection(request);
	case FAULT_CLOSE: /* all was read, so that close() sends FIN */
		return MHD_NO;
	default:
		make_reply(request);
		return send_reply(request);
	}
}

static void reply_bytes(struct reply *reply, const char *bytes, size_t length)
{
	reply->body = malloc(length);
	if (reply->body)
		memcpy(reply->body, bytes, length);
	reply->body_bytes = reply->body ? length : 0;
}

static void reply_garbage(struct reply *reply)
{
	static const char bytes[] = "\xff\xfe{\"sku\":\0<html>]]\x80";

	reply_bytes(reply, bytes, sizeof bytes - 1);
}

/* {"filler":"xxx..."}, to the byte as long as announced. */
static void reply_huge(struct reply *reply)
{
	static const char start[] = "{\"filler\":\"";

	reply->body = malloc(HUGE_BYTES);
	if (!reply->body)
		return;
	memset(reply->body, 'x', HUGE_BYTES);
	memcpy(reply->body, start, sizeof start - 1);
	memcpy(reply->body + HUGE_BYTES - 2, "\"}", 2);
	reply->body_bytes = HUGE_BYTES;
}

static void reply_written(struct reply *reply, json_t *body)
{
	if (json_is_string(body))
		reply_bytes(
		    reply, json_string_value(body), json_string_length(body));
	else
		reply_json(reply, reply->status, json_incref(body));
}

static void make_reply(struct request *request)
{
	const struct fault *fault = request->fault;
	struct reply *reply = &request->reply;

	reply->status = fault && fault->status ? fault->status : 200;
	if (fault && fault->body)
		reply_written(reply, fault->body);
	else if (fault && fault->kind == FAULT_GARBAGE)
		reply_garbage(reply);
	else if (fault && fault->kind == FAULT_HUGE)
		reply_huge(reply);
	else if (fault && fault->status)
		reply_error(reply, fault->status, "fault");
	else
		route_play(request);
	/* These two never have a body, RFC 9110 15.3.5 and 15.4.5. */
	if (reply->status == 204 || reply->status == 304)
		reply->body_bytes = 0;
}

/* One byte, then 100 ms aside, then the next. */
static ssize_t drip_byte(void *cls, uint64_t position, char *room, size_t max)
{
	struct request *request = cls;

	if (request->parked.left || max == 0 ||
	    position >= request->reply.body_bytes)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (request->byte_due) {
		request->byte_due = false;
		*room = request->reply.body[position];
		return 1;
	}
	request->byte_due = true;
	if (!park_suspend(request->sim->park, &request->parked,
		request->connection, DRIP_MS))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	return 0;
}

/* Ends early: more was promised than there is. */
static ssize_t cut_short(void *cls, uint64_t position, char *room, size_t max)
{
	const struct reply *reply = &((struct request *)cls)->reply;
	size_t rest;

	if (position >= reply->body_bytes)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	rest = reply->body_bytes - (size_t)position;
	if (rest > max)
		rest = max;
	memcpy(room, reply->body + position, rest);
	return (ssize_t)rest;
}

/* A dripping or cut body stays with the request; any other goes along. */
static struct MHD_Response *new_response(struct request *request)
{
	struct reply *reply = &request->reply;
	enum fault_kind kind =
	    request->fault ? request->fault->kind : FAULT_NONE;
	struct MHD_Response *response;

	if (kind == FAULT_TRUNCATE)
		return MHD_create_response_from_callback(
		    reply->body_bytes + MISSING_BYTES, HUGE_BYTES / 64,
		    cut_short, request, NULL);
	if (kind == FAULT_DRIP) {
		request->phase = PHASE_DRIP;
		request->byte_due = true;
		return MHD_create_response_from_callback(
		    reply->body_bytes, 64, drip_byte, request, NULL);
	}
	response = MHD_create_response_from_buffer(
	    reply->body_bytes, reply->body, MHD_RESPMEM_MUST_FREE);
	if (response)
		reply->body = NULL;
	return response;
}

/* RFC 9110 5.6.7: IMF-fixdate. */
static void add_date(struct MHD_Response *response, int ahead_s)
{
	time_t at = time(NULL) + ahead_s;
	struct tm parts;
	char text[64];

	gmtime_r(&at, &parts);
	strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
	MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, text);
}

static void add_fault_headers(
    struct MHD_Response *response, const struct fault *fault)
{
	const char *name;
	json_t *value;

	json_object_foreach (fault->headers, name, value)
		MHD_add_response_header(
		    response, name, json_string_value(value));
	if (fault->date_s != FAULT_NO_DATE)
		add_date(response, fault->date_s);
}

static enum MHD_Result send_reply(struct request *request)
{
	const struct reply *reply = &request->reply;
	struct MHD_Response *response = new_response(request);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	if (request->fault)
		add_fault_headers(response, request->fault);
	/* The fault's headers come first, and its type takes precedence. */
	if (!MHD_get_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE))
		MHD_add_response_header(
		    response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
	if (reply->extra_name)
		MHD_add_response_header(
		    response, reply->extra_name, reply->extra_value);
	if (request->sim->journal)
		journal_answered(request->sim->journal, request, reply->status);
	result = MHD_queue_response(
	    request->connection, (unsigned)reply->status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result answer_plain(struct request *request)
{
	route_play(request);
	return send_reply(request);
}

void answer_sent(struct request *request)
{
	if (request->fault && request->fault->kind == FAULT_CLOSE_AFTER)
		/* The server finds the end of input and closes. */
		shutdown(socket_of(request), SHUT_RDWR);
}

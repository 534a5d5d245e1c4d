#ifndef SIM_ANSWER_H
#define SIM_ANSWER_H

#include <microhttpd.h>

struct request;

/* Plays a complete request, its delay over: the route's part or what its
 * fault says. Returns what the access handler is to return; MHD_NO closes the
 * connection. */
enum MHD_Result answer_request(struct request *request);

/* Sends request->reply as it is. */
enum MHD_Result answer_plain(struct request *request);

/* Does what a fault leaves for after the last byte. */
void answer_sent(struct request *request);

#endif

#ifndef GATE_H
#define GATE_H

#include <stddef.h>

/*
 * Looks at the bytes that have arrived on a FastCGI connection and says
 * whether a whole request is there, so that libfcgi, which cannot wait for
 * more without blocking, is given it only then. Pure: no I/O, no state.
 *
 * Accepted is what web servers send (FastCGI 1.0 sections 3.3 and 5): one
 * BEGIN_REQUEST for a responder, PARAMS to the empty record, which hold whole
 * name-value pairs (section 3.4), STDIN to the empty record, all of one
 * non-zero request id and version 1, and nothing after. BEGIN_REQUEST and the
 * empty PARAMS come without padding. Every other stream is no request that
 * libfcgi could answer, or one that the server has already given up
 * (ABORT_REQUEST).
 */
enum gate {
	GATE_PART,      /* more must arrive; PARAMS are not whole */
	GATE_PART_BODY, /* more must arrive; PARAMS are: it can be answered */
	GATE_WHOLE,
	GATE_TOO_LARGE, /* PARAMS are whole, STDIN is over body_max */
	GATE_BAD        /* not a request; nothing can be answered */
};

#define GATE_PARAMS_MAX 32768 /* bytes of PARAMS in all, else BAD */

/*
 * bytes: all that came on the connection, from its first byte.
 * body_max: the longest STDIN content that is let in.
 */
enum gate gate_look(const unsigned char *bytes, size_t length, size_t body_max);

#endif

#ifndef AUTH_VERDICT_H
#define AUTH_VERDICT_H

#include <stddef.h>

/*
 * Why a request was not let in, AUTH_OK when it was. The words of
 * auth_reason_name are logged and counted; the sender is told none.
 */
enum auth_reason {
	AUTH_OK,
	AUTH_HEADER_MISSING,
	AUTH_SCHEME_WRONG,      /* Authorization, but not of our kind */
	AUTH_SECRET_WRONG,      /* shown, but none of ours */
	AUTH_ID_INVALID,        /* no id that could have been signed */
	AUTH_TIMESTAMP_INVALID, /* no whole number of seconds */
	AUTH_TIMESTAMP_OLD,
	AUTH_TIMESTAMP_FUTURE,
	AUTH_SIGNATURE_INVALID, /* none of our form, or too many */
	AUTH_SIGNATURE_WRONG,   /* none is of our keys over these bytes */
	AUTH_KEY_NOT_VALID,     /* right, but before or after its key's time */
	AUTH_REASON_COUNT
};

#define AUTH_NO_KEY ((size_t)-1)

/* What came of looking at one request. */
struct auth_verdict {
	enum auth_reason reason;
	const char *header;    /* the CGI variable it is about, or NULL */
	size_t key;            /* the number of the key that matched */
	const char *signed_id; /* the event's id, when it was signed: borrowed
		from the request; else NULL */
};

#endif

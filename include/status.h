#ifndef STATUS_H
#define STATUS_H

/*
 * One result type for the whole program. status_name() gives the one word
 * that is logged, stored in the database, answered as "code" and reported.
 */
enum status {
	STATUS_OK,
	STATUS_PENDING, /* begun; a callback will tell the result */

	/* What the sender of an event did wrong. */
	STATUS_PATH_UNKNOWN,
	STATUS_METHOD_NOT_ALLOWED,
	STATUS_TOO_LARGE,
	STATUS_UNAUTHENTICATED,
	STATUS_MALFORMED,     /* not acceptable JSON */
	STATUS_FIELD_INVALID, /* a field is missing or not as expected */
	STATUS_DUPLICATE,     /* answered before */
	STATUS_QUEUED,        /* accepted for later */
	STATUS_SUPERSEDED,    /* a newer event of the interaction came */
	STATUS_EXPIRED,       /* waited longer than EVENT_MAX_AGE_S */
	STATUS_DROPPED,       /* taken out of the queue by an operator */
	STATUS_IN_FLIGHT,     /* a duplicate; the first is not yet done */

	/* What an upstream did. */
	STATUS_UNREACHABLE, /* no connection: DNS, connect or TLS */
	STATUS_TIMEOUT,
	STATUS_TRANSPORT, /* the connection broke before a whole answer */
	STATUS_ANSWER_TOO_LARGE,
	STATUS_ANSWER_INVALID,   /* not JSON, or not with the field needed */
	STATUS_UPSTREAM_REFUSED, /* an answer 3xx or 4xx without a name */
	STATUS_UPSTREAM_FAILED,  /* an answer 5xx */
	STATUS_BREAKER_OPEN,     /* not asked: it kept failing */
	STATUS_RATE_LIMITED,     /* 429 outlasted the retries or the deadline */
	STATUS_BUDGET_EXHAUSTED, /* what failed was not repeated: all
		processes' retries have used up their budget */
	STATUS_INTERACTION_NOT_FOUND,
	STATUS_SCOPE_MISSING,     /* 403: routing:interaction:write */
	STATUS_TOKEN_REJECTED,    /* CXone refused a token just issued */
	STATUS_TOKEN_REFUSED,     /* the token endpoint refused our client */
	STATUS_TOKEN_UNAVAILABLE, /* the token endpoint gave none in time */
	STATUS_DEADLINE,          /* the event's own deadline came first */

	/* What the store did. */
	STATUS_STORE_BUSY, /* the write gate or the file stayed locked */
	STATUS_STORE_FULL,
	STATUS_STORE_UNAVAILABLE, /* cannot be opened, read or written */
	STATUS_STORE_CORRUPT,
	STATUS_STORE_NEWER,      /* made by a newer program */
	STATUS_STORE_NETWORK_FS, /* on a file system WAL cannot use */
	STATUS_STALE,            /* our lease ran out; another has the work */

	/* What happened to ourselves. */
	STATUS_CONFIG_INVALID,
	STATUS_MEMORY,
	STATUS_IO,
	STATUS_KEY_UNKNOWN, /* sealed with a key that is not ours */
	STATUS_SEAL_BROKEN, /* sealed bytes were changed, or moved */
	STATUS_OVERLOADED,  /* a cap on queue or disk is reached */
	STATUS_STOPPING,    /* the process is ending */

	STATUS_COUNT
};

/* The word for a status, in lower case with underscores; never NULL. */
const char *status_name(enum status status);

/* The status with this word; STATUS_COUNT: there is none. */
enum status status_named(const char *word);

#endif

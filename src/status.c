/* status.c: status -> its word */
#include "status.h"

#include <string.h>

/*
 * Words are kept in databases and known to who evaluates answers and logs:
 * they may be added to, never changed.
 */
static const char *const names[STATUS_COUNT] = {
    [STATUS_OK] = "ok",
    [STATUS_PENDING] = "pending",
    [STATUS_PATH_UNKNOWN] = "path_unknown",
    [STATUS_METHOD_NOT_ALLOWED] = "method_not_allowed",
    [STATUS_TOO_LARGE] = "too_large",
    [STATUS_UNAUTHENTICATED] = "unauthenticated",
    [STATUS_MALFORMED] = "malformed",
    [STATUS_FIELD_INVALID] = "field_invalid",
    [STATUS_DUPLICATE] = "duplicate",
    [STATUS_QUEUED] = "queued",
    [STATUS_SUPERSEDED] = "superseded",
    [STATUS_EXPIRED] = "expired",
    [STATUS_DROPPED] = "dropped",
    [STATUS_IN_FLIGHT] = "in_flight",
    [STATUS_UNREACHABLE] = "unreachable",
    [STATUS_TIMEOUT] = "timeout",
    [STATUS_TRANSPORT] = "transport",
    [STATUS_ANSWER_TOO_LARGE] = "answer_too_large",
    [STATUS_ANSWER_INVALID] = "answer_invalid",
    [STATUS_UPSTREAM_REFUSED] = "upstream_refused",
    [STATUS_UPSTREAM_FAILED] = "upstream_failed",
    [STATUS_BREAKER_OPEN] = "breaker_open",
    [STATUS_RATE_LIMITED] = "rate_limited",
    [STATUS_BUDGET_EXHAUSTED] = "budget_exhausted",
    [STATUS_INTERACTION_NOT_FOUND] = "interaction_not_found",
    [STATUS_SCOPE_MISSING] = "scope_missing",
    [STATUS_TOKEN_REJECTED] = "token_rejected",
    [STATUS_TOKEN_REFUSED] = "token_refused",
    [STATUS_TOKEN_UNAVAILABLE] = "token_unavailable",
    [STATUS_DEADLINE] = "deadline",
    [STATUS_STORE_BUSY] = "store_busy",
    [STATUS_STORE_FULL] = "store_full",
    [STATUS_STORE_UNAVAILABLE] = "store_unavailable",
    [STATUS_STORE_CORRUPT] = "store_corrupt",
    [STATUS_STORE_NEWER] = "store_newer",
    [STATUS_STORE_NETWORK_FS] = "store_network_fs",
    [STATUS_STALE] = "stale",
    [STATUS_CONFIG_INVALID] = "config_invalid",
    [STATUS_MEMORY] = "memory",
    [STATUS_IO] = "io",
    [STATUS_KEY_UNKNOWN] = "key_unknown",
    [STATUS_SEAL_BROKEN] = "seal_broken",
    [STATUS_OVERLOADED] = "overloaded",
    [STATUS_STOPPING] = "stopping",
};

const char *status_name(enum status status)
{
	return names[status];
}

enum status status_named(const char *word)
{
	enum status status = 0;

	while (status < STATUS_COUNT && strcmp(word, names[status]) != 0)
		status++;
	return status;
}

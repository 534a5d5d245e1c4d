/* tool_queue_room.c: what is to come into the queue -> is there room for it */
#include <inttypes.h>
#include <stdio.h>

#include "health_row.h"
#include "tool_queue.h"

static bool has_rows(const struct config *config, int64_t rows)
{
	if (rows <= config->queue_max_rows)
		return true;
	fprintf(stderr,
	    "stockroute queue: QUEUE_MAX_ROWS is %" PRId64 ", and %" PRId64
	    " events would wait: have some worked off (stockroute queue "
	    "drain), or raise QUEUE_MAX_ROWS\n",
	    config->queue_max_rows, rows);
	return false;
}

static bool has_bytes(const struct config *config, int64_t bytes)
{
	if (bytes <= config->queue_max_bytes)
		return true;
	fprintf(stderr,
	    "stockroute queue: QUEUE_MAX_BYTES is %" PRId64
	    ", and the events would take %" PRId64
	    " bytes, with those that are parked: drop some (stockroute queue "
	    "drop), or raise QUEUE_MAX_BYTES\n",
	    config->queue_max_bytes, bytes);
	return false;
}

/* What comes goes through the log of changes before it is in the file. */
static bool has_disk(const struct config *config, int64_t more)
{
	/*
	 * INT64_MAX, which is room enough, when nothing is known of the disk.
	 */
	int64_t bytes = health_disk_free(config->db) - 2 * more;

	if (bytes >= config->disk_min_bytes)
		return true;
	fprintf(stderr,
	    "stockroute queue: DISK_MIN_BYTES is %" PRId64
	    ", and the disk of %s would have %" PRId64
	    " bytes free: make room there, or lower DISK_MIN_BYTES\n",
	    config->disk_min_bytes, config->db, bytes);
	return false;
}

enum status queue_room(
    struct db *db, const struct config *config, const struct outbox_size *more)
{
	struct outbox_size have;
	enum status status = outbox_size(db, &have);

	if (status != STATUS_OK)
		return status;
	/* One cap is told at a time: the first that does not hold. */
	if (!has_rows(config, have.rows + more->rows) ||
	    !has_bytes(config, have.bytes + more->bytes) ||
	    !has_disk(config, more->bytes))
		return STATUS_OVERLOADED;
	return STATUS_OK;
}

/* health_row.c: the shared file -> how the house stands */
#include "health_row.h"

#include <string.h>
#include <sys/statvfs.h>

#include "breaker.h"
#include "clock.h"
#include "token_row.h"

int64_t health_disk_free(const char *file)
{
	struct statvfs disk;

	if (statvfs(file, &disk) != 0)
		return INT64_MAX;
	return (int64_t)(disk.f_bavail * disk.f_frsize);
}

static enum status read_queue(
    struct db *db, struct health_queue *queue, int64_t now_us)
{
	struct db_row *use = db_use(db, SQL_health_queue);

	db_bind_int(use, ":now_us", now_us);
	memset(queue, 0, sizeof *queue);
	if (db_next(use)) {
		queue->waiting = db_int(use, 0);
		queue->running = db_int(use, 1);
		queue->parked = db_int(use, 2);
		queue->bytes = db_int(use, 3);
		/* Later than now: from before a clock was put back. */
		if (!db_is_null(use, 4) && db_int(use, 4) < now_us)
			queue->age_us = now_us - db_int(use, 4);
	}
	return db_done(use);
}

/* A word of a newer program says no more than that there is none. */
static enum status read_failure(const char *word)
{
	enum status failure = status_named(word);

	return failure < STATUS_COUNT ? failure : STATUS_TOKEN_UNAVAILABLE;
}

static enum status read_token(
    struct db *db, struct health_row *row, int64_t now_us)
{
	struct db_row *use = db_use(db, SQL_health_token);

	row->token = (struct health_token){.failure = STATUS_OK};
	db_bind_int(use, ":now_us", now_us);
	db_bind_int(use, ":pause_max_us", TOKEN_PAUSE_MAX_US);
	db_bind_text(use, ":token_url", row->token_url);
	db_bind_text(use, ":client_id", row->client_id);
	if (db_next(use)) {
		row->token.left_us = db_int(use, 0);
		if (!db_is_null(use, 1))
			row->token.failure = read_failure(db_text(use, 1));
	}
	return db_done(use);
}

/* No row: nothing has failed yet, and all zero is an automatic, closed one. */
static enum status read_breaker(struct db *db, const char *upstream,
    struct health_breaker *breaker, int64_t now_us)
{
	struct db_row *use = db_use(db, SQL_health_breaker);
	struct circuit circuit = {0};

	memset(breaker, 0, sizeof *breaker);
	db_bind_text(use, ":upstream", upstream);
	if (db_next(use)) {
		breaker->mode = circuit_mode_named(db_text(use, 0));
		breaker->state = circuit_state_named(db_text(use, 1));
		circuit.open_us = db_int(use, 2);
		circuit.open_until_us = db_int(use, 3);
		breaker->rest_us = circuit_open_left_us(&circuit, now_us);
	}
	return db_done(use);
}

static enum status read_pause(
    struct db *db, struct health_row *row, int64_t now_us)
{
	struct db_row *use = db_use(db, SQL_health_pause);

	row->pause_us = 0;
	db_bind_int(use, ":now_us", now_us);
	db_bind_text(use, ":upstream", row->pause_of);
	if (db_next(use))
		row->pause_us = db_int(use, 0);
	return db_done(use);
}

enum status health_row_look(struct db *db, struct health_row *row)
{
	int64_t now_us = clock_wall_us();
	enum status status;
	int i;

	row->begun_us = clock_mono_us();
	row->disk_free_bytes = health_disk_free(row->file);
	status = read_queue(db, &row->queue, now_us);
	if (status == STATUS_OK)
		status = read_token(db, row, now_us);
	for (i = 0; status == STATUS_OK && i < HTTP_UPSTREAM_COUNT; i++)
		status = read_breaker(
		    db, breaker_upstreams[i], &row->breakers[i], now_us);
	if (status == STATUS_OK)
		status = read_pause(db, row, now_us);
	return status;
}

/* metrics.c: the shared file -> what a monitoring system wants to know */
#include "metrics.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "breaker.h"
#include "circuit.h"
#include "health_row.h"
#include "metrics_tally.h"
#include "metrics_times.h"
#include "token_request.h"
#include "version.h"

/*
 * Moments are told, not ages: who scrapes computes the age of the moment he
 * looks at, and a scrape that fails does not make things look younger.
 */
#define GAUGE(word, of, text)                                                  \
	{                                                                      \
		.name = (word), .kind = METRICS_GAUGE, .unit = (of),           \
		.help = (text)                                                 \
	}

static const struct metrics_family build = {
    .name = "build",
    .kind = METRICS_INFO,
    .help = "The version that runs, and its SQLite.",
};
static const struct metrics_family queue_depth =
    GAUGE("queue_depth", NULL, "Events in the queue.");
static const struct metrics_family queue_bytes =
    GAUGE("queue_bytes", "bytes", "Bodies of all events in the queue.");
static const struct metrics_family queue_oldest =
    GAUGE("queue_oldest_timestamp_seconds", "seconds",
	"When the oldest event that waits or runs was accepted; 0: none does.");
static const struct metrics_family breaker_state =
    GAUGE("breaker_state", NULL, "1 for the state that the circuit is in.");
static const struct metrics_family breaker_until =
    GAUGE("breaker_open_until_timestamp_seconds", "seconds",
	"Until when an open circuit lets nothing through; 0: it is not open.");
static const struct metrics_family token_expiry =
    GAUGE("token_expiry_timestamp_seconds", "seconds",
	"When the access token runs out; 0: there is none.");
static const struct metrics_family not_before =
    GAUGE("not_before_timestamp_seconds", "seconds",
	"Until when an upstream wants no requests; 0: it never said so.");
static const struct metrics_family budget = GAUGE(
    "retry_budget_tokens", NULL, "What all processes may spend on retries.");
static const struct metrics_family budget_size = GAUGE(
    "retry_budget_max_tokens", NULL, "A full retry budget, RETRY_BUDGET.");
static const struct metrics_family database_bytes =
    GAUGE("database_bytes", "bytes", "The database's file.");
static const struct metrics_family wal_bytes =
    GAUGE("wal_bytes", "bytes", "The database's WAL file.");
static const struct metrics_family disk_free =
    GAUGE("disk_free_bytes", "bytes", "What may still be written to its disk.");

static void write_int(
    struct metrics_out *out, const struct metrics_family *family, int64_t value)
{
	metrics_begin(out, family);
	metrics_open(out, "");
	metrics_int(out, value);
}

/* --- each part --- */

/* A value of 1 to join others by. */
static void write_build(struct metrics_out *out)
{
	metrics_begin(out, &build);
	metrics_open(out, "");
	metrics_label(out, "version", STOCKROUTE_VERSION);
	metrics_label(out, "sqlite", db_sqlite_version());
	metrics_int(out, 1);
}

static void write_depth(
    struct metrics_out *out, const char *state, int64_t events)
{
	metrics_open(out, "");
	metrics_label(out, "state", state);
	metrics_int(out, events);
}

/* Table outbox_size counts, so that a long queue costs no more. */
static enum status write_queue(struct db *db, struct metrics_out *out)
{
	struct db_row *row = db_use(db, SQL_metrics_queue);

	if (db_next(row)) {
		metrics_begin(out, &queue_depth);
		write_depth(out, "waiting", db_int(row, 0));
		write_depth(out, "running", db_int(row, 1));
		write_depth(out, "parked", db_int(row, 2));
		write_int(out, &queue_bytes, db_int(row, 3));
		metrics_begin(out, &queue_oldest);
		metrics_open(out, "");
		metrics_seconds(out, db_int(row, 4));
	}
	return db_done(row);
}

/* The words of its mode where an operator has forced it. */
static const char *const states[] = {
    "closed", "open", "half_open", "forced_open", "forced_closed", "off"};

static void write_state(
    struct metrics_out *out, const char *upstream, const char *is)
{
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		metrics_open(out, "");
		metrics_label(out, "upstream", upstream);
		metrics_label(out, "state", states[i]);
		metrics_int(out, strcmp(states[i], is) == 0);
	}
}

/* As the row has it: without calls nobody writes that a rest is over. */
struct circuit_seen {
	const char *state;
	int64_t open_until_us;
};

static enum status read_breaker(struct db *db, const struct config *config,
    const char *upstream, struct circuit_seen *seen)
{
	struct db_row *row = db_use(db, SQL_metrics_breaker);
	/* With BREAKER off nobody looks at the row, whatever it says from
	 * before. A word of a newer program counts as closed, or auto. */
	bool on = config->breaker == CONFIG_ON;

	*seen = (struct circuit_seen){.state = on ? "closed" : "off"};
	db_bind_text(row, ":upstream", upstream);
	if (db_next(row) && on) {
		enum circuit_mode mode = circuit_mode_named(db_text(row, 0));
		enum circuit_state state = circuit_state_named(db_text(row, 1));

		seen->state = mode == CIRCUIT_AUTO ? circuit_state_name(state)
						   : circuit_mode_name(mode);
		if (mode == CIRCUIT_AUTO && state == CIRCUIT_OPEN)
			seen->open_until_us = db_int(row, 2);
	}
	return db_done(row);
}

/* All are read before anything is written: families do not mix. */
static enum status write_breakers(
    struct db *db, const struct config *config, struct metrics_out *out)
{
	struct circuit_seen seen[HTTP_UPSTREAM_COUNT];
	enum status status = STATUS_OK;
	int i;

	for (i = 0; status == STATUS_OK && i < HTTP_UPSTREAM_COUNT; i++)
		status =
		    read_breaker(db, config, breaker_upstreams[i], &seen[i]);
	if (status != STATUS_OK)
		return status;
	metrics_begin(out, &breaker_state);
	for (i = 0; i < HTTP_UPSTREAM_COUNT; i++)
		write_state(out, breaker_upstreams[i], seen[i].state);
	metrics_begin(out, &breaker_until);
	for (i = 0; i < HTTP_UPSTREAM_COUNT; i++) {
		metrics_open(out, "");
		metrics_label(out, "upstream", breaker_upstreams[i]);
		metrics_seconds(out, seen[i].open_until_us);
	}
	return STATUS_OK;
}

/* Its row begins with the first token that anybody wants. */
static enum status read_token(struct db *db, const struct config *config,
    int64_t *expires_us, int64_t *not_before_us)
{
	struct db_row *row = db_use(db, SQL_metrics_token);
	char url[TOKEN_URL_BYTES];

	token_request_url(config, url);
	*expires_us = 0;
	*not_before_us = 0;
	/* The key of the row: another site's token in the same file is none of
	 * ours. */
	db_bind_text(row, ":token_url", url);
	db_bind_text(row, ":client_id", config->cxone_client_id);
	if (db_next(row)) {
		*expires_us = db_int(row, 0);
		*not_before_us = db_int(row, 1);
	}
	return db_done(row);
}

/* Its row begins with the first pause or retry. */
static enum status read_throttle(struct db *db, const struct config *config,
    int64_t *not_before_us, int64_t *tokens)
{
	struct db_row *row = db_use(db, SQL_metrics_throttle);

	*not_before_us = 0;
	*tokens = config->retry_budget;
	/* Pauses and the budget are those of this site alone. */
	db_bind_text(row, ":upstream", config->cxone_base_url);
	if (db_next(row)) {
		*not_before_us = db_int(row, 0);
		*tokens = db_int(row, 1);
	}
	return db_done(row);
}

static void write_not_before(
    struct metrics_out *out, const char *upstream, int64_t us)
{
	metrics_open(out, "");
	metrics_label(out, "upstream", upstream);
	metrics_seconds(out, us);
}

/* The token endpoint is CXone's as well, but keeps a pause of its own. */
static enum status write_patience(
    struct db *db, const struct config *config, struct metrics_out *out)
{
	int64_t expires_us;
	int64_t token_us;
	int64_t update_us;
	int64_t tokens;
	enum status status = read_token(db, config, &expires_us, &token_us);

	if (status == STATUS_OK)
		status = read_throttle(db, config, &update_us, &tokens);
	if (status != STATUS_OK)
		return status;
	metrics_begin(out, &token_expiry);
	metrics_open(out, "");
	metrics_seconds(out, expires_us);
	metrics_begin(out, &not_before);
	write_not_before(out, "cxone", update_us);
	write_not_before(out, "token", token_us);
	write_int(out, &budget, tokens);
	write_int(out, &budget_size, config->retry_budget);
	return STATUS_OK;
}

/* 0 when it is not there, as a WAL that nobody has written to. */
static int64_t file_bytes(const char *path, const char *suffix)
{
	char name[CONFIG_TEXT_BYTES + 8];
	struct stat about;

	snprintf(name, sizeof name, "%s%s", path, suffix);
	return stat(name, &about) == 0 ? (int64_t)about.st_size : 0;
}

static void write_files(const struct config *config, struct metrics_out *out)
{
	write_int(out, &database_bytes, file_bytes(config->db, ""));
	write_int(out, &wal_bytes, file_bytes(config->db, "-wal"));
	/* INT64_MAX, so that no alarm rings, when the system does not tell. */
	write_int(out, &disk_free, health_disk_free(config->db));
}

enum status metrics_write(struct db *db, const struct config *config,
    enum metrics_format format, struct text *text)
{
	struct metrics_out out = {.text = text, .format = format};
	enum status status;

	write_build(&out);
	status = metrics_write_times(db, &out);
	if (status == STATUS_OK)
		status = metrics_write_tally(db, config, &out);
	if (status == STATUS_OK)
		status = write_queue(db, &out);
	if (status == STATUS_OK)
		status = write_breakers(db, config, &out);
	if (status == STATUS_OK)
		status = write_patience(db, config, &out);
	if (status != STATUS_OK)
		return status;
	/* Outside of the transaction's view, and without a way to fail. */
	write_files(config, &out);
	metrics_end(&out);
	return text_failed(text) ? STATUS_MEMORY : STATUS_OK;
}

enum status metrics_page(
    struct db *db, const struct page_ask *ask, struct page *page)
{
	enum metrics_format format = metrics_choose(ask->accept);

	page->type = metrics_type(format);
	return metrics_write(db, ask->config, format, &page->text);
}

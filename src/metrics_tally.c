/* metrics_tally.c: table tally -> the counters of all processes */
#include "metrics_tally.h"

#include <assert.h>
#include <string.h>

#include "tally.h"
#include "tally_words.h"

/* Of one name: all that are known, and many keys that came and went. */
#define ROWS_MAX 128
static_assert(TALLY_WHO_MAX * TALLY_WHAT_MAX <= ROWS_MAX, "known ones fit");

/* A count's words and the names of their labels stay as they are: who
 * changes one breaks the panels and alerts of others. */
struct counter {
	struct metrics_family family;
	enum tally_name name;
	const char *who; /* the names of the labels; NULL: there is none */
	const char *what;
};

#define COUNTER(word, text)                                                    \
	{                                                                      \
		.name = (word), .kind = METRICS_COUNTER, .help = (text)        \
	}

static const struct counter counters[] = {
    {COUNTER("webhook_requests", "Answers to the webhook's senders."),
	TALLY_WEBHOOK, NULL, "code"},
    {COUNTER("auth_failures",
	 "Requests not let in, to the webhook or the admin's pages."),
	TALLY_REFUSED, "door", "reason"},
    {COUNTER("auth_key_requests",
	 "Requests let in by each key, or kept out as it was not its time."),
	TALLY_KEYS, "result", "key"},
    {COUNTER("requests_shed", "Requests answered 503."), TALLY_SHED, NULL,
	"reason"},
    {COUNTER("duplicates", "Events that had come before."), TALLY_DUPLICATES,
	NULL, "first"},
    {COUNTER("upstream_requests",
	 "Requests sent, by status class or how they failed."),
	TALLY_UPSTREAM, "upstream", "code_class"},
    {COUNTER("retries", "Requests that were repeated."), TALLY_RETRIES,
	"upstream", "reason"},
    {COUNTER("token_refresh", "Access tokens asked for."), TALLY_TOKEN, NULL,
	"result"},
    {COUNTER("breaker_transitions", "Changes of a circuit to that state."),
	TALLY_BREAKER, "upstream", "state"},
    {COUNTER("checkpoint", "Checkpoints of the database's WAL."),
	TALLY_CHECKPOINTS, NULL, "result"},
};

struct seconds {
	struct metrics_family family;
	enum tally_name count;
	enum tally_name sum_us;
};

static const struct seconds summaries[] = {
    {{.name = "store_commit_seconds",
	 .kind = METRICS_SUMMARY,
	 .unit = "seconds",
	 .help = "Time that commits took."},
	TALLY_COMMITS, TALLY_COMMIT_US},
    {{.name = "store_gate_wait_seconds",
	 .kind = METRICS_SUMMARY,
	 .unit = "seconds",
	 .help = "Time that writers waited for each other."},
	TALLY_GATE_WAITS, TALLY_GATE_WAIT_US},
};

struct row {
	char label[TALLY_LABEL_BYTES];
	int64_t value;
};

/* The counts of one name: first those that this configuration knows, 0 when
 * they were never counted, then what else the table has, in its order. Those
 * beyond ROWS_MAX are left out. */
struct rows {
	struct row rows[ROWS_MAX];
	int count;
};

enum status metrics_tally_each(
    struct db *db, const char *name, metrics_tally_got *got, void *arg)
{
	struct db_row *row = db_use(db, SQL_metrics_tally);

	db_bind_text(row, ":name", name);
	while (db_next(row))
		got(arg, db_text(row, 0), db_int(row, 1));
	return db_done(row);
}

/* A label that is too long is none that we wrote. */
static void got_row(void *arg, const char *label, int64_t value)
{
	struct rows *rows = arg;
	int i = 0;

	while (i < rows->count && strcmp(rows->rows[i].label, label) != 0)
		i++;
	if (i == ROWS_MAX || strlen(label) >= sizeof rows->rows[i].label)
		return;
	if (i == rows->count) {
		strcpy(rows->rows[i].label, label);
		rows->count++;
	}
	rows->rows[i].value = value;
}

/* The known ones come first, so that a table full of keys that are no longer
 * configured leaves out none of these. */
static enum status read_rows(struct db *db, const struct config *config,
    enum tally_name name, struct rows *rows)
{
	*rows = (struct rows){0};
	/* Of all numbers there could be tally_label knows which are counts. */
	for (int who = 0; who < TALLY_WHO_MAX; who++)
		for (int what = 0; what < TALLY_WHAT_MAX; what++)
			if (tally_label(config, name, who, what,
				rows->rows[rows->count].label))
				rows->count++;
	return metrics_tally_each(db, tally_word(name), got_row, rows);
}

/* The label is "WHO WHAT", or one word. The first blank parts them: no word of
 * who has one (tally_words.c). */
static void write_count(struct metrics_out *out, const struct counter *counter,
    const char *label, int64_t value)
{
	const char *blank = strchr(label, ' ');
	char who[TALLY_LABEL_BYTES] = "";

	metrics_open(out, "");
	if (counter->who && blank) {
		memcpy(who, label, (size_t)(blank - label));
		metrics_label(out, counter->who, who);
		label = blank + 1;
	}
	metrics_label(out, counter->what, label);
	metrics_int(out, value);
}

static enum status write_counter(struct db *db, const struct config *config,
    const struct counter *counter, struct metrics_out *out)
{
	struct rows rows;
	enum status status = read_rows(db, config, counter->name, &rows);

	if (status != STATUS_OK)
		return status;
	metrics_begin(out, &counter->family);
	for (int i = 0; i < rows.count; i++)
		write_count(
		    out, counter, rows.rows[i].label, rows.rows[i].value);
	return STATUS_OK;
}

/* Without quantiles, which cannot be added over processes. Either count has
 * one row, the known one, whose label is "". */
static enum status write_summary(struct db *db, const struct config *config,
    const struct seconds *summary, struct metrics_out *out)
{
	struct rows counts;
	struct rows sums;
	enum status status = read_rows(db, config, summary->count, &counts);

	if (status == STATUS_OK)
		status = read_rows(db, config, summary->sum_us, &sums);
	if (status != STATUS_OK)
		return status;
	metrics_begin(out, &summary->family);
	metrics_open(out, "_count");
	metrics_int(out, counts.rows[0].value);
	metrics_open(out, "_sum");
	metrics_seconds(out, sums.rows[0].value);
	return STATUS_OK;
}

enum status metrics_write_tally(
    struct db *db, const struct config *config, struct metrics_out *out)
{
	const size_t count = sizeof counters / sizeof *counters;
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; status == STATUS_OK && i < count; i++)
		status = write_counter(db, config, &counters[i], out);
	for (i = 0;
	     status == STATUS_OK && i < sizeof summaries / sizeof *summaries;
	     i++)
		status = write_summary(db, config, &summaries[i], out);
	return status;
}

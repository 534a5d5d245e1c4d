/* decisions.c: FILE COUNT DAYS [AHEAD] -> so many decisions in it, folded */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "db.h"
#include "log.h"
#include "record.h"
#include "rollup_fold.h"
#include "../../src/tool_progress.h"
#include "trace.h"

/*
 * A shop's calls and chats: few at night, most at eleven and at four, of
 * three media, one in ten out of stock, one in fifty without an answer of
 * the inventory. Always the same for the same words, but for the time. The
 * days end now, or so many days AHEAD.
 */
#define SEED       20261122
#define BATCH_ROWS 5000

#define DAY_MINUTES 1440

struct made {
	struct db *db;
	int64_t count;
	int64_t days;
	int64_t now_us;
	struct tool_progress progress;
	double upto[DAY_MINUTES];
	double day; /* and minute, of the last event */
	int minute;
};

static const char *const medias[] = {"voice", "chat", "email"};

static double uniform(void)
{
	return drand48();
}

/* Its median and its spread: most times of a network look so. */
static int64_t log_normal_us(double median_us, double spread)
{
	double normal =
	    sqrt(-2 * log(1 - uniform())) * cos(2 * M_PI * uniform());

	return (int64_t)(median_us * exp(normal * spread));
}

/* How busy a shop is at a time of the day, 0 to 1. */
static double share(double at)
{
	return 0.05 + exp(-pow((at - 0.46) / 0.08, 2)) +
	       exp(-pow((at - 0.67) / 0.08, 2));
}

/* Which part of a day's events has come by the end of each minute. */
static void fill_day(struct made *made)
{
	double sum = 0;

	for (int i = 0; i < DAY_MINUTES; i++) {
		sum += share((double)i / DAY_MINUTES);
		made->upto[i] = sum;
	}
	for (int i = 0; i < DAY_MINUTES; i++)
		made->upto[i] /= sum;
}

/* Events come in the order of their times, as they would. */
static int64_t time_of(struct made *made, int64_t number)
{
	double day = (double)number * (double)made->days / (double)made->count;
	double part = day - floor(day);

	if (floor(day) > made->day)
		made->minute = 0;
	made->day = floor(day);
	while (
	    made->minute < DAY_MINUTES - 1 && made->upto[made->minute] < part)
		made->minute++;
	return made->now_us -
	       ((int64_t)((double)made->days - made->day) * DAY_MINUTES -
		   made->minute) *
		   60 * CLOCK_SECOND +
	       (int64_t)(uniform() * 60e6);
}

static void choose_stock(struct record *record)
{
	double dice = uniform();

	record->queues = "[]";
	record->skills = "[]";
	if (dice < 0.80) {
		record->inventory_status = "in_stock";
		record->skills = "[\"skill-premium-support-id\"]";
	} else if (dice < 0.88) {
		record->inventory_status = "low_stock";
		record->skills = "[\"skill-expedited-support-id\"]";
	} else {
		record->inventory_status =
		    dice < 0.98 ? "out_of_stock" : "timeout";
		record->queues = "[\"queue-general-support-id\"]";
	}
	snprintf(record->inventory_word, sizeof record->inventory_word, "%s",
	    record->inventory_status);
	record->outcome = dice < 0.98 ? OUTCOME_ROUTED : OUTCOME_FALLBACK;
	if (dice >= 0.98)
		record->inventory_result = STATUS_TIMEOUT;
}

static void choose_times(struct record *record)
{
	record->step_us[STEP_GATEWAY] = log_normal_us(60, 0.5);
	record->step_us[STEP_WEBHOOK] = log_normal_us(8, 0.3);
	record->step_us[STEP_EVENT] = log_normal_us(12, 0.3);
	record->step_us[STEP_CLAIM] = log_normal_us(250, 0.6);
	record->step_us[STEP_SKU] = log_normal_us(2, 0.2);
	record->step_us[STEP_INVENTORY] = log_normal_us(45000, 0.7);
	if (record->outcome == OUTCOME_FALLBACK)
		record->step_us[STEP_INVENTORY] = 2000000;
	record->step_us[STEP_ROUTING] = log_normal_us(3, 0.2);
	record->step_us[STEP_CXONE] = log_normal_us(120000, 0.5);
	for (int i = 0; i < STEP_RECORD; i++)
		if (record->step_us[i] > 0)
			record->total_us += record->step_us[i];
}

/* One in a hundred is told that its interaction is gone. */
static void choose_end(struct record *record)
{
	record->http = 200;
	record->inventory_http = 200;
	record->inventory_attempts = 1;
	record->cxone_attempts = 1;
	record->cxone_http = 200;
	if (uniform() >= 0.01)
		return;
	record->outcome = OUTCOME_SKIPPED;
	record->status = STATUS_INTERACTION_NOT_FOUND;
	record->cxone_http = 404;
}

static void choose(struct record *record, struct made *made, int64_t number)
{
	record_init(record);
	record->received_us = time_of(made, number);
	record->map_digest = "5f1d7a84db00d2fce00b31a7fc73224f"
			     "5f1d7a84db00d2fce00b31a7fc73224f";
	snprintf(record->interaction_id, sizeof record->interaction_id,
	    "%08lx-%04lx-4%03lx-a%03lx-%012" PRIx64, lrand48(), lrand48() >> 15,
	    lrand48() >> 19, lrand48() >> 19, number);
	snprintf(record->event_type, sizeof record->event_type, "%s",
	    "routing.interaction.created");
	clock_stamp(record->received_us, record->event_timestamp);
	snprintf(record->media_type, sizeof record->media_type, "%s",
	    medias[lrand48() % 3]);
	snprintf(
	    record->sku, sizeof record->sku, "SKU-%06ld", lrand48() % 40000);
	choose_stock(record);
	choose_times(record);
	choose_end(record);
	record->write_from_us = clock_mono_us() - log_normal_us(150, 0.5);
}

static enum status add_batch(struct made *made, int64_t first, int64_t end)
{
	struct record record;
	enum status status = STATUS_OK;

	for (int64_t i = first; i < end && status == STATUS_OK; i++) {
		choose(&record, made, i);
		status = record_insert(made->db, &record);
	}
	return status;
}

static enum status fold_all(struct made *made)
{
	int64_t folded = ROLLUP_FOLD_ROWS;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && folded == ROLLUP_FOLD_ROWS)
		status = rollup_fold(made->db, ROLLUP_FOLD_ROWS, &folded);
	return status;
}

static enum status make_batch(struct made *made, int64_t first, int64_t end)
{
	enum status status = db_begin(made->db, false);

	if (status != STATUS_OK)
		return status;
	status = add_batch(made, first, end);
	if (status == STATUS_OK)
		status = fold_all(made);
	if (status == STATUS_OK)
		return db_commit(made->db);
	db_rollback(made->db);
	return status;
}

static enum status make_all(struct made *made)
{
	enum status status = STATUS_OK;

	srand48(SEED);
	fill_day(made);
	tool_progress_begin(&made->progress, "decisions", made->count);
	for (int64_t i = 0; i < made->count && status == STATUS_OK;
	     i += BATCH_ROWS) {
		int64_t end = i + BATCH_ROWS;

		if (end > made->count)
			end = made->count;
		status = make_batch(made, i, end);
		tool_progress_add(&made->progress, end - i);
	}
	tool_progress_end(&made->progress);
	return status;
}

int main(int argc, char **argv)
{
	char problem[DB_PROBLEM_BYTES] = "";
	struct made made = {.now_us = clock_wall_us()};
	enum status status;

	if (argc == 5)
		made.now_us +=
		    strtoll(argv[4], NULL, 10) * 86400 * CLOCK_SECOND;
	if (argc == 4 || argc == 5) {
		made.count = strtoll(argv[2], NULL, 10);
		made.days = strtoll(argv[3], NULL, 10);
	}
	if (made.count < 1 || made.days < 1) {
		fprintf(stderr, "usage: decisions FILE COUNT DAYS [AHEAD]\n");
		return 2;
	}
	log_set_level(LOG_WARN);
	db_begin_process();
	status = db_open(argv[1], DB_SERVE, &made.db, problem);
	if (status == STATUS_OK)
		status = make_all(&made);
	db_close(made.db);
	if (status != STATUS_OK)
		fprintf(stderr, "%s %s\n", status_name(status), problem);
	return status == STATUS_OK ? 0 : 1;
}

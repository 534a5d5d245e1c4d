/* figures_exact.c: each decision of a period -> counts, exact percentiles */
#include "figures_rows.h"

#include "clock.h"

/* The columns of reports_exact.sql: outcomes stand in the order of enum
 * outcome, percentiles in that of figures_percents. */
enum column {
	COLUMN_NAME,
	COLUMN_COUNT,
	COLUMN_OUTCOMES,
	COLUMN_PERCENTILES = COLUMN_OUTCOMES + OUTCOME_COUNT,
	COLUMN_MAX = COLUMN_PERCENTILES + FIGURES_PERCENTILES,
	COLUMN_WITHIN
};

/* SQL gives milliseconds, for who runs the file in the shell. */
static void take_row(struct db_row *from, struct figures_row *row)
{
	row->count = db_int(from, COLUMN_COUNT);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		row->outcomes[i] = db_int(from, COLUMN_OUTCOMES + i);
	for (int i = 0; i < FIGURES_PERCENTILES; i++)
		row->us[i] = db_real(from, COLUMN_PERCENTILES + i) * 1e3;
	row->max_us = db_real(from, COLUMN_MAX) * 1e3;
	row->within = (double)db_int(from, COLUMN_WITHIN);
}

static enum status read_period(struct db *db, const struct figures_ask *ask,
    const struct period *period, const char *by, struct figures_rows *rows)
{
	struct db_row *from = db_use(db, SQL_reports_exact);
	enum status status = STATUS_OK;
	enum status done;

	db_bind_text(from, ":by", by);
	db_bind_int(from, ":from_us", period->from_us);
	db_bind_int(from, ":to_us", period->to_us);
	db_bind_int(from, ":slo_us", ask->slo_us);
	while (status == STATUS_OK && db_next(from)) {
		struct figures_row *row =
		    figures_add(rows, db_text(from, COLUMN_NAME));

		if (row == NULL)
			status = STATUS_TOO_LARGE;
		else
			take_row(from, row);
	}
	done = db_done(from);
	return done == STATUS_OK ? status : done;
}

enum status figures_exact(struct db *db, const struct figures_ask *ask,
    enum figures_by by, struct figures_rows *rows)
{
	bool in_all = by == FIGURES_HOUR || by == FIGURES_DAY;

	return read_period(db, ask, &ask->period,
	    in_all ? "total" : figures_by_name(by), rows);
}

/* A slot without decisions gives no row. */
static enum status read_slot(struct db *db, const struct figures_ask *ask,
    const int64_t *bounds, struct figures_rows *rows)
{
	struct period slot = {
	    bounds[0] * CLOCK_SECOND, bounds[1] * CLOCK_SECOND};
	size_t before = rows->count;
	enum status status;

	if (slot.from_us < ask->period.from_us)
		slot.from_us = ask->period.from_us;
	if (slot.to_us > ask->period.to_us)
		slot.to_us = ask->period.to_us;
	/* The index on received_us finds the slot: all slots together read
	 * each decision once. */
	status = read_period(db, ask, &slot, "total", rows);
	if (status != STATUS_OK)
		return status;
	if (rows->count == before && figures_add(rows, "total") == NULL)
		return STATUS_TOO_LARGE;
	rows->rows[before].start_s = bounds[0];
	return STATUS_OK;
}

enum status figures_exact_course(struct db *db, const struct figures_ask *ask,
    const struct figures_slots *slots, struct figures_rows *rows)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < slots->count && status == STATUS_OK; i++)
		status = read_slot(db, ask, &slots->bounds[i], rows);
	return status;
}

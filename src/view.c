/* view.c: a period, and one to compare with -> their figures, side by side */
#include "view.h"

#include "clock.h"

#define HOUR_S 3600
#define DAY_S  86400

/* A period that was widened still begins where the one before it ends. */
static struct period other_period(const struct view *view)
{
	struct period other = view->versus;

	if (other.to_us == view->ask.period.from_us)
		other.to_us = view->now.period.from_us;
	return other;
}

/* Both periods see the same decisions. */
enum status view_read(struct db *db, int64_t now_us, struct view *view)
{
	struct figures_ask ask = view->ask;
	enum status status = db_begin_read(db);

	if (status != STATUS_OK)
		return status;
	status = figures_read(db, &ask, now_us, &view->now);
	ask.period = other_period(view);
	/* Only the course of now is shown. */
	ask.slots_max = 0;
	if (status == STATUS_OK && view->compares)
		status = figures_read(db, &ask, now_us, &view->was);
	db_end_read(db);
	return status;
}

void view_done(struct view *view)
{
	figures_done(&view->now);
	figures_done(&view->was);
}

/*
 * How much later this period begins than the other, as was asked for: of the
 * two the older one alone may have been widened, by up to a day, and then what
 * is counted begins in another hour. "All" begins where it was found to.
 */
static int64_t shift_s(const struct view *view)
{
	int64_t now_us = view->ask.period.from_us;
	int64_t was_us = view->versus.from_us;

	if (now_us == 0)
		now_us = view->now.period.from_us;
	if (was_us == 0)
		was_us = view->was.period.from_us;
	return (now_us - was_us) / CLOCK_SECOND;
}

/* A day may be an hour longer in one period than in the other. */
static const struct figures_row *at_same_time(
    const struct view *view, int64_t start_s)
{
	int64_t wanted_s = start_s - shift_s(view);
	int64_t half_s = view->ask.by == FIGURES_DAY ? DAY_S / 2 : HOUR_S / 2;

	for (size_t i = 0; i < view->was.groups.count; i++) {
		const struct figures_row *row = &view->was.groups.rows[i];

		if (row->start_s > wanted_s - half_s &&
		    row->start_s <= wanted_s + half_s)
			return row;
	}
	return NULL;
}

const struct figures_row *view_was(const struct view *view, size_t i)
{
	const struct figures_row *row = &view->now.groups.rows[i];

	if (view->ask.by == FIGURES_HOUR || view->ask.by == FIGURES_DAY)
		return at_same_time(view, row->start_s);
	return figures_find(&view->was.groups, row->name);
}

double view_share(const struct figures *figures, const char *outcome)
{
	const struct figures_row *row =
	    figures_find(&figures->outcomes, outcome);

	if (row == NULL || figures->total.count == 0)
		return 0;
	return 100 * (double)row->count / (double)figures->total.count;
}

double view_most_p95(const struct figures_rows *rows)
{
	double most = 0;

	for (size_t i = 0; i < rows->count; i++)
		if (rows->rows[i].us[FIGURES_P95] > most)
			most = rows->rows[i].us[FIGURES_P95];
	return most;
}

int view_verdict(const struct figures_row *now, const struct figures_row *was)
{
	double now_us = now->us[FIGURES_P95];
	double was_us;

	if (was == NULL || now->count < VIEW_JUDGED_MIN ||
	    was->count < VIEW_JUDGED_MIN)
		return 0;
	/* A tenth is more than a bucket is wide, 9.05 % (histogram.h): times
	 * that are nearly equal and fall into neighbours are not told apart.
	 */
	was_us = was->us[FIGURES_P95];
	if (now_us > was_us * 1.1)
		return 1;
	return now_us < was_us / 1.1 ? -1 : 0;
}

const char *view_verdict_name(int verdict)
{
	if (verdict == 0)
		return "";
	return verdict > 0 ? "worse" : "better";
}

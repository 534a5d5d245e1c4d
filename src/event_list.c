/* event_list.c: what decisions have in common -> those that have it */
#include "event_list.h"

#include <string.h>

/* By its name, since SQLite tells a type by values only, and NULL has none. All
 * columns of view report_decision that hold numbers end like this. */
bool event_list_is_number(const char *column)
{
	static const char *const endings[] = {
	    "_ms", "_us", "_attempts", "_refreshes", "http"};
	size_t length = strlen(column);

	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t bytes = strlen(endings[i]);

		if (length >= bytes &&
		    strcmp(column + length - bytes, endings[i]) == 0)
			return true;
	}
	return strcmp(column, "id") == 0;
}

void event_list_begin(
    struct event_list *list, const struct event_filter *filter)
{
	/* No decision has the number 0: what was received at the period's end
	 * itself is out. */
	*list = (struct event_list){
	    .filter = filter,
	    .before_us = filter->period.to_us,
	};
}

/* The same names in all three questions. NULL binds NULL: any will do. */
static void bind_filter(struct db_row *row, const struct event_filter *filter)
{
	db_bind_text(row, ":outcome", filter->outcome);
	db_bind_text(row, ":status", filter->status);
	db_bind_text(row, ":media", filter->media);
	db_bind_text(row, ":sku", filter->sku);
	db_bind_int(row, ":slower_us", filter->slower_us);
	db_bind_text(row, ":route", filter->route);
	/* As many as the page has: -1 is no limit to SQLite. Left unbound it
	 * would be the 20 of who runs the file in the shell. */
	db_bind_int(row, ":limit", -1);
}

/* True when take wanted all rows. */
static bool hand_over(struct db_row *row, event_list_take *take, void *arg)
{
	while (db_next(row))
		if (!take(arg, row))
			return false;
	return true;
}

/* Where the next page begins: after so many decisions, or the period's
 * beginning, which is the last page. */
struct page {
	int64_t from_us;
	int64_t from_id;
	bool last;
};

static enum status find_page(
    struct db *db, const struct event_list *list, struct page *page)
{
	struct db_row *row = db_use(db, SQL_reports_events_page);

	*page = (struct page){
	    .from_us = list->filter->period.from_us,
	    .last = true,
	};
	db_bind_int(row, ":from_us", page->from_us);
	db_bind_int(row, ":before_us", list->before_us);
	db_bind_int(row, ":before_id", list->before_id);
	db_bind_int(row, ":rows", EVENT_LIST_PAGE);
	if (db_next(row)) {
		page->from_us = db_int(row, 0);
		page->from_id = db_int(row, 1);
		page->last = false;
	}
	return db_done(row);
}

/*
 * Moves on also when the page had none that fits: it was looked at. No
 * transaction holds the two statements together: the page is set by values,
 * so what comes or is pruned in between moves no other page.
 */
static enum status give_page(
    struct db *db, struct event_list *list, event_list_take *take, void *arg)
{
	struct db_row *row;
	struct page page;
	enum status status = find_page(db, list, &page);

	if (status != STATUS_OK)
		return status;
	row = db_use(db, SQL_reports_events);
	db_bind_int(row, ":from_us", page.from_us);
	db_bind_int(row, ":from_id", page.from_id);
	db_bind_int(row, ":before_us", list->before_us);
	db_bind_int(row, ":before_id", list->before_id);
	bind_filter(row, list->filter);
	list->ended = !hand_over(row, take, arg) || page.last;
	list->before_us = page.from_us;
	list->before_id = page.from_id;
	return db_done(row);
}

/* All at once: an interaction has few. */
static enum status give_interaction(
    struct db *db, struct event_list *list, event_list_take *take, void *arg)
{
	const struct event_filter *filter = list->filter;
	struct db_row *row = db_use(db, SQL_reports_events_of);

	db_bind_text(row, ":interaction", filter->interaction);
	db_bind_int(row, ":from_us", filter->period.from_us);
	db_bind_int(row, ":to_us", filter->period.to_us);
	bind_filter(row, filter);
	hand_over(row, take, arg);
	list->ended = true;
	return db_done(row);
}

enum status event_list_page(
    struct db *db, struct event_list *list, event_list_take *take, void *arg)
{
	if (list->filter->interaction != NULL)
		return give_interaction(db, list, take, arg);
	return give_page(db, list, take, arg);
}

/* A first number, of a statement that gives one row. */
static enum status read_number(struct db_row *row, int64_t *number)
{
	int64_t found = 0;
	enum status status;

	if (db_next(row))
		found = db_int(row, 0);
	status = db_done(row);
	if (status == STATUS_OK)
		/* A period in which nothing came, though before and after it
		 * something did, spans less than nothing. */
		*number = found > 0 ? found : 0;
	return status;
}

enum status event_list_size(
    struct db *db, const struct event_filter *filter, int64_t *count)
{
	struct db_row *row = db_use(db, SQL_reports_events_span);

	db_bind_int(row, ":to_us", filter->period.to_us);
	db_bind_int(row, ":from_us", filter->period.from_us);
	return read_number(row, count);
}

enum status event_list_newest(struct db *db, int64_t *id)
{
	return read_number(db_use(db, SQL_reports_events_newest), id);
}

enum status event_list_newer(struct db *db, const struct event_filter *filter,
    int64_t *after, event_list_take *take, void *arg)
{
	struct db_row *row;
	int64_t upto;
	enum status status = event_list_newest(db, &upto);

	/* The newest decision is never pruned: this number does not fall. */
	if (status != STATUS_OK || upto <= *after)
		return status;
	/* So many numbers, which after pruning may be far fewer rows, or none:
	 * *after moves on all the same. */
	if (upto > *after + EVENT_LIST_PAGE)
		upto = *after + EVENT_LIST_PAGE;
	row = db_use(db, SQL_reports_events_newer);
	db_bind_int(row, ":after", *after);
	db_bind_int(row, ":upto", upto);
	db_bind_text(row, ":interaction", filter->interaction);
	bind_filter(row, filter);
	hand_over(row, take, arg);
	status = db_done(row);
	if (status == STATUS_OK)
		*after = upto;
	return status;
}

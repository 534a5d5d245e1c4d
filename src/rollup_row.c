/* rollup_row.c: decisions that are not in the sums -> what they add to them */
#include "rollup_row.h"

#include <string.h>

#include "utf8.h"

/* The columns of rollup_tail.sql and rollup_undo.sql. */
enum column {
	COLUMN_ID,
	COLUMN_TIMES,
	COLUMN_RECEIVED,
	COLUMN_OUTCOME,
	COLUMN_TOTAL,
	COLUMN_STATUS,
	COLUMN_INVENTORY,
	COLUMN_MEDIA,
	COLUMN_SKILLS,
	COLUMN_QUEUES,
	COLUMN_MAP,
	COLUMN_STEPS /* the first of STEP_COUNT */
};

struct db_row *rollup_rows_tail(struct db *db, int64_t rows_max)
{
	struct db_row *rows = db_use(db, SQL_rollup_tail);

	db_bind_int(rows, ":limit", rows_max);
	return rows;
}

struct db_row *rollup_rows_undo(struct db *db)
{
	return db_use(db, SQL_rollup_undo);
}

static void add_ids(
    char route[ROLLUP_PART_BYTES], const char *word, const char *ids)
{
	size_t used = strlen(route);
	size_t room = ROLLUP_PART_BYTES - 1 - used;
	size_t length;

	/* Lists without an id say nothing. */
	if (ids[0] == '\0' || strcmp(ids, "[]") == 0)
		return;
	/* The first list left no room: the second one is left out. */
	if (room < strlen(word))
		return;
	memcpy(route + used, word, strlen(word));
	used += strlen(word);
	room -= strlen(word);
	/* Of a name that is too long only the beginning counts. */
	length = utf8_fitting(ids, room);
	memcpy(route + used, ids, length);
	route[used + length] = '\0';
}

/* In the words of reports_exact.sql, so that a route has the same name whether
 * it is counted by sums or exactly. */
static void name_route(
    char route[ROLLUP_PART_BYTES], const char *skills, const char *queues)
{
	route[0] = '\0';
	add_ids(route, "skills ", skills);
	add_ids(route, route[0] == '\0' ? "queues " : " queues ", queues);
	if (route[0] == '\0')
		memcpy(route, "-", 2);
}

bool rollup_rows_next(struct db_row *rows, struct rollup_row *row)
{
	if (!db_next(rows))
		return false;
	row->id = db_int(rows, COLUMN_ID);
	row->times = (int)db_int(rows, COLUMN_TIMES);
	row->received_us = db_int(rows, COLUMN_RECEIVED);
	row->outcome = outcome_named(db_text(rows, COLUMN_OUTCOME));
	row->total_us = db_int(rows, COLUMN_TOTAL);
	for (int i = 0; i < STEP_COUNT; i++)
		row->step_us[i] = db_is_null(rows, COLUMN_STEPS + i)
				      ? -1
				      : db_int(rows, COLUMN_STEPS + i);
	name_route(row->route, db_text(rows, COLUMN_SKILLS),
	    db_text(rows, COLUMN_QUEUES));
	/* Borrowed from the statement, but for the route, which is made anew
	 * in the row. */
	row->parts[ROLLUP_TOTAL] = "total";
	row->parts[ROLLUP_STEP] = NULL;
	row->parts[ROLLUP_STATUS] = db_text(rows, COLUMN_STATUS);
	row->parts[ROLLUP_INVENTORY] = db_text(rows, COLUMN_INVENTORY);
	row->parts[ROLLUP_MEDIA] = db_text(rows, COLUMN_MEDIA);
	row->parts[ROLLUP_ROUTE] = row->route;
	row->parts[ROLLUP_MAP] = db_text(rows, COLUMN_MAP);
	/* A word of a newer program is in no sum of ours. */
	if (row->outcome == OUTCOME_COUNT)
		row->times = 0;
	return true;
}

#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "status.h"

/*
 * Rows of text cells under named columns, printed as an aligned table, as
 * CSV (RFC 4180) or as a JSON list of objects.
 */
enum table_format { TABLE_TEXT, TABLE_CSV, TABLE_JSON, TABLE_FORMAT_COUNT };

enum table_kind { TABLE_WORD, TABLE_NUMBER };	/* left or right; "" or not */

#define TABLE_COLUMNS_MAX 64
#define TABLE_CELLS_MAX 1000000

struct table;	/* see table.c; made by table_new */

/* NULL when memory runs out. Free with table_free. */
struct table *table_new(void);
void table_free(struct table *table);

/* Adds a column; before the first cell. name is copied. */
enum status table_column(struct table *table, const char *name,
    enum table_kind kind);

/* Adds the next cell, row by row; text is copied, NULL is no value. */
enum status table_cell(struct table *table, const char *text);

size_t table_rows(const struct table *table);

/* The word for a format ("csv"). */
const char *table_format_name(enum table_format format);

/*
 * Prints the table. TEXT escapes control characters, so that hostile ids
 * cannot move the cursor; JSON gives numbers as numbers and no value as
 * null.
 */
enum status table_print(const struct table *table, enum table_format format,
    FILE *out);

#endif

#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "status.h"

/*
 * Rows of text cells under named columns, printed as an aligned table, as
 * CSV (RFC 4180), as a JSON list of objects, or as NDJSON: an object a line.
 */
enum table_format {
	TABLE_TEXT,
	TABLE_CSV,
	TABLE_JSON,
	TABLE_NDJSON,
	TABLE_FORMAT_COUNT
};

/* How a column is shown: words to the left; numbers to the right, and in
 * JSON without quotes. */
enum table_kind { TABLE_WORD, TABLE_NUMBER };

#define TABLE_COLUMNS_MAX 64
#define TABLE_CELLS_MAX   1000000

struct table;

/* NULL when memory runs out. Free with table_free; NULL is allowed. */
struct table *table_new(void);
void table_free(struct table *table);

/*
 * Adds a column; before the first cell. name is copied. STATUS_MEMORY:
 * there is no memory, or there are TABLE_COLUMNS_MAX already.
 */
enum status table_column(
    struct table *table, const char *name, enum table_kind kind);

/*
 * Adds the next cell, row by row; text is copied, NULL is no value.
 * STATUS_MEMORY, also past TABLE_CELLS_MAX: the table is as before.
 */
enum status table_cell(struct table *table, const char *text);

/* How many rows are whole, and how many columns there are. */
size_t table_rows(const struct table *table);
size_t table_columns(const struct table *table);

/* A column's name; a cell, NULL when it has no value. Borrowed. */
const char *table_name(const struct table *table, size_t column);
const char *table_text(const struct table *table, size_t row, size_t column);

/*
 * True for a word that a spreadsheet would run as a formula. Strangers choose
 * ids and SKUs, so CSV puts a ' before it, which makes it text there.
 */
bool table_is_formula(const char *field);

/* Reads the word for a format ("csv"); false: it is none. */
bool table_read_format(const char *word, enum table_format *format);

/* Those words, for who is told what is expected. */
#define TABLE_FORMATS "text, csv, json or ndjson"

/*
 * Prints the table. TEXT escapes control characters, so that hostile ids
 * cannot move the cursor, and shows no value as "-"; JSON shows it as null,
 * CSV as nothing. STATUS_IO: out did not take all of it. STATUS_MEMORY: it
 * ran out, or a JSON string would take more than 1 MiB; what was printed is
 * not whole.
 */
enum status table_print(
    const struct table *table, enum table_format format, FILE *out);

/*
 * Prints a table that is longer than memory shall hold, in parts: the rows
 * in hand, which are forgotten then. With the first part comes what stands
 * before all rows, with the last one what stands behind. In TEXT a column
 * never gets narrower from one part to the next. As table_print.
 */
enum status table_print_part(
    struct table *table, enum table_format format, bool last, FILE *out);

/* Prints one row as a JSON object, without a line end. As table_print. */
enum status table_print_object(
    const struct table *table, size_t row, FILE *out);

/* Prints a string as TEXT does: control characters escaped, as \x1b. */
void table_print_safe(const char *string, FILE *out);

#endif

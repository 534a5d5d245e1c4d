/* table.c: cells -> aligned text, CSV, JSON or NDJSON */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

#define FIRST_CELLS   64
#define COLUMN_GAP    2
#define ESCAPED_BYTES 4  /* \x1b */
#define WIDEST_COLUMN 60 /* one long cell does not push the rest away */
/* The longest cell is an event: 96 KiB at most, six bytes for one escaped. */
#define JSON_STRING_MAX (1 << 20)

struct column {
	char *name;
	enum table_kind kind;
	size_t width; /* at least, since earlier parts had it */
};

/*
 * Cells stand in one list, row after row: where one is follows from its number
 * and that of the columns, which therefore are fixed when the first cell comes.
 * What a last row lacks of its cells is in no print; table_rows counts whole
 * ones.
 *
 * A table that is printed at once stays as it is: table_print may be called
 * again. One that is printed in parts is begun after the first of them and has
 * no cells after each; begun and has_rows tell the next part what stands before
 * it.
 */
struct table {
	struct column columns[TABLE_COLUMNS_MAX];
	size_t column_count;
	char **cells; /* row after row; a cell is NULL without a value */
	size_t cell_count;
	size_t cell_max; /* what cells has room for */
	bool begun;      /* the head of a table in parts was printed */
	bool has_rows;   /* so was a row */
};

static const char *const format_names[TABLE_FORMAT_COUNT] = {
    [TABLE_TEXT] = "text",
    [TABLE_CSV] = "csv",
    [TABLE_JSON] = "json",
    [TABLE_NDJSON] = "ndjson",
};

bool table_read_format(const char *word, enum table_format *format)
{
	for (int i = 0; i < TABLE_FORMAT_COUNT; i++) {
		if (strcmp(word, format_names[i]) == 0) {
			*format = (enum table_format)i;
			return true;
		}
	}
	return false;
}

struct table *table_new(void)
{
	return calloc(1, sizeof(struct table));
}

/* The list keeps its memory: the next part will be about as long. */
static void forget_rows(struct table *table)
{
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i]);
	table->cell_count = 0;
}

void table_free(struct table *table)
{
	if (table == NULL)
		return;
	forget_rows(table);
	free(table->cells);
	for (size_t i = 0; i < table->column_count; i++)
		free(table->columns[i].name);
	free(table);
}

/* Columns before cells: where a cell stands follows from their number. */
enum status table_column(
    struct table *table, const char *name, enum table_kind kind)
{
	struct column *column = &table->columns[table->column_count];

	if (table->column_count >= TABLE_COLUMNS_MAX)
		return STATUS_MEMORY;
	column->name = strdup(name);
	if (column->name == NULL)
		return STATUS_MEMORY;
	column->kind = kind;
	table->column_count++;
	return STATUS_OK;
}

/* Doubles, so that filling a table costs no more than its size. */
static bool has_room(struct table *table)
{
	size_t wanted = table->cell_max * 2;
	char **cells;

	if (table->cell_count < table->cell_max)
		return true;
	if (table->cell_count >= TABLE_CELLS_MAX)
		return false;
	if (wanted == 0)
		wanted = FIRST_CELLS;
	if (wanted > TABLE_CELLS_MAX)
		wanted = TABLE_CELLS_MAX;
	/* On failure the old list is whole, and so is the table. */
	cells = realloc(table->cells, wanted * sizeof *cells);
	if (cells == NULL)
		return false;
	table->cells = cells;
	table->cell_max = wanted;
	return true;
}

enum status table_cell(struct table *table, const char *text)
{
	/* The place first: when that fails there is no copy to free. */
	char *copy = NULL;

	if (!has_room(table))
		return STATUS_MEMORY;
	if (text != NULL) {
		copy = strdup(text);
		if (copy == NULL)
			return STATUS_MEMORY;
	}
	table->cells[table->cell_count] = copy;
	table->cell_count++;
	return STATUS_OK;
}

size_t table_columns(const struct table *table)
{
	return table->column_count;
}

size_t table_rows(const struct table *table)
{
	if (table->column_count == 0)
		return 0;
	return table->cell_count / table->column_count;
}

const char *table_name(const struct table *table, size_t column)
{
	return table->columns[column].name;
}

const char *table_text(const struct table *table, size_t row, size_t column)
{
	return table->cells[row * table->column_count + column];
}

static bool is_control(unsigned char byte)
{
	return byte < 0x20 || byte == 0x7f;
}

/* U+0080 to U+009F are controls as well: 0xC2 and the number itself. */
static bool is_c1(const char *at)
{
	/* At the text's end at[1] is the NUL, which is none. */
	return (unsigned char)at[0] == 0xc2 && (unsigned char)at[1] >= 0x80 &&
	       (unsigned char)at[1] <= 0x9f;
}

/* What strangers sent must not drive the terminal of who looks at it. */
void table_print_safe(const char *string, FILE *out)
{
	for (const char *at = string; *at != '\0'; at++) {
		if (is_c1(at)) {
			at++;
			fprintf(out, "\\x%02x", (unsigned char)*at);
		} else if (is_control((unsigned char)*at)) {
			fprintf(out, "\\x%02x", (unsigned char)*at);
		} else {
			putc(*at, out);
		}
	}
}

/* In characters as table_print_safe prints them: UTF-8's second and later
 * bytes take no place. */
static size_t width_of(const char *string)
{
	size_t width = 0;

	for (const char *at = string; *at != '\0'; at++) {
		if (is_c1(at) || is_control((unsigned char)*at))
			width += ESCAPED_BYTES;
		else if (((unsigned char)*at & 0xc0) != 0x80)
			width++;
		if (is_c1(at))
			at++;
	}
	return width;
}

/* In text a gap could be an empty word; CSV leaves it empty. */
static const char *shown(const char *cell)
{
	return cell == NULL ? "-" : cell;
}

static size_t column_width(const struct table *table, size_t column)
{
	size_t widest = width_of(table_name(table, column));

	if (widest < table->columns[column].width)
		widest = table->columns[column].width;
	for (size_t row = 0; row < table_rows(table); row++) {
		/*
		 * Wider than that it sticks out of its own line, and of no
		 * other.
		 */
		size_t width = width_of(shown(table_text(table, row, column)));

		if (width > widest && width <= WIDEST_COLUMN)
			widest = width;
	}
	return widest;
}

static void print_blanks(size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++)
		putc(' ', out);
}

/* A word in the last column is not filled up: no blanks end a line. */
static void print_cell(const struct table *table, size_t column,
    const char *cell, size_t width, FILE *out)
{
	size_t used = width_of(cell);
	size_t fill = used < width ? width - used : 0;
	bool number = table->columns[column].kind == TABLE_NUMBER;
	bool last = column + 1 == table->column_count;

	if (number)
		print_blanks(fill, out);
	table_print_safe(cell, out);
	if (!number && !last)
		print_blanks(fill, out);
	if (last)
		putc('\n', out);
	else
		print_blanks(COLUMN_GAP, out);
}

/* One pass to measure, one to print: columns are as wide as they need. */
static void print_text(const struct table *table, FILE *out)
{
	size_t widths[TABLE_COLUMNS_MAX];
	size_t columns = table->column_count;

	for (size_t i = 0; i < columns; i++) {
		widths[i] = column_width(table, i);
		if (!table->begun)
			print_cell(
			    table, i, table_name(table, i), widths[i], out);
	}
	for (size_t row = 0; row < table_rows(table); row++)
		for (size_t i = 0; i < columns; i++)
			print_cell(table, i, shown(table_text(table, row, i)),
			    widths[i], out);
}

/* Spreadsheets also pass over a tab or a return before it. "-" alone, as
 * reports name what nothing is known of, is none. */
bool table_is_formula(const char *field)
{
	return field[0] != '\0' && strchr("=+-@\t\r", field[0]) != NULL &&
	       field[1] != '\0';
}

/* RFC 4180 section 2: a quote within is doubled, lines end with CR LF. */
static void print_csv_field(
    const char *field, enum table_kind kind, bool last, FILE *out)
{
	/* Of a number a minus in front is no formula, but what it is. */
	bool formula = kind == TABLE_WORD && table_is_formula(field);
	bool quoted = formula || strpbrk(field, ",\"\r\n") != NULL;

	if (quoted)
		putc('"', out);
	if (formula)
		putc('\'', out);
	for (const char *at = field; *at != '\0'; at++) {
		if (*at == '"')
			putc('"', out);
		putc(*at, out);
	}
	if (quoted)
		putc('"', out);
	fputs(last ? "\r\n" : ",", out);
}

static void print_csv(const struct table *table, FILE *out)
{
	size_t columns = table->column_count;

	for (size_t i = 0; i < columns && !table->begun; i++)
		print_csv_field(
		    table_name(table, i), TABLE_WORD, i + 1 == columns, out);
	for (size_t row = 0; row < table_rows(table); row++) {
		for (size_t i = 0; i < columns; i++) {
			const char *cell = table_text(table, row, i);

			print_csv_field(cell == NULL ? "" : cell,
			    table->columns[i].kind, i + 1 == columns, out);
		}
	}
}

/* Nothing to escape, as in most strings: no memory is needed. */
static bool is_plain_json(const char *string)
{
	const char *at = string;

	while ((unsigned char)*at >= 0x20 && *at != '"' && *at != '\\' &&
	       *at != 0x7f)
		at++;
	return *at == '\0';
}

/* False: the string is over JSON_STRING_MAX, or memory ran out. */
static bool print_json_string(const char *string, FILE *out)
{
	struct text text;
	bool whole;

	if (string != NULL && is_plain_json(string)) {
		putc('"', out);
		fputs(string, out);
		putc('"', out);
		return true;
	}
	text_init(&text, JSON_STRING_MAX);
	text_add_json(&text, string);
	whole = !text_failed(&text);
	fputs(text_string(&text), out);
	text_done(&text);
	return whole;
}

static bool print_json_row(const struct table *table, size_t row, FILE *out)
{
	bool whole = true;

	for (size_t i = 0; i < table->column_count; i++) {
		const char *cell = table_text(table, row, i);

		fputs(i == 0 ? "{" : ", ", out);
		whole &= print_json_string(table_name(table, i), out);
		fputs(": ", out);
		/*
		 * A number is ours, written by SQLite or printf: it needs no
		 * quotes.
		 */
		if (cell != NULL && table->columns[i].kind == TABLE_NUMBER)
			fputs(cell, out);
		else
			whole &= print_json_string(cell, out);
	}
	putc('}', out);
	return whole;
}

/* A row a line: one can be taken with grep. */
static bool print_json(const struct table *table, bool last, FILE *out)
{
	bool whole = true;

	if (!table->begun)
		putc('[', out);
	for (size_t row = 0; row < table_rows(table); row++) {
		/*
		 * No comma before the first row of all parts, and none behind
		 * the last: which that is nobody knows while parts still come.
		 */
		bool first = row == 0 && !table->has_rows;

		fputs(first ? "\n  " : ",\n  ", out);
		whole &= print_json_row(table, row, out);
	}
	if (last)
		fputs("]\n", out);
	return whole;
}

static bool print_ndjson(const struct table *table, FILE *out)
{
	bool whole = true;

	for (size_t row = 0; row < table_rows(table); row++) {
		whole &= print_json_row(table, row, out);
		putc('\n', out);
	}
	return whole;
}

static enum status result(bool whole, FILE *out)
{
	if (!whole)
		return STATUS_MEMORY;
	/* A full disk may show only now. */
	return fflush(out) == 0 && !ferror(out) ? STATUS_OK : STATUS_IO;
}

enum status table_print_object(const struct table *table, size_t row, FILE *out)
{
	return result(print_json_row(table, row, out), out);
}

static enum status print(
    const struct table *table, enum table_format format, bool last, FILE *out)
{
	bool whole = true;

	if (format == TABLE_TEXT)
		print_text(table, out);
	else if (format == TABLE_CSV)
		print_csv(table, out);
	else if (format == TABLE_JSON)
		whole = print_json(table, last, out);
	else
		whole = print_ndjson(table, out);
	return result(whole, out);
}

enum status table_print(
    const struct table *table, enum table_format format, FILE *out)
{
	return print(table, format, true, out);
}

enum status table_print_part(
    struct table *table, enum table_format format, bool last, FILE *out)
{
	enum status status = print(table, format, last, out);

	/* Before the rows are forgotten, as it is they that are measured. */
	for (size_t i = 0; format == TABLE_TEXT && i < table->column_count; i++)
		table->columns[i].width = column_width(table, i);
	table->begun = true;
	table->has_rows |= table_rows(table) > 0;
	forget_rows(table);
	return status;
}

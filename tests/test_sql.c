/* test_sql.c: every statement of sql/ against the schema and the sources */
#include "db.h"

#include <ctype.h>
#include <dirent.h>

#include "db_place.h"

/* Tests run from the root of the source tree. */
#define SOURCES "src/"
#define SQL     "sql/"

static bool is_schema(int sql)
{
	return strncmp(sql_name[sql], "schema_", 7) == 0;
}

/* Each statement of a text, one after another. */
static void prepares(sqlite3 *raw, int sql)
{
	const char *rest = sql_text[sql];
	int count = 0;

	while (rest[0] != '\0') {
		sqlite3_stmt *statement = NULL;

		if (sqlite3_prepare_v2(raw, rest, -1, &statement, &rest) !=
		    SQLITE_OK)
			fail_msg("%s: %s", sql_name[sql], sqlite3_errmsg(raw));
		if (statement != NULL)
			count++;
		sqlite3_finalize(statement);
	}
	if (count == 0)
		fail_msg("%s: no statement", sql_name[sql]);
}

static void each_statement_fits_todays_schema(void **state)
{
	struct place *place = *state;
	sqlite3 *raw;

	db_close(must_open(place, DB_SERVE));
	raw = raw_open(place);
	for (int sql = 0; sql < SQL_COUNT; sql++)
		if (!is_schema(sql))
			prepares(raw, sql);
	sqlite3_close(raw);
}

/* What decisions add to the sums must be what is taken out of them again: but
 * for how often they count, from the second column up to the table. */
static void what_is_undone_has_the_columns_of_what_is_added(void **state)
{
	const char *added = strstr(sql_text[SQL_rollup_tail], "received_us");
	const char *undone = strstr(sql_text[SQL_rollup_undo], "received_us");
	size_t bytes;

	(void)state;
	assert_non_null(added);
	assert_non_null(undone);
	bytes = (size_t)(strstr(added, "FROM") - added);
	assert_true(bytes > 100);
	assert_memory_equal(added, undone, bytes + strlen("FROM"));
}

/* Positions would tie the C to the order of the SQL. */
static void parameters_have_names(void **state)
{
	(void)state;
	for (int sql = 0; sql < SQL_COUNT; sql++)
		if (strchr(sql_text[sql], '?') != NULL)
			fail_msg(
			    "%s: a parameter without a name", sql_name[sql]);
}

/* True when the file has the function: a line at the margin that names it
 * and is no declaration. */
static bool defines(const char *file, const char *function)
{
	char path[300];
	char call[200];
	char line[512];
	bool found = false;
	FILE *in;

	snprintf(path, sizeof path, SOURCES "%s", file);
	snprintf(call, sizeof call, "%s(", function);
	in = fopen(path, "r");
	if (in == NULL)
		return false;
	while (!found && fgets(line, sizeof line, in) != NULL)
		found = isalpha((unsigned char)line[0]) &&
			strstr(line, call) != NULL && strchr(line, ';') == NULL;
	fclose(in);
	return found;
}

static void check_first_line(const char *name)
{
	char path[300];
	char line[512];
	char file[100];
	char function[100];
	FILE *in;

	snprintf(path, sizeof path, SQL "%s", name);
	in = fopen(path, "r");
	assert_non_null(in);
	assert_non_null(fgets(line, sizeof line, in));
	fclose(in);
	if (sscanf(line, "-- %99[a-z_.]: %99[a-z_]", file, function) != 2)
		fail_msg("%s: line 1 is not '-- FILE.c: FUNCTION'", name);
	if (!defines(file, function))
		fail_msg("%s: %s has no function %s", name, file, function);
}

static void each_first_line_names_the_function_that_runs_it(void **state)
{
	DIR *dir = opendir(SQL);
	struct dirent *entry;
	int count = 0;

	(void)state;
	if (dir == NULL)
		skip();
	for (entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (strstr(entry->d_name, ".sql") == NULL)
			continue;
		check_first_line(entry->d_name);
		count++;
	}
	closedir(dir);
	assert_int_equal(count, SQL_COUNT);
}

/* Escapes, a comment, a blank line; too long a text fails the build. */
static void embedding_keeps_every_character(void **state)
{
	struct place *place = *state;
	char command[1024];

	if (access(SQL "embed.awk", R_OK) != 0)
		skip();
	snprintf(command, sizeof command,
	    "cd %s && printf '%%s\\n' '-- x' '' "
	    "\"SELECT 'a\\\"b\\\\\\\\c\t';\" > q.sql && "
	    "awk -v want=c -f \"$OLDPWD\"/" SQL "embed.awk q.sql > q.c && "
	    "grep -qF 'SELECT '\"'\"'a\\\"b\\\\\\\\c\\t'\"'\"';\\n' q.c",
	    place->dir);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof command,
	    "cd %s && { echo '-- x'; yes SELECT | head -700; } > long.sql && "
	    "! awk -v want=c -f \"$OLDPWD\"/" SQL "embed.awk long.sql "
	    "> long.c 2> why && grep -q 4,095 why",
	    place->dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(each_statement_fits_todays_schema),
	    cmocka_unit_test(what_is_undone_has_the_columns_of_what_is_added),
	    cmocka_unit_test(parameters_have_names),
	    cmocka_unit_test(each_first_line_names_the_function_that_runs_it),
	    WITH_PLACE(embedding_keeps_every_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

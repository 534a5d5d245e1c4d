/* tool_token.c: stockroute token -> how it stands, or sealed with a new key */
#include "tool.h"

#include <stdio.h>
#include <string.h>

#include "keyring.h"
#include "report.h"
#include "table.h"
#include "token_reseal.h"
#include "tool_reader.h"

#define PROBLEMS_MAX 4096

static const char usage[] =
    "usage: stockroute token [show] [--format text]\n"
    "       stockroute token reseal\n"
    "\n"
    "  show      age and end of the access token, and who fetched it; never\n"
    "            the token itself\n"
    "  reseal    make a new key and seal the token with it. With\n"
    "            STOCKROUTE_KEY that is the new key, and the one before goes\n"
    "            to STOCKROUTE_KEY_OLD; otherwise the key file gets one\n"
    "  --format  " TABLE_FORMATS "\n"
    "\n"
    "Running processes go on: they read the key file again.\n";

static int show(enum table_format format)
{
	struct db *db = tool_open_db(DB_READ);
	struct table *tokens = NULL;
	enum status status;

	if (db == NULL)
		return 1;
	status = report_tokens(db, &tokens);
	if (status == STATUS_OK)
		status = table_print(tokens, format, stdout);
	table_free(tokens);
	db_close(db);
	return status == STATUS_OK ? 0 : 1;
}

/*
 * Under the write gate, so that of two callers one waits. The key file comes
 * first: when the rest fails, both keys stand in it and nothing is lost.
 */
static enum status reseal_all(struct db *db, struct keyring *ring,
    struct token_resealed *counts, struct text *problems)
{
	enum status status = db_begin(db, true);

	if (status != STATUS_OK)
		return status;
	/*
	 * A key of the settings is nobody's to change here: who runs this has
	 * given the new one to STOCKROUTE_KEY already.
	 */
	if (keyring_path(ring)[0] != '\0')
		status = keyring_renew(ring, problems);
	if (status == STATUS_OK)
		status = token_reseal(db, ring, counts);
	if (status == STATUS_OK)
		return db_commit(db);
	db_rollback(db);
	return status;
}

static void tell(
    const struct keyring *ring, const struct token_resealed *counts)
{
	const char *path = keyring_path(ring);

	if (path[0] != '\0')
		printf("%s has a new key, and the one before\n", path);
	else
		printf("STOCKROUTE_KEY is the key\n");
	printf("resealed %d, sealed with it already %d, could not be opened "
	       "and will be fetched anew %d\n",
	    counts->resealed, counts->newest, counts->dropped);
}

static int reseal(void)
{
	struct token_resealed counts;
	struct keyring *ring = NULL;
	struct config *config = NULL;
	struct db *db = tool_open_keyed(DB_SERVE, &config);
	struct text problems;
	enum status status;

	if (db == NULL)
		return 1;
	text_init(&problems, PROBLEMS_MAX);
	/*
	 * Where no process has run yet the key file is made, as it would be
	 * then.
	 */
	status = keyring_open(config, true, &ring, &problems);
	if (status == STATUS_OK)
		status = reseal_all(db, ring, &counts, &problems);
	if (status == STATUS_OK)
		tell(ring, &counts);
	else
		fprintf(stderr, "stockroute token: not resealed: %s\n%s",
		    status_name(status), text_string(&problems));
	text_done(&problems);
	keyring_free(ring);
	config_free(config);
	db_close(db);
	return status == STATUS_OK ? 0 : 1;
}

int tool_token(int argc, char **argv)
{
	bool says_show = argc > 1 && strcmp(argv[1], "show") == 0;
	struct tool_words given;

	if (argc == 2 && strcmp(argv[1], "reseal") == 0)
		return reseal();
	if (tool_read_words(argc, argv, says_show ? 2 : 1, TOOL_FORMAT, &given))
		return show(given.format);
	fputs(usage, stderr);
	return 2;
}

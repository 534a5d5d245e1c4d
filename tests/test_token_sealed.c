/* test_token_sealed.c: the token on the disk opens only with its key */
#include "db_place.h"

#include <sys/stat.h>

#include "clock.h"
#include "log.h"
#include "token_row.h"

#define TOKEN   "eyJhbGciOiJub25lIn0.a-token-of-cxone"
#define HOUR_US (3600 * CLOCK_SECOND)
#define TEN_A   "aaaaaaaaaa"
#define TEN_B   "bbbbbbbbbb"
#define KEY_A   TEN_A TEN_A TEN_A TEN_A TEN_A TEN_A "aaaa"
#define KEY_B   TEN_B TEN_B TEN_B TEN_B TEN_B TEN_B "bbbb"

/* Before the sealing, as it was then. */
static const enum sql plain_schema[] = {SQL_schema_1_decision,
    SQL_schema_2_token, SQL_schema_3_claim, SQL_schema_4_throttle,
    SQL_schema_5_breaker, SQL_schema_6_outbox, SQL_schema_7_attempt,
    SQL_schema_8_size, SQL_schema_9_outbox_parked, SQL_schema_10_trace,
    SQL_schema_11_replaced, SQL_schema_12_claim_created,
    SQL_schema_13_pause_since};

/* A process with keys of its own; "" stands for the key file. */
struct process {
	struct db *db;
	struct keyring *ring;
	struct token_row row;
};

static struct keyring *ring_of(
    const struct place *place, const char *key, const char *key_old)
{
	struct config *config = calloc(1, sizeof *config);
	struct keyring *ring = NULL;
	struct text problems;

	assert_non_null(config);
	text_init(&problems, 1000);
	strcpy(config->db, place->path);
	strcpy(config->key, key);
	strcpy(config->key_old, key_old);
	if (keyring_open(config, true, &ring, &problems) != STATUS_OK)
		fail_msg("%s", text_string(&problems));
	text_done(&problems);
	free(config);
	return ring;
}

static void begin(struct place *place, struct process *process, const char *key,
    const char *key_old)
{
	memset(process, 0, sizeof *process);
	process->db = must_open(place, DB_SERVE);
	process->ring = ring_of(place, key, key_old);
	process->row.token_url = "https://cxone/oauth/token";
	process->row.client_id = "client";
	process->row.owner = key[0] == '\0' ? "0" : key;
	process->row.lease_us = 10 * CLOCK_SECOND;
	process->row.keyring = process->ring;
}

static void end(struct process *process)
{
	db_close(process->db);
	keyring_free(process->ring);
}

static enum token_claim run(struct process *process,
    enum status (*body)(struct db *db, struct token_row *row))
{
	assert_int_equal(db_begin(process->db, false), STATUS_OK);
	assert_int_equal(body(process->db, &process->row), STATUS_OK);
	assert_int_equal(db_commit(process->db), STATUS_OK);
	return process->row.claim;
}

/* Fetches a token, when the row has none for this process. */
static void fetch(struct process *process, const char *token)
{
	assert_int_equal(run(process, token_row_claim), TOKEN_LEASE);
	strcpy(process->row.text, token);
	process->row.lifetime_us = HOUR_US;
	assert_int_equal(run(process, token_row_save), TOKEN_HAVE);
}

static void has(struct process *process, const char *token)
{
	assert_int_equal(run(process, token_row_claim), TOKEN_HAVE);
	assert_string_equal(process->row.text, token);
}

/* In which of the database's files a text stands, NULL in none. */
static const char *file_with(const struct place *place, const char *text)
{
	static const char *const suffixes[] = {
	    "", "-wal", "-shm", "-gate", ".key"};

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		char path[128];
		struct stat about;
		char *bytes;
		FILE *file;
		bool found;

		snprintf(path, sizeof path, "%s%s", place->path, suffixes[i]);
		file = fopen(path, "r");
		if (file == NULL)
			continue;
		assert_int_equal(fstat(fileno(file), &about), 0);
		bytes = malloc((size_t)about.st_size + 1);
		assert_non_null(bytes);
		assert_int_equal(fread(bytes, 1, (size_t)about.st_size, file),
		    about.st_size);
		fclose(file);
		found = memmem(bytes, (size_t)about.st_size, text,
			    strlen(text)) != NULL;
		free(bytes);
		if (found)
			return suffixes[i][0] == '\0' ? "db" : suffixes[i];
	}
	return NULL;
}

static void nowhere(const struct place *place, const char *text)
{
	const char *where = file_with(place, text);

	if (where != NULL)
		fail_msg("%s stands in %s", text, where);
}

static void a_token_is_not_on_the_disk(void **state)
{
	struct place *place = *state;
	struct process process;

	begin(place, &process, "", "");
	fetch(&process, TOKEN);
	/* What is looked for is found where it is. */
	assert_non_null(file_with(place, "https://cxone/oauth/token"));
	nowhere(place, "a-token-of-cxone");
	end(&process);
	nowhere(place, "a-token-of-cxone");
}

static void processes_with_one_key_file_share_it(void **state)
{
	struct place *place = *state;
	struct process one;
	struct process two;

	begin(place, &one, "", "");
	begin(place, &two, "", "");
	fetch(&one, TOKEN);
	has(&two, TOKEN);
	end(&one);
	end(&two);
}

static void a_key_of_the_settings_needs_no_file(void **state)
{
	struct place *place = *state;
	struct process process;
	char path[128];

	begin(place, &process, KEY_A, "");
	fetch(&process, TOKEN);
	has(&process, TOKEN);
	end(&process);
	snprintf(path, sizeof path, "%s.key", place->path);
	assert_int_not_equal(access(path, F_OK), 0);
}

static void with_another_key_there_is_no_token(void **state)
{
	struct place *place = *state;
	struct process one;
	struct process two;

	begin(place, &one, KEY_A, "");
	begin(place, &two, KEY_B, "");
	fetch(&one, TOKEN);
	fetch(&two, "another-token");
	assert_int_equal(two.row.version, 2);
	/* Each fetches when it needs one; none hands out the other's. */
	fetch(&one, "a-third-one");
	end(&one);
	end(&two);
}

static void the_old_key_opens_too(void **state)
{
	struct place *place = *state;
	struct process one;
	struct process two;

	begin(place, &one, KEY_A, "");
	fetch(&one, TOKEN);
	end(&one);
	begin(place, &two, KEY_B, KEY_A);
	has(&two, TOKEN);
	end(&two);
}

/* From STOCKROUTE_KEY to a key file and back. */
static void the_old_key_opens_beside_a_key_file(void **state)
{
	struct place *place = *state;
	struct process one;
	struct process two;

	begin(place, &one, KEY_A, "");
	fetch(&one, TOKEN);
	end(&one);
	begin(place, &two, "", KEY_A);
	has(&two, TOKEN);
	end(&two);
}

static void bytes_that_were_changed_are_no_token(void **state)
{
	struct place *place = *state;
	struct process process;
	sqlite3 *raw;

	begin(place, &process, "", "");
	fetch(&process, TOKEN);
	raw = raw_open(place);
	raw_run(raw,
	    "UPDATE token SET sealed_token = CAST(substr(sealed_token, 1, "
	    "length(sealed_token) - 1) || x'00' AS BLOB)");
	fetch(&process, "another-token");
	raw_run(raw, "UPDATE token SET sealed_token = x'01'");
	fetch(&process, "a-third-one");
	raw_run(raw, "UPDATE token SET sealed_token = zeroblob(100000)");
	fetch(&process, "a-fourth-one");
	sqlite3_close(raw);
	end(&process);
}

/* Who may write to the database shall not choose whose token is used. */
static void a_token_of_another_client_does_not_open(void **state)
{
	struct place *place = *state;
	struct process process;
	sqlite3 *raw;

	begin(place, &process, "", "");
	fetch(&process, TOKEN);
	raw = raw_open(place);
	raw_run(raw, "UPDATE token SET client_id = 'other'");
	sqlite3_close(raw);
	process.row.client_id = "other";
	fetch(&process, "its-own");
	end(&process);
}

static void what_cannot_be_opened_is_told_once(void **state)
{
	struct place *place = *state;
	FILE *caught = tmpfile();
	int before = dup(STDERR_FILENO);
	struct process one;
	struct process two;
	char said[4000];
	size_t length;

	assert_non_null(caught);
	begin(place, &one, KEY_A, "");
	begin(place, &two, KEY_B, "");
	fetch(&one, TOKEN);
	log_set_level(LOG_WARN);
	dup2(fileno(caught), STDERR_FILENO);
	for (int i = 0; i < 5; i++)
		run(&two, token_row_claim);
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(caught);
	length = fread(said, 1, sizeof said - 1, caught);
	said[length] = '\0';
	fclose(caught);
	assert_non_null(strstr(said, "the access token of version 1 cannot be "
				     "opened (key_unknown)"));
	assert_null(
	    strstr(strstr(said, "cannot be opened") + 1, "cannot be opened"));
	assert_null(strstr(said, "a-token-of"));
	end(&one);
	end(&two);
}

/* A running process reads the file again when it meets a new key. */
static void a_renewed_key_file_reaches_running_processes(void **state)
{
	struct place *place = *state;
	struct text problems;
	struct process one;
	struct process two;

	begin(place, &one, "", "");
	begin(place, &two, "", "");
	fetch(&one, TOKEN);
	text_init(&problems, 1000);
	assert_int_equal(keyring_renew(one.ring, &problems), STATUS_OK);
	text_done(&problems);
	/* The key before still opens, for both. */
	has(&one, TOKEN);
	has(&two, TOKEN);
	one.row.newer_than = 1;
	fetch(&one, "sealed-with-the-new-one");
	has(&two, "sealed-with-the-new-one");
	end(&one);
	end(&two);
}

/*
 * A database of the version before, which a process still has open: its
 * tokens stand in the file, in its free pages, and in the WAL.
 */
static sqlite3 *make_plain_database(const struct place *place)
{
	sqlite3 *raw = raw_open(place);

	raw_run(raw, "PRAGMA journal_mode = WAL");
	raw_run(raw, "PRAGMA wal_autocheckpoint = 0");
	raw_run(raw, "PRAGMA secure_delete = OFF");
	for (size_t i = 0; i < sizeof plain_schema / sizeof *plain_schema; i++)
		raw_run(raw, sql_text[plain_schema[i]]);
	raw_run(raw, "PRAGMA application_id = 0x73726f74");
	raw_run(raw, "PRAGMA user_version = 13");
	/* The end of a long one lies in a page of its own, later a free one. */
	for (int i = 0; i < 20; i++) {
		char sql[400];

		snprintf(sql, sizeof sql,
		    "INSERT OR REPLACE INTO token (token_url, client_id, "
		    "access_token, version) VALUES ('https://cxone/oauth/token'"
		    ", 'client', hex(zeroblob(%d)) || '-a-plain-token-%d', %d)",
		    i < 10 ? 4000 : 100, i, i + 1);
		raw_run(raw, sql);
		if (i == 15)
			raw_run(raw, "PRAGMA wal_checkpoint(TRUNCATE)");
	}
	raw_run(raw, "INSERT INTO decision (received_us, outcome, status, http,"
		     " inventory_attempts, cxone_attempts, token_refreshes, "
		     "total_us) VALUES (1, 'routed', 'ok', 200, 1, 1, 0, 5)");
	return raw;
}

static void tokens_of_the_version_before_are_really_gone(void **state)
{
	struct place *place = *state;
	struct process process;
	sqlite3 *raw;

	raw = make_plain_database(place);
	assert_string_equal(file_with(place, "-a-plain-token-9"), "db");
	assert_string_equal(file_with(place, "-a-plain-token-19"), "-wal");
	begin(place, &process, "", "");
	nowhere(place, "-a-plain-token-");
	assert_int_equal(raw_int(place, "SELECT count(*) FROM decision"), 1);
	fetch(&process, TOKEN);
	has(&process, TOKEN);
	sqlite3_close(raw);
	end(&process);
	nowhere(place, "-a-plain-token-");
	is_sound(place);
	assert_int_equal(
	    raw_int(place, "PRAGMA user_version"), newest_schema());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(a_token_is_not_on_the_disk),
	    WITH_PLACE(processes_with_one_key_file_share_it),
	    WITH_PLACE(a_key_of_the_settings_needs_no_file),
	    WITH_PLACE(with_another_key_there_is_no_token),
	    WITH_PLACE(the_old_key_opens_too),
	    WITH_PLACE(the_old_key_opens_beside_a_key_file),
	    WITH_PLACE(bytes_that_were_changed_are_no_token),
	    WITH_PLACE(a_token_of_another_client_does_not_open),
	    WITH_PLACE(what_cannot_be_opened_is_told_once),
	    WITH_PLACE(a_renewed_key_file_reaches_running_processes),
	    WITH_PLACE(tokens_of_the_version_before_are_really_gone),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
